//! `Inbound`: an unfinished frame has a deadline, which progress moves.

use std::time::{Duration, Instant};

use bytes::BufMut;
use ipc_codec::{DecodeError, Delimiter, Framing, Limits, Oversize};
use ipc_core::protocol::connection::Inbound;

const TIMEOUT: Duration = Duration::from_secs(30);

/// A receiving side with a clock of its own.
struct Rig {
    inbound: Inbound,
    start: Instant,
    now: Instant,
}

impl Rig {
    fn new(limits: Limits) -> Self {
        let framing = Framing::Delimited(Delimiter::new("\n").unwrap());
        let now = tokio::time::Instant::now().into_std();
        Self { inbound: Inbound::new(framing, limits, Some(TIMEOUT)), start: now, now }
    }

    /// Receives bytes and returns the whole frames they make.
    fn receive(&mut self, mut bytes: &[u8]) -> Vec<Result<Vec<u8>, DecodeError>> {
        let mut frames = Vec::new();
        while !bytes.is_empty() {
            let mut room = self.inbound.spare();
            let n = room.remaining_mut().min(bytes.len());
            room.put_slice(&bytes[..n]);
            drop(room);
            self.inbound.on_read(n);
            bytes = &bytes[n..];
            while let Some(frame) = self.inbound.next_frame().transpose() {
                let fatal = matches!(&frame, Err(error) if error.ends_stream());
                frames.push(frame.map(|frame| frame.to_vec()));
                if fatal {
                    return frames;
                }
            }
        }
        frames
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
    }

    /// Returns the deadline as the time from the start.
    fn deadline(&mut self) -> Option<Duration> {
        let now = self.now;
        self.inbound.deadline(|| now).map(|at| at - self.start)
    }
}

/// Lets a peer send `chunk` every 100 ms for at most `time`, and returns when it is cut.
fn cut(limits: Limits, chunk: &[u8], time: Duration) -> Option<Duration> {
    let mut rig = Rig::new(limits);
    while rig.now - rig.start < time {
        let _ = rig.receive(chunk);
        let passed = rig.now - rig.start;
        if rig.deadline().is_some_and(|at| at <= passed) {
            return Some(passed);
        }
        rig.pass(Duration::from_millis(100));
    }
    None
}

#[track_caller]
fn check(chunk: &[u8], expected: Option<u64>) {
    let limits = Limits::default();
    let cut = cut(limits, chunk, Duration::from_secs(120));
    assert_eq!(cut, expected.map(Duration::from_secs));
}

#[test]
fn no_frame_has_no_deadline() {
    let mut rig = Rig::new(Limits::default());
    assert_eq!(rig.deadline(), None);
    rig.receive(b"whole\n");
    assert_eq!(rig.deadline(), None);
}

#[test]
fn an_unfinished_frame_has_one_that_stays() {
    let mut rig = Rig::new(Limits::default());
    rig.receive(b"hal");
    assert_eq!(rig.deadline(), Some(TIMEOUT));
    rig.pass(Duration::from_secs(10));
    assert_eq!(rig.deadline(), Some(TIMEOUT));
    rig.receive(b"f\n");
    assert_eq!(rig.deadline(), None);
    rig.receive(b"next");
    assert_eq!(rig.deadline(), Some(TIMEOUT + Duration::from_secs(10)));
}

#[test]
fn growing_by_1_kib_moves_the_deadline() {
    for (more, moved) in [(1023, false), (1024, true)] {
        let mut rig = Rig::new(Limits::default());
        rig.receive(b"x");
        assert_eq!(rig.deadline(), Some(TIMEOUT));
        rig.pass(Duration::from_secs(10));
        rig.receive(&vec![b'x'; more]);
        let expected = TIMEOUT + Duration::from_secs(if moved { 10 } else { 0 });
        assert_eq!(rig.deadline(), Some(expected), "{more} bytes more");
    }
}

#[test]
fn each_frame_has_its_own_deadline() {
    let mut rig = Rig::new(Limits::default());
    rig.receive(b"fir");
    assert_eq!(rig.deadline(), Some(TIMEOUT));
    rig.pass(Duration::from_secs(20));
    // The first ends and the second begins in the same read.
    rig.receive(b"st\nsec");
    assert_eq!(rig.deadline(), Some(TIMEOUT + Duration::from_secs(20)));
}

