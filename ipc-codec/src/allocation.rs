//! `Allocation`: takes bytes out of a buffer, by copy or by sharing, and bounds what a kept frame
//! keeps alive.

use alloc::boxed::Box;

use bytes::{Buf, Bytes, BytesMut};

/// What is known about the allocation of a `BytesMut`, which knows how much capacity is left but not
/// how large the whole is.
///
/// A frame that shares a buffer keeps all of it alive, so sharing is right only for a frame that is
/// a good part of the whole.
#[derive(Debug, Clone, Default)]
pub(crate) struct Allocation {
    /// The whole allocation's size in bytes, as far as seen.
    size: usize,
    /// The buffer's capacity after the last use. If it differs, the buffer was moved, grown or
    /// replaced since.
    left: usize,
}

impl Allocation {
    /// Returns the size of the allocation of `buffer`, in bytes.
    ///
    /// Exact for a buffer that was moved to the front of its allocation or into a new one. One
    /// that grew in place after consumed bytes is taken for smaller than it is, at most by half.
    pub(crate) fn size(&mut self, buffer: &BytesMut) -> usize {
        let capacity = buffer.capacity();
        if capacity != self.left {
            self.size = capacity;
            self.left = capacity;
        }
        self.size
    }

    /// Removes `len` bytes from the front of `buffer` and returns them, and drops the `behind`
    /// bytes that follow. The buffer has at least that many.
    ///
    /// They are copied into memory of their own unless they make up a quarter of the allocation.
    // Nearly every frame comes through here, and a call costs as much as half the copy.
    #[inline(always)]
    pub(crate) fn take(&mut self, buffer: &mut BytesMut, len: usize, behind: usize) -> Bytes {
        let size = self.size(buffer);
        if len >= MIN_SHARED && len >= size / SHARED_PART {
            return self.share(buffer, len, behind);
        }
        let frame = buffer.get(..len).unwrap_or_default();
        // Through a box, which has no spare capacity to be checked for.
        let copy = Bytes::from(Box::<[u8]>::from(frame));
        buffer.advance(len.saturating_add(behind));
        self.left = buffer.capacity();
        copy
    }

    /// Does the same without a copy.
    #[inline(never)]
    fn share(&mut self, buffer: &mut BytesMut, len: usize, behind: usize) -> Bytes {
        let bytes = buffer.split_to(len).freeze();
        buffer.advance(behind);
        self.left = buffer.capacity();
        bytes
    }

    /// Drops `len` bytes from the front of `buffer`, which has at least that many.
    #[inline]
    pub(crate) fn skip(&mut self, buffer: &mut BytesMut, len: usize) {
        self.size(buffer);
        buffer.advance(len);
        self.left = buffer.capacity();
    }
}

/// A frame shares the buffer only if it is at least one part in this many of the whole, so that
/// keeping it keeps at most four times its size alive.
const SHARED_PART: usize = 4;

/// A shorter frame is always copied: the copy costs less than the shared buffer's bookkeeping, and
/// the buffer stays ours to reuse.
const MIN_SHARED: usize = 1024;
