//! The threads of a model: two that emit, and the task of a connection.
//!
//! Loom runs every interleaving with at most so many preemptions (switches away from a thread that
//! could go on), over the code of the outbox itself. With three it takes minutes where two emitters
//! send several messages, so those have two; closing has three. A lost wake-up shows as a deadlock:
//! loom reports it and ends the process. Which mistakes the models find is written in ARCHITECTURE.md.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use bytes::BufMut;
use ipc_codec::{Delimiter, Framing};
use loom::thread::{self, JoinHandle};

use super::outbox::{Outbox, Want};
use super::primitives::{Wire, WriteHalf};
use crate::ConnectionOptions;
use crate::options::ConnectionConfig;

/// Runs every interleaving with at most so many preemptions; for a longer run, as many as
/// `LOOM_MAX_PREEMPTIONS` says.
pub(super) fn explore(preemptions: usize, model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound.get_or_insert(preemptions);
    builder.check(model);
}

/// Returns an outbox of lines, attached to the socket.
pub(super) fn outbox(wire: &Arc<Wire>) -> Arc<Outbox> {
    let framing = Framing::Delimited(Delimiter::new("\n").unwrap());
    let config = ConnectionConfig::of_server(ConnectionOptions::default());
    let outbox = Outbox::new(&config, &framing);
    outbox.attach(WriteHalf(Arc::clone(wire)));
    Arc::new(outbox)
}

/// Emits `NAME0`, `NAME1` and so on from a thread of its own, which returns those that were
/// accepted.
pub(super) fn emitter(outbox: &Arc<Outbox>, name: char, count: usize) -> JoinHandle<Vec<String>> {
    let outbox = Arc::clone(outbox);
    thread::spawn(move || emit_all(&outbox, name, count))
}

/// Emits them from this thread: a model with one thread less has a fraction of the interleavings.
pub(super) fn emit_all(outbox: &Outbox, name: char, count: usize) -> Vec<String> {
    let texts = (0..count).map(|n| format!("{name}{n}"));
    texts.filter(|text| emit(outbox, text)).collect()
}

/// Returns whether the message was accepted.
pub(super) fn emit(outbox: &Outbox, text: &str) -> bool {
    let encode = |out: &mut bytes::BytesMut| {
        out.put_slice(text.as_bytes());
        Ok(())
    };
    outbox.emit(encode).is_ok()
}

/// Does what the task of a connection does, until the connection is lost or has to end.
pub(super) fn drive(outbox: &Outbox) {
    // After its first turn it stays awake, as one does that has read something.
    let mut stays = true;
    loom::future::block_on(poll_fn(|cx| {
        let want = outbox.register(cx);
        if want == Want::Disconnect {
            return Poll::Ready(());
        }
        let stayed = std::mem::take(&mut stays);
        let Ok(flushed) = outbox.poll_flush(cx, want == Want::Close, stayed) else {
            return Poll::Ready(());
        };
        if want == Want::Close && flushed.empty {
            return Poll::Ready(());
        }
        if flushed.look_again || stayed {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }));
}

/// Runs the task of a connection in a thread of its own, until it has to end; then closes the
/// outbox, as a server does.
pub(super) fn driver(outbox: &Arc<Outbox>) -> JoinHandle<()> {
    let outbox = Arc::clone(outbox);
    thread::spawn(move || {
        drive(&outbox);
        outbox.detach();
        outbox.close();
    })
}

/// Returns the frames that were not written, as text.
pub(super) fn undelivered(outbox: &Outbox) -> Vec<String> {
    let frames = outbox.take_undelivered();
    frames.iter().map(|frame| String::from_utf8_lossy(frame).into_owned()).collect()
}

/// Compares what became of messages with those that were accepted: each once, and those of one
/// emitter in their order.
#[track_caller]
pub(super) fn assert_each_once(accepted: [Vec<String>; 2], ended: Vec<String>) {
    let mut left = accepted.map(VecDeque::from);
    for text in &ended {
        let next = left.iter_mut().find(|left| left.front() == Some(text));
        next.unwrap_or_else(|| panic!("{text} is not next of {ended:?}")).pop_front();
    }
    assert!(left.iter().all(VecDeque::is_empty), "{left:?} is lost; there is {ended:?}");
}

/// Returns the whole lines that sockets took.
pub(super) fn lines(wires: &[&Wire]) -> Vec<String> {
    let text = |wire: &&Wire| {
        let text = wire.text();
        text.rfind('\n').map_or(String::new(), |end| text[..=end].to_owned())
    };
    wires.iter().map(text).collect::<String>().lines().map(str::to_owned).collect()
}
