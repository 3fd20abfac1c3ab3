//! `SendQueue` against a naive model: a list of whole frames, and the bytes that must leave.

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{BufMut, Bytes};
use ipc_codec::{Delimiter, FrameEncoder, Framing, Limits};
use ipc_core::queue::{
    OverflowPolicy, PushError, Pushed, QueueLimit, QueueLimits, QueueOptions, Release, SendQueue,
    Tally,
};
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Op {
    Push(usize),
    PushEncoded(usize),
    Write { slices: usize, bytes: usize },
    ConnectionLost,
    Received,
    TakeOut(u8),
    TakeUndelivered,
    Release,
}

#[derive(Debug, Clone)]
struct Setup {
    framing: Framing,
    limits: (usize, usize),
    overflow: OverflowPolicy,
    one_in_flight: bool,
}

/// What a queue is, said as plainly as possible.
struct Model {
    setup: Setup,
    frames: VecDeque<Vec<u8>>,
    written: usize,
    awaiting: bool,
    accepted: u64,
    left: u64,
    dropped: u64,
    handed_back: u64,
}

impl Model {
    fn bytes(&self) -> usize {
        self.frames.iter().map(Vec::len).sum::<usize>() - self.written
    }

    fn exceeded(&self, length: usize) -> Option<QueueLimit> {
        let (max_bytes, max_messages) = self.setup.limits;
        let (bytes, messages) = (self.bytes() + length, self.frames.len() + 1);
        if bytes > max_bytes {
            return Some(QueueLimit::Bytes { limit: max_bytes, actual: bytes });
        }
        (messages > max_messages)
            .then_some(QueueLimit::Messages { limit: max_messages, actual: messages })
    }

    fn push(&mut self, frame: Vec<u8>) -> Result<Pushed, PushError> {
        let (limit, actual) = (self.setup.limits.0, frame.len());
        if actual > limit {
            return Err(PushError::TooLarge { limit, actual });
        }
        let full = self.exceeded(actual);
        match (full, self.setup.overflow) {
            (None, _) => {}
            (Some(_), OverflowPolicy::DropNewest) => {
                self.accepted += 1;
                self.dropped += 1;
                return Ok(Pushed::Dropped);
            }
            (Some(full), OverflowPolicy::DropOldest) => {
                let before = self.frames.clone();
                // What is half on the wire has to stay.
                let first = usize::from(self.written > 0);
                while self.exceeded(actual).is_some() {
                    if self.frames.remove(first).is_none() {
                        // Dropping all of them would not have helped, so none is dropped.
                        self.frames = before;
                        return Err(PushError::Full(full));
                    }
                }
                self.dropped += (before.len() - self.frames.len()) as u64;
            }
            (Some(full), _) => return Err(PushError::Full(full)),
        }
        self.accepted += 1;
        self.frames.push_back(frame);
        Ok(Pushed::Queued)
    }

    /// Returns the bytes that may be written now.
    fn ready(&self) -> Vec<u8> {
        let take = match self.setup.one_in_flight {
            true if self.awaiting => 0,
            true => 1,
            false => self.frames.len(),
        };
        let frames: Vec<&[u8]> = self.frames.iter().take(take).map(Vec::as_slice).collect();
        frames.concat().split_off(if take == 0 { 0 } else { self.written })
    }

    fn write(&mut self, n: usize) {
        self.written += n;
        while let Some(first) = self.frames.front() {
            if self.written < first.len() {
                break;
            }
            self.written -= first.len();
            self.frames.pop_front();
            self.left += 1;
            self.awaiting = self.setup.one_in_flight;
        }
    }
}

/// The queue and the model side by side.
struct Pair {
    queue: SendQueue,
    model: Model,
    encoder: FrameEncoder,
    next: usize,
}

impl Pair {
    fn new(setup: Setup) -> Self {
        let encoder = FrameEncoder::new(setup.framing.clone(), Limits::default());
        let (bytes, messages) = setup.limits;
        let limits = QueueLimits::default().with_max_bytes(bytes).with_max_messages(messages);
        let release = if setup.one_in_flight { Release::OneInFlight } else { Release::Freely };
        let options = QueueOptions::default().with_limits(limits).with_overflow(setup.overflow);
        let queue = SendQueue::new(encoder.clone(), options.with_release(release));
        let model = Model {
            setup,
            frames: VecDeque::new(),
            written: 0,
            awaiting: false,
            accepted: 0,
            left: 0,
            dropped: 0,
            handed_back: 0,
        };
        Self { queue, model, encoder, next: 0 }
    }

    /// Returns a payload that is like no other, and its frame as the framing says.
    fn frame(&mut self, length: usize) -> (Vec<u8>, Vec<u8>) {
        self.next += 1;
        let mut payload = self.next.to_string().into_bytes();
        payload.resize(length.max(payload.len()), b'x');
        let mut frame = Vec::new();
        match &self.model.setup.framing {
            Framing::LengthPrefixed => {
                frame.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
                frame.extend(&payload);
            }
            Framing::Delimited(delimiter) => {
                frame.extend(&payload);
                frame.extend(delimiter.as_bytes());
            }
            _ => frame.extend(&payload),
        }
        (payload, frame)
    }

