//! The connections that fill a stream of events against whoever reads it, ends it or drops it.

use std::future::poll_fn;
use std::sync::Arc;

use loom::future::block_on;
use loom::thread::{self, JoinHandle};

use self::buffer::{Buffer, Weigh};
use super::rig::{assert_each_once, explore};

/// The buffer itself, compiled once more over `primitives`.
#[path = "../events/buffer.rs"]
#[expect(dead_code, reason = "a model does not use all of it")]
#[expect(
    clippy::duplicate_mod,
    reason = "the primitives differ: `super::super::primitives` is another one"
)]
mod buffer;

impl Weigh for String {
    fn weight(&self) -> usize {
        1
    }
}

/// Adds `NAME0`, `NAME1` and so on from a thread of its own, each when there is room.
fn connection(buffer: &Arc<Buffer<String>>, name: char, count: usize) -> JoinHandle<Vec<String>> {
    let buffer = Arc::clone(buffer);
    thread::spawn(move || {
        let texts: Vec<_> = (0..count).map(|n| format!("{name}{n}")).collect();
        for text in &texts {
            let mut item = Some(text.clone());
            block_on(poll_fn(|cx| buffer.poll_push(cx, &mut item)));
        }
        texts
    })
}

fn next(buffer: &Buffer<String>) -> Option<String> {
    block_on(poll_fn(|cx| buffer.poll_pop(cx)))
}

#[test]
fn what_two_connections_add_is_read_once_and_in_order() {
    explore(2, || {
        let buffer = Arc::new(Buffer::new(1));
        let connections = [('a', 2), ('b', 1)].map(|(name, n)| connection(&buffer, name, n));
        // Without a lost wake-up, of the reader or of one that waits for room, this returns.
        let read = (0..3).filter_map(|_| next(&buffer)).collect();
        assert_each_once(connections.map(|thread| thread.join().unwrap()), read);
    });
}

#[test]
fn who_reads_sees_the_end_after_the_last_item() {
    explore(255, || {
        let buffer = Arc::new(Buffer::new(1));
        let connection = thread::spawn({
            let buffer = Arc::clone(&buffer);
            move || {
                buffer.push_over(Some("a0".to_owned()));
                buffer.push_over(Some("a1".to_owned()));
                buffer.end();
            }
        });
        let read: Vec<_> = std::iter::from_fn(|| next(&buffer)).collect();
        assert_eq!(read, ["a0", "a1"]);
        connection.join().unwrap();
    });
}

#[test]
fn a_stream_that_is_dropped_keeps_no_connection_waiting() {
    explore(2, || {
        let buffer = Arc::new(Buffer::new(1));
        let connections = [('a', 2), ('b', 1)].map(|(name, n)| connection(&buffer, name, n));
        assert!(next(&buffer).is_some());
        buffer.drop_reader();
        connections.into_iter().for_each(|thread| drop(thread.join().unwrap()));
    });
}
