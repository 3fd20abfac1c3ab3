//! Memory: what a decoder and the frames it gave away hold, counted by the allocator itself.

#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails the test")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;

use bytes::{BufMut, Bytes};
use ipc_codec::{Delimiter, FrameDecoder, Framing, Limits, Oversize};

/// Counts this thread's memory. Tests run on a thread each, so they don't see each other.
struct Counting;

thread_local! {
    static LIVE: Cell<usize> = const { Cell::new(0) };
    static PEAK: Cell<usize> = const { Cell::new(0) };
    static TOTAL: Cell<usize> = const { Cell::new(0) };
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call goes to the system's allocator as it is.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size());
        // SAFETY: the caller keeps the contract of `alloc`, which is the same here.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.set(LIVE.get().wrapping_sub(layout.size()));
        // SAFETY: the caller keeps the contract of `dealloc`, which is the same here.
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn add(size: usize) {
    LIVE.set(LIVE.get().wrapping_add(size));
    PEAK.set(PEAK.get().max(LIVE.get()));
    TOTAL.set(TOTAL.get() + size);
}

/// What a piece of code does to this thread's memory, in bytes.
struct Use {
    /// Allocated and not freed.
    kept: usize,
    /// The most there was at a time.
    peak: usize,
    /// All that was allocated, however briefly. Growing a buffer counts its new size.
    total: usize,
}

/// Runs `work` and returns its result with the memory it used. The result's memory counts as kept.
fn measure<T>(work: impl FnOnce() -> T) -> (T, Use) {
    let (live, total) = (LIVE.get(), TOTAL.get());
    PEAK.set(live);
    let result = black_box(work());
    let kept = LIVE.get().wrapping_sub(live);
    (result, Use { kept, peak: PEAK.get() - live, total: TOTAL.get() - total })
}

const CHUNK: usize = 64 * 1024;

fn decoder(limits: Limits) -> FrameDecoder {
    FrameDecoder::new(Framing::Delimited(Delimiter::FORM_FEED), limits)
}

/// Reads the stream through the decoder's spare capacity, in chunks of at most `max` bytes.
fn read(decoder: &mut FrameDecoder, mut stream: &[u8], max: usize, mut each: impl FnMut(Bytes)) {
    while !stream.is_empty() {
        let mut room = decoder.spare(max);
        let (now, later) = stream.split_at(stream.len().min(room.remaining_mut()));
        room.put_slice(now);
        stream = later;
        while let Some(frame) = decoder.next_frame().unwrap() {
            each(frame);
        }
    }
}

/// Returns `count` frames of `len` bytes on the wire.
fn wire(len: usize, count: usize) -> Vec<u8> {
    let mut one = vec![b'x'; len];
    one.push(0x0c);
    one.repeat(count)
}

#[test]
fn new_decoder_allocates_nothing() {
    let (_decoder, used) = measure(|| decoder(Limits::default()));
    assert_eq!(used.total, 0);
}

#[test]
fn released_decoder_holds_nothing_between_frames() {
    let stream = wire(30_000, 10);
    let (_decoder, used) = measure(|| {
        let mut decoder = decoder(Limits::default());
        read(&mut decoder, &stream, CHUNK, drop);
        decoder.release();
        decoder
    });
    assert_eq!(used.kept, 0);
}

#[test]
fn released_decoder_holds_little_for_a_little_of_a_frame() {
    let (_decoder, used) = measure(|| {
        let mut decoder = decoder(Limits::default());
        read(&mut decoder, b"begun", CHUNK, drop);
        decoder.release();
        decoder
    });
    assert!(used.kept <= 64, "{}", used.kept);
}

#[test]
fn kept_frames_of_any_length_keep_at_most_four_times_their_length() {
    for len in [1, 10, 64, 500, 1023, 1024, 5000, 16_383, 16_384, 20_000, 40_000, 70_000, 300_000] {
        let stream = wire(len, 3_000_000 / len.max(100));
        for max in [CHUNK, 4096, 1000] {
            // One frame in ten is kept, so that no other shares the cost of a buffer with it.
            let mut number = 0;
            let (frames, used) = measure(|| {
                let mut frames = Vec::with_capacity(stream.len() / (len + 1) / 10 + 1);
                let mut decoder = decoder(Limits::default());
                read(&mut decoder, &stream, max, |frame| {
                    number += 1;
                    if number % 10 == 1 {
                        frames.push(frame);
                    }
                });
                frames
            });
            let kept = used.kept - frames.capacity() * size_of::<Bytes>();
            let bytes: usize = frames.iter().map(Bytes::len).sum();
            // And what each shared buffer needs to be counted.
            let most = bytes * 4 + frames.len() * 64;
            assert!(kept <= most, "{kept} bytes for {bytes} in frames of {len} by {max}");
            if len < 1024 {
                assert_eq!(kept, bytes, "small frames are exact");
            }
        }
    }
}

#[test]
fn large_frame_is_not_copied() {
    let mut decoder = decoder(Limits::default());
    let mut room = decoder.spare(CHUNK);
    room.put_slice(&wire(CHUNK / 4, 1));
    let (frame, used) = measure(|| decoder.next_frame().unwrap().unwrap());
    assert_eq!(frame.len(), CHUNK / 4);
    // What the buffer needs to be shared, not the frame.
    assert!(used.total <= 64, "{}", used.total);

    let mut room = decoder.spare(CHUNK);
    room.put_slice(&wire(CHUNK / 4 - 1, 1));
    let (frame, used) = measure(|| decoder.next_frame().unwrap().unwrap());
    assert_eq!(used.total, frame.len());
}

#[test]
fn small_raw_chunk_is_copied_and_large_one_shared() {
    let mut decoder = FrameDecoder::new(Framing::Raw, Limits::default());
    for (len, own) in [(1, true), (1023, true), (CHUNK / 4 - 1, true), (CHUNK / 4, false)] {
        decoder.spare(CHUNK).put_slice(&vec![b'x'; len]);
        let (chunk, used) = measure(|| decoder.next_frame().unwrap().unwrap());
        assert_eq!(chunk.len(), len);
        // A chunk of its own holds its bytes only; a shared one costs what sharing needs.
        let most = if own { len } else { 64 };
        assert!(used.total <= most, "{} for {len}", used.total);
    }
}

#[test]
fn reading_small_frames_for_ever_allocates_one_buffer() {
    let stream = wire(64, 100_000);
    let ((), used) = measure(|| {
        read(&mut decoder(Limits::default()), &stream, CHUNK, drop);
    });
    assert_eq!(used.total, CHUNK + 100_000 * 64);
    assert_eq!(used.peak, CHUNK + 64);
}

#[test]
fn reading_large_frames_for_ever_allocates_one_buffer_if_they_are_not_kept() {
    let stream = wire(20_000, 1000);
    let ((), used) = measure(|| {
        read(&mut decoder(Limits::default()), &stream, CHUNK, drop);
    });
    // A frame that does not fit after the others of its buffer makes it grow, once.
    assert!(used.peak <= 4 * CHUNK, "{}", used.peak);
    assert!(used.total <= 8 * CHUNK, "{}", used.total);
}

#[test]
fn huge_frame_in_tiny_chunks_grows_by_doubling() {
    for len in [1 << 20, 4 << 20] {
        let stream = wire(len, 1);
        for max in [100, 4096] {
            let ((), used) = measure(|| {
                let mut decoder = decoder(Limits::default());
                read(&mut decoder, &stream, max, |frame| assert_eq!(frame.len(), len));
            });
            assert!(used.total <= 5 * len, "{} for {len} by {max}", used.total);
        }
    }
}

#[test]
fn buffer_is_at_most_twice_what_it_may_hold() {
    let limit = 1 << 20;
    let limits = Limits::default().with_max_frame(limit).with_oversize(Oversize::Skip);
    let endless = vec![b'x'; 4 * limit];
    let ((), used) = measure(|| {
        let mut decoder = decoder(limits);
        for chunk in endless.chunks(CHUNK) {
            decoder.spare(CHUNK).put_slice(&chunk[..CHUNK / 2]);
            while decoder.next_frame() != Ok(None) {}
        }
    });
    // Growing holds the old and the new buffer for a moment.
    assert!(used.peak <= 3 * (limit + CHUNK), "{}", used.peak);
}

#[test]
fn dead_decoder_holds_nothing() {
    let limits = Limits::default().with_max_frame(1 << 20);
    let endless = vec![b'x'; 2 << 20];
    let (_decoder, used) = measure(|| {
        let mut decoder = decoder(limits);
        for chunk in endless.chunks(CHUNK) {
            decoder.extend(chunk);
            if decoder.next_frame().is_err() {
                break;
            }
        }
        assert!(decoder.is_dead());
        decoder.extend(&endless);
        decoder
    });
    assert_eq!(used.kept, 0);
}

#[test]
fn one_huge_frame_leaves_no_huge_buffer_to_the_small_ones_after_it() {
    let stream = [wire(8 << 20, 1), wire(64, 2000)].concat();
    let (_decoder, used) = measure(|| {
        let mut decoder = decoder(Limits::default());
        read(&mut decoder, &stream, CHUNK, drop);
        decoder
    });
    assert!(used.kept <= 4 * CHUNK, "{}", used.kept);
}

#[test]
fn announced_length_allocates_nothing_before_the_bytes_come() {
    let mut decoder = FrameDecoder::new(Framing::LengthPrefixed, Limits::UNBOUNDED);
    let (_, used) = measure(|| {
        decoder.extend(&[0xff, 0xff, 0xff, 0xff, b'x']);
        assert_eq!(decoder.next_frame(), Ok(None));
    });
    assert!(used.total <= 64, "{}", used.total);
}
