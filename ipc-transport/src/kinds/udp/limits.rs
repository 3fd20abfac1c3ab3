//! `UdpLimits` and `UdpStats`: what the peers of a UDP socket may cost, and what was refused them.

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

/// What the peers of one UDP socket may cost.
///
/// A sender of datagrams can forge their source, so what strangers cost has to be bounded.
///
/// # Defaults
///
/// 1,024 peers; 5 minutes of silence; 1 MiB of unread datagrams for each peer and 16 MiB for all;
/// no limit on amplification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UdpLimits {
    pub(super) peers: NonZeroUsize,
    pub(super) idle: Duration,
    pub(super) peer_bytes: usize,
    pub(super) total_bytes: usize,
    pub(super) amplification: Option<NonZeroU32>,
}

impl UdpLimits {
    /// Sets how many peers are remembered, by default 1,024; one more pushes out the one that was
    /// silent longest.
    #[must_use]
    pub const fn with_peers(mut self, peers: NonZeroUsize) -> Self {
        self.peers = peers;
        self
    }

    /// Sets how long a peer may be silent before it is forgotten, by default 5 minutes.
    #[must_use]
    pub const fn with_idle(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// Sets how many bytes of datagrams may wait for one peer's stream to be read, by default
    /// 1 MiB; what comes beyond is dropped and counted. Each datagram counts 64 bytes more than it
    /// has. Below 65,600 some datagrams can never be received.
    #[must_use]
    pub const fn with_peer_bytes(mut self, bytes: usize) -> Self {
        self.peer_bytes = bytes;
        self
    }

    /// Sets how many bytes of datagrams may wait for all streams together, by default 16 MiB.
    #[must_use]
    pub const fn with_total_bytes(mut self, bytes: usize) -> Self {
        self.total_bytes = bytes;
        self
    }

    /// Limits what is sent to an address that began the conversation to this many times the bytes
    /// that came from it; more is an error of the write. By default `None`: no limit.
    ///
    /// It keeps a server from being used against an address that another sender forges.
    /// It also refuses long answers to short questions, and broadcasts to peers that said little.
    #[must_use]
    pub const fn with_amplification(mut self, factor: Option<NonZeroU32>) -> Self {
        self.amplification = factor;
        self
    }

    /// Returns how many peers are remembered.
    #[must_use]
    pub const fn peers(&self) -> NonZeroUsize {
        self.peers
    }

    /// Returns how long a peer may be silent.
    #[must_use]
    pub const fn idle(&self) -> Duration {
        self.idle
    }

    /// Returns how many bytes of datagrams may wait for one peer's stream.
    #[must_use]
    pub const fn peer_bytes(&self) -> usize {
        self.peer_bytes
    }

    /// Returns how many bytes of datagrams may wait for all streams together.
    #[must_use]
    pub const fn total_bytes(&self) -> usize {
        self.total_bytes
    }

    /// Returns how many times what came from an address may be sent there, if that is limited.
    #[must_use]
    pub const fn amplification(&self) -> Option<NonZeroU32> {
        self.amplification
    }
}

impl Default for UdpLimits {
    fn default() -> Self {
        Self {
            peers: PEERS,
            idle: Duration::from_secs(5 * 60),
            peer_bytes: 1024 * 1024,
            total_bytes: 16 * 1024 * 1024,
            amplification: None,
        }
    }
}

/// What the peers of a UDP socket cost now, and what was refused them so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct UdpStats {
    /// Peers that are remembered.
    pub peers: usize,
    /// What the datagrams that wait to be read cost, in bytes.
    pub queued: usize,
    /// Peers forgotten since they were silent for too long.
    pub expired: u64,
    /// Peers forgotten to make room for others.
    pub evicted: u64,
    /// Datagrams dropped since too many bytes waited, of their peer or of all.
    pub overflowed: u64,
    /// Datagrams dropped unread with their peer.
    pub unread: u64,
    /// Datagrams dropped since they were longer than any of this kind can be.
    pub truncated: u64,
    /// Datagrams not sent since their address would have got too many times what came from it.
    pub amplified: u64,
    /// How often the system reported that no socket was open where a datagram went.
    pub refused: u64,
}

/// Enough for a room full of senders; at 1 MiB of unread datagrams each they could want more than
/// all may have together, which is what that limit is for.
const PEERS: NonZeroUsize = NonZeroUsize::new(1024).unwrap();
