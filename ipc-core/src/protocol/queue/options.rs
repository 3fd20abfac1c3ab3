//! What a send queue is built with.

use super::{OverflowPolicy, QueueLimits};

/// How a send queue is bounded, and how it lets its messages go.
///
/// # Defaults
///
/// Those of [`QueueLimits`], [`OverflowPolicy`] and [`Release`]; no datagrams.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueueOptions {
    pub(super) limits: QueueLimits,
    pub(super) overflow: OverflowPolicy,
    pub(super) release: Release,
    pub(super) max_datagram: Option<usize>,
}

impl QueueOptions {
    /// Returns these options with these limits.
    #[must_use]
    pub const fn with_limits(mut self, limits: QueueLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Returns these options with this policy at the limits.
    #[must_use]
    pub const fn with_overflow(mut self, overflow: OverflowPolicy) -> Self {
        self.overflow = overflow;
        self
    }

    /// Returns these options with messages released like this.
    #[must_use]
    pub const fn with_release(mut self, release: Release) -> Self {
        self.release = release;
        self
    }

    /// Returns these options with each frame sent as a datagram of at most this many bytes,
    /// delimiter or length included. `None` is a stream.
    #[must_use]
    pub const fn with_max_datagram(mut self, max_datagram: Option<usize>) -> Self {
        self.max_datagram = max_datagram;
        self
    }
}

/// When a message that waits may be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Release {
    /// As soon as the socket takes it. The default.
    #[default]
    Freely,
    /// Only when something was received after the message before it (node-ipc's `sync`).
    OneInFlight,
}
