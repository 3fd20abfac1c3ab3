//! `Attempts`: a host with several addresses, and the outcome of each.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;

#[cfg(any(feature = "tcp", feature = "udp"))]
use crate::error::descriptors::is_too_many_files;
#[cfg(any(feature = "tcp", feature = "udp"))]
use crate::{Endpoint, TransportError};

/// The addresses of a host that were tried, in that order, with the reason why each failed.
///
/// An address that did not answer in time has [`io::ErrorKind::TimedOut`].
#[derive(Debug, Default)]
pub struct Attempts(Vec<(SocketAddr, io::Error)>);

impl Attempts {
    /// Returns these attempts.
    #[must_use]
    pub const fn new(attempts: Vec<(SocketAddr, io::Error)>) -> Self {
        Self(attempts)
    }

    /// Returns the addresses with their reasons.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (SocketAddr, &io::Error)> {
        self.0.iter().map(|(address, error)| (*address, error))
    }

    /// Returns how many addresses were tried.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Returns whether no address was tried.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns a short name of the error that never changes: that of
    /// [`TransportError::Unreachable`].
    ///
    /// [`TransportError::Unreachable`]: crate::TransportError::Unreachable
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "unreachable"
    }

    /// Returns the kind of the first error that is not a refusal, or of the first one.
    pub(super) fn kind(&self) -> io::ErrorKind {
        let mut kinds = self.iter().map(|(_, error)| error.kind());
        let first = kinds.next().unwrap_or(io::ErrorKind::AddrNotAvailable);
        let other = |kind: &io::ErrorKind| *kind != io::ErrorKind::ConnectionRefused;
        std::iter::once(first).chain(kinds).find(other).unwrap_or(first)
    }

    /// Returns the error of the whole: that of the only address this machine can reach at all, or
    /// one with a reason for each. `explain` makes the error of a single one.
    #[cfg(any(feature = "tcp", feature = "udp"))]
    pub(crate) fn into_error(
        mut self,
        endpoint: Endpoint,
        explain: impl FnOnce(io::Error) -> TransportError,
    ) -> TransportError {
        // It is about this process, whatever the address.
        if let Some(at) = self.0.iter().position(|(_, error)| is_too_many_files(error)) {
            return explain(self.0.swap_remove(at).1);
        }
        let reached = |(_, error): &&(SocketAddr, io::Error)| !is_out_of_reach(error);
        let mut counted = self.0.iter().filter(reached).map(|(_, error)| error);
        let refused = |error: &io::Error| error.kind() == io::ErrorKind::ConnectionRefused;
        let (first, all_refused) = (counted.next(), counted.clone().all(refused));
        match (first, counted.count()) {
            // The only one.
            (Some(_), 0) => {
                let at = self.0.iter().position(|(_, error)| !is_out_of_reach(error));
                explain(self.0.swap_remove(at.unwrap_or(0)).1)
            }
            (Some(first), _) if refused(first) && all_refused => {
                let source = io::Error::new(io::ErrorKind::ConnectionRefused, self);
                TransportError::NobodyListening { endpoint, source }
            }
            _ if self.len() > 1 => TransportError::Unreachable { endpoint, attempts: self },
            _ => {
                let none = || io::ErrorKind::AddrNotAvailable.into();
                explain(self.0.pop().map_or_else(none, |(_, error)| error))
            }
        }
    }
}

impl fmt::Display for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (address, error)) in self.iter().enumerate() {
            let separator = if number == 0 { "" } else { ", " };
            write!(f, "{separator}{address} ({error})")?;
        }
        Ok(())
    }
}

impl Error for Attempts {}

/// Returns whether this machine has no way to such an address, for example no IPv6 at all: then it
/// says nothing about a server.
#[cfg(any(feature = "tcp", feature = "udp"))]
fn is_out_of_reach(error: &io::Error) -> bool {
    #[cfg(unix)]
    const NO_SUCH_FAMILY: i32 = libc::EAFNOSUPPORT;
    #[cfg(not(unix))]
    const NO_SUCH_FAMILY: i32 = 10047;
    matches!(error.kind(), io::ErrorKind::AddrNotAvailable | io::ErrorKind::NetworkUnreachable)
        || error.raw_os_error() == Some(NO_SUCH_FAMILY)
}

