//! An allocator that counts, for the tests that bound allocations.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// Counts this thread's allocations. Tests run on a thread each, so they don't see each other.
pub(crate) struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
    static BYTES: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator as it is. `realloc` is the trait's own: it
// calls `alloc`, so growing counts as an allocation of the new size.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.set(COUNT.get() + 1);
        BYTES.set(BYTES.get() + layout.size() as u64);
        // SAFETY: the caller keeps the contract of `alloc`, which is the same here.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract of `dealloc`, which is the same here.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// What a piece of code allocated on this thread, freed or not.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Use {
    /// How many allocations there were.
    pub(crate) count: u64,
    /// How many bytes they were.
    pub(crate) bytes: u64,
}

impl Use {
    /// Returns what this thread has allocated so far.
    pub(crate) fn so_far() -> Self {
        Self { count: COUNT.get(), bytes: BYTES.get() }
    }

    /// Returns what was allocated since.
    pub(crate) fn since(self) -> Self {
        let now = Self::so_far();
        Self { count: now.count - self.count, bytes: now.bytes - self.bytes }
    }
}
