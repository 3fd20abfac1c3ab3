//! What every TCP socket is set to, whichever side made it: no delay, keepalive, user timeout.

use std::io;
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;

/// When a TCP connection that carries nothing is probed, and when it is given up.
///
/// The peer's system answers a probe by itself, so a peer that is slow or busy is not cut. One that
/// vanished (a cable, a sleeping machine, a firewall that forgot the connection) is: reading then
/// fails with [`io::ErrorKind::TimedOut`].
///
/// # Defaults
///
/// The first probe after 60 s without traffic, then one every 10 s; after 3 without an answer the
/// connection is over, so 90 s after the last sign of life.
///
/// Nothing is probed while bytes that were sent are not acknowledged: then the system sends those
/// again, on Linux for about 15 minutes. [`TcpTransport::with_user_timeout`] shortens that, at a price.
///
/// [`TcpTransport::with_user_timeout`]: crate::TcpTransport::with_user_timeout
///
/// # Examples
///
/// ```
/// use std::time::Duration;
///
/// use ipc_transport::{Keepalive, TcpTransport};
///
/// let often = Keepalive::default().with_idle(Duration::from_secs(15));
/// let transport = TcpTransport::new("192.0.2.1", 8000).with_keepalive(often);
/// let never = TcpTransport::new("192.0.2.1", 8000).with_keepalive(None);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keepalive {
    idle: Duration,
    interval: Duration,
    probes: u32,
}

impl Keepalive {
    /// Sets how long a connection carries nothing before it is probed, by default 60 s.
    ///
    /// Systems count seconds, from 1 to 32,767: a part of one is rounded up, and what is beyond is
    /// taken for the limit. OpenBSD and Haiku have one time for all sockets, and use that.
    #[must_use]
    pub const fn with_idle(mut self, idle: Duration) -> Self {
        self.idle = idle;
        self
    }

    /// Sets the time between two probes, by default 10 s, in the limits of
    /// [`with_idle`](Self::with_idle).
    #[must_use]
    pub const fn with_interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Sets how many probes go without an answer before the connection is over, by default 3, from
    /// 1 to 127; what is beyond is taken for the limit. Windows before 10.1703 always sends 10.
    #[must_use]
    pub const fn with_probes(mut self, probes: u32) -> Self {
        self.probes = probes;
        self
    }

    /// Returns how long a connection carries nothing before it is probed.
    #[must_use]
    pub const fn idle(&self) -> Duration {
        self.idle
    }

    /// Returns the time between two probes.
    #[must_use]
    pub const fn interval(&self) -> Duration {
        self.interval
    }

    /// Returns how many probes go without an answer before the connection is over.
    #[must_use]
    pub const fn probes(&self) -> u32 {
        self.probes
    }

    fn set(&self, socket: &SockRef<'_>) -> io::Result<()> {
        let keepalive = TcpKeepalive::new().with_time(whole_seconds(self.idle));
        #[cfg(any(
            windows,
            target_vendor = "apple",
            target_os = "linux",
            target_os = "android",
            target_os = "dragonfly",
            target_os = "freebsd",
            target_os = "netbsd",
            target_os = "illumos",
        ))]
        let keepalive = keepalive.with_interval(whole_seconds(self.interval));
        #[cfg(any(
            target_vendor = "apple",
            target_os = "linux",
            target_os = "android",
            target_os = "dragonfly",
            target_os = "freebsd",
            target_os = "netbsd",
            target_os = "illumos",
        ))]
        let keepalive = keepalive.with_retries(self.probes.clamp(1, MAX_PROBES));
        socket.set_tcp_keepalive(&keepalive)?;
        // The count is a newer option there than the rest, which works without it.
        #[cfg(windows)]
        let _ = socket.set_tcp_keepalive(&keepalive.with_retries(self.probes.clamp(1, MAX_PROBES)));
        Ok(())
    }
}

impl Default for Keepalive {
    fn default() -> Self {
        Self { idle: Duration::from_secs(60), interval: Duration::from_secs(10), probes: 3 }
    }
}

/// What every socket of a transport is set to.
#[derive(Clone, Copy, Debug)]
pub(super) struct SocketOptions {
    pub(super) nodelay: bool,
    pub(super) keepalive: Option<Keepalive>,
    pub(super) user_timeout: Option<Duration>,
}

impl SocketOptions {
    /// Sets a connected socket.
    pub(super) fn set(self, io: &TcpStream) -> io::Result<()> {
        io.set_nodelay(self.nodelay)?;
        let socket = SockRef::from(io);
        // Also if there is none: an accepted socket has that of its listener, which another program
        // may have made.
        #[cfg(any(target_os = "linux", target_os = "android"))]
        socket.set_tcp_user_timeout(self.user_timeout.map(whole_millis))?;
        match self.keepalive {
            Some(keepalive) => keepalive.set(&socket),
            // It may be on: an accepted socket is as its listener, which another program may have
            // made.
            None => socket.set_keepalive(false),
        }
    }
}

impl Default for SocketOptions {
    fn default() -> Self {
        Self { nodelay: true, keepalive: Some(Keepalive::default()), user_timeout: None }
    }
}

/// Returns the time as Linux takes it, which has 0 for none and refuses what does not fit an `int`.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn whole_millis(time: Duration) -> Duration {
    let up = time.as_nanos().div_ceil(1_000_000).clamp(1, i32::MAX as u128);
    Duration::from_millis(u64::try_from(up).unwrap_or(u64::MAX))
}

/// Returns the time as systems take it.
fn whole_seconds(time: Duration) -> Duration {
    let up = time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0));
    Duration::from_secs(up.clamp(1, MAX_SECONDS))
}

/// The most that Linux takes, in seconds.
const MAX_SECONDS: u64 = 32_767;
/// The most that Linux takes.
const MAX_PROBES: u32 = 127;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_up_into_what_systems_take() {
        let whole = |millis| whole_seconds(Duration::from_millis(millis)).as_secs();
        assert_eq!([0, 1, 1000, 1001].map(whole), [1, 1, 1, 2]);
        assert_eq!([32_767_000, 32_767_001, u64::MAX].map(whole), [32_767; 3]);
        assert_eq!(whole_seconds(Duration::MAX).as_secs(), 32_767);
    }

    #[cfg(any(target_os = "linux", target_os = "android"))]
    #[test]
    fn the_user_timeout_is_rounded_up_into_what_linux_takes() {
        let whole = |micros| whole_millis(Duration::from_micros(micros)).as_millis();
        assert_eq!([0, 1, 1000, 1001].map(whole), [1, 1, 1, 2]);
        assert_eq!(whole_millis(Duration::from_millis(2_147_483_647)).as_millis(), 2_147_483_647);
        assert_eq!(whole_millis(Duration::MAX).as_millis(), 2_147_483_647);
    }
}