#[cfg(all(test, any(feature = "tcp", feature = "udp")))]
mod tests {
    use super::*;

    type Kind = io::ErrorKind;

    fn error_of(kinds: &[Kind]) -> TransportError {
        let tried =
            kinds.iter().zip(1_u8..).map(|(kind, n)| (([127, 0, 0, n], 9).into(), (*kind).into()));
        let endpoint = || Endpoint::Tcp { host: "twohost".into(), port: 9 };
        Attempts::new(tried.collect()).into_error(endpoint(), |source| match source.kind() {
            Kind::ConnectionRefused => {
                TransportError::NobodyListening { endpoint: endpoint(), source }
            }
            _ => TransportError::Io { endpoint: endpoint(), op: "connect", source },
        })
    }

    #[track_caller]
    fn check(kinds: &[Kind], code: &str, kind: Kind, named: usize) {
        let error = error_of(kinds);
        assert_eq!((error.code(), error.kind()), (code, kind), "{kinds:?}");
        let source = Error::source(&error).map(ToString::to_string);
        let text = format!("{error} {}", source.unwrap_or_default());
        assert_eq!(text.matches("127.0.0.").count(), named, "{text}");
    }

    #[test]
    fn the_error_is_that_of_the_address_that_exists_or_has_a_reason_for_each() {
        use io::ErrorKind::{
            AddrNotAvailable, ConnectionRefused, HostUnreachable, NetworkUnreachable, TimedOut,
        };
        // One address: its own error, whatever it is.
        check(&[ConnectionRefused], "nobody_listening", ConnectionRefused, 0);
        check(&[HostUnreachable], "io", HostUnreachable, 0);
        check(&[AddrNotAvailable], "io", AddrNotAvailable, 0);
        check(&[], "io", AddrNotAvailable, 0);
        // Those that this machine cannot reach at all do not count.
        for absent in [AddrNotAvailable, NetworkUnreachable] {
            check(&[absent, ConnectionRefused], "nobody_listening", ConnectionRefused, 0);
            check(&[ConnectionRefused, absent], "nobody_listening", ConnectionRefused, 0);
            check(&[absent, TimedOut, absent], "io", TimedOut, 0);
            let two = [absent, ConnectionRefused, ConnectionRefused];
            check(&two, "nobody_listening", ConnectionRefused, 3);
        }
        check(&[ConnectionRefused; 3], "nobody_listening", ConnectionRefused, 3);
        // Anything else may be a server.
        check(&[ConnectionRefused, HostUnreachable], "unreachable", HostUnreachable, 2);
        check(&[TimedOut, ConnectionRefused], "unreachable", TimedOut, 2);
        check(&[AddrNotAvailable, NetworkUnreachable], "unreachable", AddrNotAvailable, 2);
    }

    #[cfg(unix)]
    #[test]
    fn a_shortage_of_descriptors_and_a_missing_family_are_told_from_refusals() {
        let of = |codes: [i32; 2]| {
            let tried =
                codes.map(|code| (([127, 0, 0, 1], 9).into(), io::Error::from_raw_os_error(code)));
            let endpoint = Endpoint::Tcp { host: "twohost".into(), port: 9 };
            let explained = |source: io::Error| TransportError::Io {
                endpoint: endpoint.clone(),
                op: "connect",
                source,
            };
            Attempts::new(tried.into()).into_error(endpoint.clone(), explained).raw_os_error()
        };
        assert_eq!(of([libc::ECONNREFUSED, libc::EMFILE]), Some(libc::EMFILE));
        assert_eq!(of([libc::EAFNOSUPPORT, libc::ECONNREFUSED]), Some(libc::ECONNREFUSED));
    }
}
