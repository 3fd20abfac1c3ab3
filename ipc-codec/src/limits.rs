//! `Limits`: the greatest length of a frame, and what happens to one that exceeds it.

/// The bounds of one direction of a stream.
///
/// They do not apply to [`Framing::Raw`](crate::Framing::Raw), which has no frames to bound.
///
/// # Defaults
///
/// - `max_frame`: [`Limits::DEFAULT_MAX_FRAME`], 16 MiB
/// - `oversize`: [`Oversize::Fail`]
///
/// # Examples
///
/// ```
/// use ipc_codec::{Limits, Oversize};
///
/// let limits = Limits::default();
/// assert_eq!(limits.max_frame(), 16 * 1024 * 1024);
/// assert_eq!(limits.oversize(), Oversize::Fail);
///
/// let small = limits.with_max_frame(64 * 1024).with_oversize(Oversize::Skip);
/// assert_eq!(small.max_frame(), 64 * 1024);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    max_frame: usize,
    oversize: Oversize,
}

impl Limits {
    /// The default longest frame: 16 MiB. Messages of 5 MB and more are sent through node-ipc, and a
    /// hundred connections at this limit still fit into a small machine's memory.
    pub const DEFAULT_MAX_FRAME: usize = 16 * 1024 * 1024;

    /// No limit at all. Only for peers that are trusted not to exhaust the memory.
    pub const UNBOUNDED: Self = Self { max_frame: usize::MAX, oversize: Oversize::Fail };

    /// Sets the longest frame allowed, in bytes, without delimiter or length prefix.
    ///
    /// 16 MiB by default. Raise it for bigger messages: a decoder buffers up to this much per
    /// connection before a frame is whole. Zero allows empty frames only.
    #[must_use]
    pub const fn with_max_frame(mut self, max_frame: usize) -> Self {
        self.max_frame = max_frame;
        self
    }

    /// Sets what happens to a received frame that is longer than allowed.
    ///
    /// [`Oversize::Fail`] by default. Encoders refuse a frame that is too long either way.
    #[must_use]
    pub const fn with_oversize(mut self, oversize: Oversize) -> Self {
        self.oversize = oversize;
        self
    }

    /// Returns the longest frame allowed, in bytes.
    pub const fn max_frame(&self) -> usize {
        self.max_frame
    }

    /// Returns what happens to a received frame that is longer than allowed.
    pub const fn oversize(&self) -> Oversize {
        self.oversize
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_frame: Self::DEFAULT_MAX_FRAME, oversize: Oversize::default() }
    }
}

/// What a decoder does with a frame that is longer than allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Oversize {
    /// The stream ends: the decoder is dead afterwards.
    #[default]
    Fail,
    /// The frame is dropped unbuffered, up to its delimiter or for its announced length. It is
    /// reported once, and the frames after it are decoded as usual.
    Skip,
}