    fn step(&mut self, op: &Op) {
        match *op {
            Op::Push(length) => {
                let (payload, frame) = self.frame(length);
                let pushed = self.queue.push(|out| {
                    out.put_slice(&payload);
                    Ok(())
                });
                assert_eq!(pushed, self.model.push(frame));
            }
            Op::PushEncoded(length) => {
                let (payload, frame) = self.frame(length);
                let mut encoded = bytes::BytesMut::new();
                self.encoder.encode(&payload, &mut encoded).unwrap();
                let pushed = self.queue.push_encoded(&encoded.freeze());
                assert_eq!(pushed, self.model.push(frame));
            }
            Op::Write { slices, bytes } => {
                let gathered = gather(&self.queue, slices);
                let ready = self.model.ready();
                assert!(ready.starts_with(&gathered), "other bytes than the frames' would leave");
                assert_eq!(gathered.is_empty(), ready.is_empty());
                let n = bytes.min(gathered.len());
                self.queue.advance(n);
                self.model.write(n);
            }
            Op::ConnectionLost => {
                self.queue.on_connection_lost();
                (self.model.written, self.model.awaiting) = (0, false);
            }
            Op::Received => {
                self.queue.on_received();
                self.model.awaiting = false;
            }
            Op::TakeOut(which) => {
                let first = self.queue.first_unsent();
                let all = first..first + self.model.frames.len() as u64;
                // And some that it does not have, any more or yet.
                let named = |frame: &u64| which & 1 << (frame % 8) != 0;
                let frames: Vec<u64> =
                    (first.saturating_sub(2)..all.end + 2).filter(named).collect();
                let stays = |frame: u64| self.model.written > 0 && frame == first;
                let there: Vec<u64> = all.filter(|frame| named(frame) && !stays(*frame)).collect();
                assert_eq!(self.queue.take_out(&frames), there);
                let mut number = first;
                self.model.frames.retain(|_| {
                    number += 1;
                    !there.contains(&(number - 1))
                });
                self.model.accepted -= there.len() as u64;
                assert_eq!(self.queue.first_unsent(), first);
            }
            Op::TakeUndelivered => {
                let taken = self.queue.take_undelivered();
                let whole = std::mem::take(&mut self.model.frames);
                self.model.handed_back += whole.len() as u64;
                (self.model.written, self.model.awaiting) = (0, false);
                let inner = whole.iter().map(|frame| match &self.model.setup.framing {
                    Framing::LengthPrefixed => &frame[4..],
                    Framing::Delimited(by) => &frame[..frame.len() - by.as_bytes().len()],
                    _ => frame,
                });
                assert!(taken.iter().map(Bytes::as_ref).eq(inner));
            }
            Op::Release => {
                let buffer = self.queue.release(0);
                self.queue.lend(buffer);
            }
        }
        self.compare();
    }

    fn compare(&self) {
        let (queue, model) = (&self.queue, &self.model);
        assert_eq!(queue.len(), model.frames.len());
        assert_eq!(queue.bytes(), model.bytes());
        assert_eq!(queue.is_empty(), model.frames.is_empty());
        assert_eq!(queue.is_held(), model.frames.is_empty() || model.awaiting);
        let Tally { accepted, written, dropped, handed_back, .. } = queue.tally();
        assert_eq!(
            (accepted, written, dropped, handed_back),
            (model.accepted, model.left, model.dropped, model.handed_back)
        );
        assert_eq!(accepted, written + dropped + handed_back + queue.len() as u64);
        let fits = model.exceeded(7).is_none();
        assert_eq!(queue.is_full_for(7), model.setup.limits.0 >= 7 && !fits);
    }
}

fn gather(queue: &SendQueue, slices: usize) -> Vec<u8> {
    let mut slices = vec![IoSlice::new(&[]); slices];
    let used = queue.gather(&mut slices);
    assert!(slices[..used].iter().all(|slice| !slice.is_empty()), "an empty slice is no use");
    slices[..used].iter().flat_map(|slice| slice.to_vec()).collect()
}

fn lengths() -> impl Strategy<Value = usize> {
    // Small ones, those about the size from which frames are shared, and those over the limit.
    prop_oneof![8 => 1_usize..30, 1 => 4085_usize..4105, 1 => 8000_usize..9000]
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        6 => lengths().prop_map(Op::Push),
        4 => lengths().prop_map(Op::PushEncoded),
        6 => (1_usize..5, prop_oneof![0_usize..40, 0_usize..9000])
            .prop_map(|(slices, bytes)| Op::Write { slices, bytes }),
        1 => Just(Op::ConnectionLost),
        2 => Just(Op::Received),
        1 => any::<u8>().prop_map(Op::TakeOut),
        1 => Just(Op::TakeUndelivered),
        1 => Just(Op::Release),
    ];
    proptest::collection::vec(op, 0..60)
}

fn setups() -> impl Strategy<Value = Setup> {
    let framing = prop_oneof![
        Just(Framing::Delimited(Delimiter::FORM_FEED)),
        Just(Framing::Delimited(Delimiter::new("\r\n--").unwrap())),
        Just(Framing::LengthPrefixed),
        Just(Framing::Raw),
    ];
    let limits = (prop_oneof![40_usize..120, Just(8500), Just(usize::MAX)], 1_usize..8);
    let overflow = prop_oneof![
        Just(OverflowPolicy::Block),
        Just(OverflowPolicy::Error),
        Just(OverflowPolicy::DropNewest),
        Just(OverflowPolicy::DropOldest),
        Just(OverflowPolicy::Disconnect),
    ];
    (framing, limits, overflow, any::<bool>()).prop_map(
        |(framing, limits, overflow, one_in_flight)| Setup {
            framing,
            limits,
            overflow,
            one_in_flight,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_queue_is_a_list_of_frames(setup in setups(), ops in ops()) {
        let mut pair = Pair::new(setup);
        for op in &ops {
            pair.step(op);
        }
        // In the end everything can leave, on a connection that takes it.
        while !pair.queue.is_empty() {
            pair.step(&Op::Write { slices: 3, bytes: 100 });
            pair.step(&Op::Received);
        }
    }
}
