//! `WaitingLimits`: how long, and how many, peers may wait to be let in.

use std::time::Duration;

/// What bounds the peers of a server that have connected and are not let in yet: see
/// [`ServerBuilder::token`](crate::ServerBuilder::token).
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use ipc_core::WaitingLimits;
///
/// let limits = WaitingLimits::default().time(Duration::from_secs(2)).peers(16);
/// assert_eq!((limits.peers, limits.bytes), (16, 64 * 1024));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct WaitingLimits {
    /// How long a peer may take, from when it connected, to say hello and to be let in. Default: 5 s.
    pub time: Duration,
    /// How many may wait. Each costs a file descriptor and up to twice [`bytes`](Self::bytes), beside
    /// those that are connected. Default: 64.
    ///
    /// A newcomer beyond it takes the place of one that has not said hello: so those that connect and are
    /// silent do not keep others out. If all have said hello, the newcomer is refused.
    pub peers: usize,
    /// How many bytes a peer may send before its hello is there, the hello included. They are kept until it is
    /// let in. Default: 64 KiB.
    pub bytes: usize,
}

/// What becomes of a peer that does not say hello to a server that wants a token, such as a client of node-ipc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum PlainPeers {
    /// It is refused when its time is over. The default.
    #[default]
    Refuse,
    /// It is let in, without an identity: as soon as it has sent something that is no hello, or else when its
    /// time is over. What it may do, [`Server::allow_by`](crate::Server::allow_by) can say.
    Admit,
}

impl WaitingLimits {
    /// Sets [`time`](Self::time).
    #[must_use]
    pub const fn time(self, time: Duration) -> Self {
        Self { time, ..self }
    }

    /// Sets [`peers`](Self::peers).
    #[must_use]
    pub const fn peers(self, peers: usize) -> Self {
        Self { peers, ..self }
    }

    /// Sets [`bytes`](Self::bytes).
    #[must_use]
    pub const fn bytes(self, bytes: usize) -> Self {
        Self { bytes, ..self }
    }
}

impl Default for WaitingLimits {
    fn default() -> Self {
        Self { time: Duration::from_secs(5), peers: 64, bytes: 64 * 1024 }
    }
}
