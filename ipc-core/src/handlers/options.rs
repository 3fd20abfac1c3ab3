//! `HandlerOptions`: how the events of an async handler run.

/// How the events of one async handler run.
///
/// # Examples
///
/// ```
/// use ipc_core::HandlerOptions;
///
/// // Four events of each peer at a time. They are taken in order and end in any.
/// let options = HandlerOptions::default().concurrency(4);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct HandlerOptions {
    /// How many events of one peer the handler handles at a time; the others wait. Default: 1, so that
    /// one ends before the next starts.
    pub concurrency: usize,
}

impl HandlerOptions {
    /// Sets [`concurrency`](Self::concurrency). At least 1.
    #[must_use]
    pub fn concurrency(self, events: usize) -> Self {
        Self { concurrency: events.max(1) }
    }
}

impl Default for HandlerOptions {
    fn default() -> Self {
        Self { concurrency: 1 }
    }
}
