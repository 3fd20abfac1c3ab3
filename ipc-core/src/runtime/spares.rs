//! Buffers that one connection of a thread leaves to the next.
//!
//! A connection that falls idle holds no buffers, so that ten thousand of them cost little. Freed and
//! allocated again for each message they are what a large message waits for: the C library gives the memory
//! back to the system, and gets it from there page by page. So each thread keeps a few, for whichever of its
//! connections is active.

use std::cell::RefCell;

use bytes::BytesMut;

/// Returns a spare buffer of at least `wanted` bytes and at most twice as many, empty, or one without
/// memory.
pub(crate) fn take(wanted: usize) -> BytesMut {
    SPARES.try_with(|spares| spares.borrow_mut().take(wanted)).unwrap_or_default()
}

/// Keeps a buffer that is not needed any more; what is in it is discarded.
#[inline]
pub(crate) fn give(buffer: BytesMut) {
    // Mostly there is none: a connection that has nothing to leave is not to ask for the others'.
    if buffer.capacity() < SMALLEST {
        return;
    }
    // A thread that ends keeps nothing.
    let _ = SPARES.try_with(|spares| spares.borrow_mut().give(buffer));
}

thread_local! {
    static SPARES: RefCell<Spares> = const { RefCell::new(Spares(Vec::new())) };
}

/// The buffers, in the order they came.
#[derive(Debug)]
struct Spares(Vec<BytesMut>);

impl Spares {
    fn take(&mut self, wanted: usize) -> BytesMut {
        // A much larger one would be held by a connection that waits for the rest of a few bytes.
        let fits = wanted..=wanted.saturating_mul(2);
        let found = self.0.iter().rposition(|spare| fits.contains(&spare.capacity()));
        found.map(|at| self.0.remove(at)).unwrap_or_default()
    }

    fn give(&mut self, mut buffer: BytesMut) {
        if !(SMALLEST..=LARGEST).contains(&buffer.capacity()) {
            return;
        }
        if self.0.len() == MOST {
            self.0.remove(0);
        }
        buffer.clear();
        self.0.push(buffer);
    }
}

/// How many buffers a thread keeps: the connection whose turn it is needs one to read and one to write.
const MOST: usize = 4;

/// The largest buffer that is kept, in bytes: enough for the largest read and the rest of a frame that it
/// did not end with. A thread keeps no more than 1 MiB.
const LARGEST: usize = 256 * 1024;

/// The smallest: below that the allocator is as fast.
const SMALLEST: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn spares(sizes: &[usize]) -> Spares {
        let mut spares = Spares(Vec::new());
        sizes.iter().for_each(|size| spares.give(BytesMut::with_capacity(*size)));
        spares
    }

    fn sizes(spares: &Spares) -> Vec<usize> {
        spares.0.iter().map(BytesMut::capacity).collect()
    }

    #[test]
    fn the_newest_that_fits_is_taken() {
        let mut spares = spares(&[4096, 65536, 4097]);
        assert_eq!(spares.take(4096).capacity(), 4097);
        assert_eq!(spares.take(4096).capacity(), 4096);
        assert_eq!(spares.take(4096).capacity(), 0);
        assert_eq!(sizes(&spares), [65536]);
    }

    #[test]
    fn a_buffer_of_up_to_twice_the_size_is_taken() {
        let mut spares = spares(&[8192]);
        assert_eq!(spares.take(4095).capacity(), 0);
        assert_eq!(spares.take(8193).capacity(), 0);
        assert_eq!(spares.take(4096).capacity(), 8192);
    }

    #[test]
    fn the_number_and_the_size_of_buffers_are_bounded() {
        let mut spares = spares(&[SMALLEST - 1, SMALLEST, LARGEST, LARGEST + 1]);
        assert_eq!(sizes(&spares), [SMALLEST, LARGEST]);
        (1..=3).for_each(|more| spares.give(BytesMut::with_capacity(SMALLEST + more)));
        assert_eq!(sizes(&spares), [LARGEST, SMALLEST + 1, SMALLEST + 2, SMALLEST + 3]);
    }

    #[test]
    fn a_buffer_is_empty_when_it_is_taken_again() {
        let mut spares = spares(&[]);
        let mut buffer = BytesMut::with_capacity(4096);
        buffer.extend_from_slice(b"secret");
        spares.give(buffer);
        assert!(spares.take(4096).is_empty());
    }
}
