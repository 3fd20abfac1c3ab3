//! `SendQueue` for datagrams: one whole frame at a time, none longer than a datagram.

use std::io::IoSlice;

use bytes::{BufMut, Bytes};
use ipc_codec::{Delimiter, FrameEncoder, Framing, Limits};
use ipc_core::queue::{PushError, QueueOptions, SendQueue};
use proptest::prelude::*;

fn queue(max_datagram: usize) -> SendQueue {
    let framing = Framing::Delimited(Delimiter::new("\n").unwrap());
    let encoder = FrameEncoder::new(framing, Limits::default());
    SendQueue::new(encoder, QueueOptions::default().with_max_datagram(Some(max_datagram)))
}

fn push(queue: &mut SendQueue, length: usize, encoded: bool) -> Result<(), PushError> {
    if encoded {
        let mut frame = vec![b'.'; length];
        frame.push(b'\n');
        return queue.push_encoded(&Bytes::from(frame)).map(drop);
    }
    let encode = |out: &mut bytes::BytesMut| {
        out.put_bytes(b'.', length);
        Ok(())
    };
    queue.push(encode).map(drop)
}

#[test]
fn a_frame_fits_with_its_delimiter_or_is_refused() {
    let mut queue = queue(100);
    for encoded in [false, true] {
        push(&mut queue, 98, encoded).unwrap();
        push(&mut queue, 99, encoded).unwrap();
        let refused = PushError::TooLargeForDatagram { limit: 100, actual: 101 };
        assert_eq!(push(&mut queue, 100, encoded), Err(refused));
    }
    assert_eq!((queue.len(), queue.bytes()), (4, 398));
}

proptest! {
    #[test]
    fn frames_leave_one_by_one_and_each_is_counted(
        frames in prop::collection::vec((0..9_000_usize, any::<bool>(), any::<bool>()), 1..40),
    ) {
        let mut queue = queue(65_507);
        for (length, encoded, _) in &frames {
            push(&mut queue, *length, *encoded).unwrap();
        }
        for (length, _, can_be_sent) in &frames {
            let mut slices = [IoSlice::new(&[]); 16];
            prop_assert_eq!(queue.gather(&mut slices), 1);
            let mut expected = vec![b'.'; *length];
            expected.push(b'\n');
            prop_assert_eq!(&slices[0][..], &expected[..]);
            if *can_be_sent {
                queue.advance(length + 1);
            } else {
                prop_assert_eq!(queue.drop_first(), length + 1);
            }
        }
        prop_assert!(queue.is_empty());
        prop_assert_eq!((queue.bytes(), queue.drop_first()), (0, 0));
        let sent = frames.iter().filter(|frame| frame.2).count() as u64;
        let tally = queue.tally();
        prop_assert_eq!((tally.written, tally.dropped), (sent, frames.len() as u64 - sent));
        prop_assert_eq!(tally.accepted, frames.len() as u64);
    }
}
