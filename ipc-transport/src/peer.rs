//! What is known about the other end of a connection: never taken from what it sends.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use crate::Endpoint;

/// Facts about the other end of a connection, as the operating system reports them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeerInfo {
    /// The endpoint the connection was made through, with the real port filled in.
    pub endpoint: Endpoint,
    /// The other end's address; `Some` for TCP, TLS and UDP only. Over UDP it is what the datagram
    /// says, and its sender may have forged it.
    pub remote: Option<SocketAddr>,
    /// Our own end's address; `Some` for TCP, TLS and UDP only. For a UDP server it is the address
    /// that is bound, which may be that of no interface (`0.0.0.0`).
    pub local: Option<SocketAddr>,
    /// The other process's identity; `Some` for Unix sockets on systems that report it.
    pub credentials: Option<Credentials>,
    /// The supplementary groups of the other process, in no order: of a client of a Unix socket, on
    /// Linux. Empty if it has none, or elsewhere.
    pub groups: Vec<u32>,
    /// The other process's id; `Some` for Windows pipes, where the system says it.
    pub process_id: Option<u32>,
    /// What the TLS handshake has shown; `Some` for TLS only.
    pub tls: Option<Arc<TlsInfo>>,
}

/// What a TLS handshake has shown of the other end.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsInfo {
    /// The other end's certificates in DER, its own first; none if it showed none.
    pub certificates: Vec<Vec<u8>>,
    /// Whether they lead to a trusted CA. Without it anyone can show a certificate that
    /// says anything.
    pub verified: bool,
    /// Whether the other end has proven that it holds the key of its own certificate. Where it is
    /// not verified, a certificate may have a key of a kind or size that is not spoken here, and
    /// anyone can show such a one.
    pub proven: bool,
    /// The version of TLS.
    pub version: TlsVersion,
    /// The cipher suite by its name in IANA's list, such as `TLS_AES_256_GCM_SHA384`.
    pub cipher_suite: String,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2.
    V1_2,
    /// TLS 1.3.
    V1_3,
}

/// Counts the certificates: written out, they would fill pages.
impl fmt::Debug for TlsInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsInfo")
            .field("certificates", &self.certificates.len())
            .field("verified", &self.verified)
            .field("proven", &self.proven)
            .field("version", &self.version)
            .field("cipher_suite", &self.cipher_suite)
            .finish()
    }
}

impl PeerInfo {
    /// Returns facts that name the endpoint and nothing else.
    #[must_use]
    pub const fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            remote: None,
            local: None,
            credentials: None,
            groups: Vec::new(),
            process_id: None,
            tls: None,
        }
    }

    /// Returns whether the system says that the other end runs as the same user as this process, or as
    /// root, or is this process. `false` where it says nothing: over the network, and for another
    /// process at a Windows pipe.
    #[must_use]
    pub fn is_same_user(&self) -> bool {
        if matches!(self.endpoint, Endpoint::Memory(_)) {
            return true;
        }
        let is_us = |uid| uid == 0 || own_uid() == Some(uid);
        self.credentials.is_some_and(|other| is_us(other.uid))
            || self.process_id == Some(std::process::id())
    }

    /// Sets the other end's address.
    #[must_use]
    pub fn with_remote(self, remote: SocketAddr) -> Self {
        Self { remote: Some(remote), ..self }
    }

    /// Sets our own end's address.
    #[must_use]
    pub fn with_local(self, local: SocketAddr) -> Self {
        Self { local: Some(local), ..self }
    }

    /// Sets what the TLS handshake has shown.
    #[must_use]
    pub fn with_tls(self, tls: Arc<TlsInfo>) -> Self {
        Self { tls: Some(tls), ..self }
    }

    /// Sets the other process's identity.
    #[must_use]
    pub fn with_credentials(self, credentials: Credentials) -> Self {
        Self { credentials: Some(credentials), ..self }
    }

    /// Sets the supplementary groups of the other process.
    #[must_use]
    pub fn with_groups(self, groups: impl Into<Vec<u32>>) -> Self {
        Self { groups: groups.into(), ..self }
    }
}

/// Returns the user that this process acts as, where the system has credentials.
fn own_uid() -> Option<u32> {
    #[cfg(all(unix, feature = "unix"))]
    return Some(crate::kinds::unix::sys::effective_uid());
    #[cfg(not(all(unix, feature = "unix")))]
    None
}

/// The identity of the process at the other end of a Unix socket.
///
/// The kernel fixes it when the peer connects (for a client) or starts to listen (for a server);
/// it does not follow a later change of user, and the process id may since have been reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Credentials {
    /// The effective user id. Within a user namespace, a user that has no number there shows as the
    /// overflow user of `/proc/sys/kernel/overflowuid`, 65534.
    pub uid: u32,
    /// The effective group id.
    pub gid: u32,
    /// The process id, on systems that report it; `None` also if the process is of another pid
    /// namespace, in which it has no number here.
    pub pid: Option<i32>,
}

impl Credentials {
    /// Returns credentials of these ids. A process id of 0 means none: Linux reports it for a
    /// process in another pid namespace, and a signal to 0 hits one's own process group.
    #[must_use]
    pub const fn new(uid: u32, gid: u32, pid: Option<i32>) -> Self {
        let pid = match pid {
            Some(pid) if pid > 0 => Some(pid),
            _ => None,
        };
        Self { uid, gid, pid }
    }
}