#[test]
fn a_drip_of_single_bytes_is_cut() {
    // Attack 5: 30 s after the first byte, however long it goes on.
    check(b"x", Some(30));
}

#[test]
fn a_drip_just_too_slow_is_cut_and_one_fast_enough_is_not() {
    // 300 times in 30 s: 3 bytes make 900, 4 make 1,200.
    check(b"xxx", Some(30));
    check(b"xxxx", None);
}

#[test]
fn a_busy_stream_whose_chunks_never_end_on_the_delimiter_is_not_cut() {
    // Attack 4: there is always an unfinished frame, and it is always another one.
    check(b"ail\nwhole\nt", None);
}

#[test]
fn a_silent_peer_is_not_cut() {
    check(b"", None);
}

#[test]
fn a_long_frame_that_is_skipped_makes_progress_too() {
    let limits = Limits::default().with_max_frame(100).with_oversize(Oversize::Skip);
    let long = Duration::from_secs(120);
    assert_eq!(cut(limits, &[b'x'; 200], long), None);
    assert_eq!(cut(limits, b"x", long), Some(TIMEOUT));
}

#[test]
fn a_skipped_frame_is_reported_once_and_the_next_is_whole() {
    let limits = Limits::default().with_max_frame(4).with_oversize(Oversize::Skip);
    let mut rig = Rig::new(limits);
    let seen = rig.receive(b"12345678");
    assert!(matches!(seen[..], [Err(DecodeError::FrameTooLarge { limit: 4, .. })]));
    assert_eq!(rig.deadline(), Some(TIMEOUT));
    assert_eq!(rig.receive(b"9\nnext\n"), [Ok(b"next".to_vec())]);
    assert_eq!(rig.deadline(), None);
}

#[test]
fn without_a_timeout_there_is_no_deadline() {
    let framing = Framing::LengthPrefixed;
    let mut inbound = Inbound::new(framing, Limits::default(), None);
    inbound.spare().put_slice(&[0, 0]);
    inbound.on_read(2);
    assert_eq!(inbound.next_frame(), Ok(None));
    assert_eq!(inbound.frame_timeout(), None);
    assert_eq!(inbound.deadline(|| tokio::time::Instant::now().into_std()), None);
    assert_eq!(inbound.finish(), Err(DecodeError::Truncated { buffered: 2 }));
}

#[test]
fn the_room_grows_with_full_reads_and_shrinks_with_small_ones() {
    let framing = Framing::Delimited(Delimiter::FORM_FEED);
    let mut inbound = Inbound::new(framing, Limits::default(), None);
    let mut rooms = Vec::new();
    for fill in [true; 6].into_iter().chain([false; 6]) {
        let mut room = inbound.spare();
        let size = room.remaining_mut();
        rooms.push(size / 1024);
        let n = if fill { size } else { 1 };
        room.put_bytes(0x0C, n);
        drop(room);
        inbound.on_read(n);
        while inbound.next_frame().unwrap().is_some() {}
        inbound.release();
    }
    // The first small read brings what the last full one has left.
    assert_eq!(rooms, [4, 8, 16, 32, 64, 64, 64, 64, 32, 16, 8, 4]);
}

/// Reads a frame of this many bytes, and returns how many reads that took.
fn reads_of(inbound: &mut Inbound, frame: usize) -> usize {
    let (mut reads, mut left) = (0, frame);
    while left > 0 {
        let mut room = inbound.spare();
        let n = room.remaining_mut().min(left);
        (reads, left) = (reads + 1, left - n);
        room.put_bytes(b'x', n - 1);
        room.put_u8(if left == 0 { 0x0C } else { b'x' });
        drop(room);
        inbound.on_read(n);
        assert_eq!(inbound.next_frame().unwrap().is_some(), left == 0);
    }
    reads
}

#[test]
fn what_a_full_read_has_left_does_not_make_the_next_one_smaller() {
    let framing = Framing::Delimited(Delimiter::FORM_FEED);
    let mut inbound = Inbound::new(framing, Limits::default(), None);
    reads_of(&mut inbound, 65 * 1024);
    for _ in 0..5 {
        let buffer = inbound.release();
        assert_eq!(inbound.wants_buffer(), Some(64 * 1024));
        assert!(buffer.capacity() >= 65 * 1024);
        inbound.lend(buffer);
        assert_eq!(inbound.wants_buffer(), None);
        assert_eq!(reads_of(&mut inbound, 65 * 1024), 2);
    }
}
