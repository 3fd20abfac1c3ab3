//! Receive buffers: reserves capacity by reuse or by doubling, and frees it.

use bytes::BytesMut;

/// Reserves capacity for at least `least` more bytes in `buffer`, if possible for `wanted`.
///
/// `allocated` is the size of the buffer's allocation. Each byte is moved a bounded number
/// of times on average, however small the pieces are: bytes move to the front only once as many
/// have been consumed, to a buffer of their own only once something has, and otherwise the buffer
/// at least doubles.
pub(crate) fn reserve(buffer: &mut BytesMut, allocated: usize, wanted: usize, least: usize) {
    let len = buffer.len();
    let need = len.saturating_add(wanted);
    // A huge buffer must not outlive the one huge frame that needed it.
    let too_big = allocated > KEPT && allocated > need.saturating_mul(4);
    if !too_big {
        if buffer.try_reclaim(least) {
            return;
        }
        if !buffer.is_empty() && buffer.capacity() == allocated {
            // No byte was consumed: reallocating may grow the memory in place.
            buffer.reserve(wanted);
            return;
        }
    }
    move_to(buffer, need);
}

/// Appends `bytes`, for which the capacity suffices.
///
/// In pieces: for a longer copy the C library on x86-64 uses one instruction (`rep movsb`), which on
/// AMD's Zen 3 copies to an unaligned address at 3 bytes a nanosecond instead of 20 and more.
#[inline]
pub(crate) fn append(buffer: &mut BytesMut, bytes: &[u8]) {
    for piece in bytes.chunks(PIECE) {
        buffer.extend_from_slice(piece);
    }
}

/// Frees memory that an idle connection does not need.
pub(crate) fn release(buffer: &mut BytesMut, allocated: usize) {
    let len = buffer.len();
    if len == 0 {
        *buffer = BytesMut::new();
    } else if len <= CHEAP_MOVE && allocated > len.saturating_mul(4) {
        move_to(buffer, len);
    }
}

fn move_to(buffer: &mut BytesMut, capacity: usize) {
    let mut fresh = BytesMut::with_capacity(capacity);
    fresh.extend_from_slice(buffer);
    *buffer = fresh;
}

/// Bytes copied at a time: 2 KiB, below where `rep movsb` begins (2,112 bytes at the least).
const PIECE: usize = 2048;

/// A buffer up to this size is kept however little of it is used: 64 KiB, what one read from a
/// socket usually brings in at most.
const KEPT: usize = 64 * 1024;

/// Up to this many buffered bytes, freeing memory is worth moving them.
const CHEAP_MOVE: usize = 4096;

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "tests count")]
mod tests {
    use bytes::{Buf, BytesMut};

    use super::{KEPT, reserve};
    use crate::allocation::Allocation;

    /// Receives `total` bytes in chunks and consumes each piece of `frame` bytes once it is whole.
    /// Returns how many bytes were moved.
    fn moved(total: usize, chunk: usize, frame: usize) -> usize {
        let mut allocation = Allocation::default();
        let mut buffer = BytesMut::new();
        let mut moved = 0;
        for _ in 0..total / chunk {
            let (before, len) = (buffer.as_ptr(), buffer.len());
            let allocated = allocation.size(&buffer);
            reserve(&mut buffer, allocated, chunk, chunk.div_ceil(2));
            if buffer.as_ptr() != before {
                moved += len;
            }
            let free = buffer.capacity() - buffer.len();
            assert!(free >= chunk.div_ceil(2));
            buffer.extend_from_slice(&std::vec![0; chunk.min(free)]);
            while buffer.len() >= frame {
                allocation.skip(&mut buffer, frame);
            }
        }
        assert!(buffer.remaining() < frame);
        moved
    }

    #[test]
    fn growing_leaves_consumed_bytes_behind() {
        let mut buffer = BytesMut::with_capacity(100);
        buffer.extend_from_slice(&[0; 100]);
        buffer.advance(40);
        reserve(&mut buffer, 100, 50, 50);
        assert_eq!((buffer.len(), buffer.capacity()), (60, 110));
    }

    /// Reserves `wanted` bytes in an empty buffer of this size; returns its size then.
    fn size_after(allocated: usize, wanted: usize) -> usize {
        let mut buffer = BytesMut::with_capacity(allocated);
        reserve(&mut buffer, allocated, wanted, wanted);
        buffer.capacity()
    }

    #[test]
    fn a_buffer_of_64_kib_is_kept_however_little_of_it_is_needed() {
        assert_eq!(size_after(KEPT, 10), KEPT);
        assert_eq!(size_after(KEPT + 1, 10), 10);
    }

    #[test]
    fn a_larger_one_is_kept_while_a_quarter_of_it_is_needed() {
        assert_eq!(size_after(400_000, 100_000), 400_000);
        assert_eq!(size_after(400_000, 99_999), 99_999);
    }

    #[test]
    fn each_byte_is_moved_a_few_times_at_most() {
        for frame in [1, 7, 64, 1000, 10_000, 100_000, 1_000_000] {
            for chunk in [1, 64, 1000, 65_536] {
                let total = 2_000_000;
                let moved = moved(total, chunk, frame);
                assert!(moved <= 2 * total, "{moved} with frames of {frame} by {chunk}");
            }
        }
    }
}
