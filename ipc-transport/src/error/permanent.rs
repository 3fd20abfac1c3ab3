//! Which errors are permanent.

use std::io;
use std::net::IpAddr;

use super::TransportError;

impl TransportError {
    /// Returns whether trying again can never help: what is wrong is in the program's own settings
    /// or in this build, not in the system, the network or the other side, which may change.
    ///
    /// Permanent are a path, a pipe name or a host name that cannot exist, an address of the other
    /// family, a kind of socket that is not supported here, a passed socket that is taken, and
    /// certificates, keys or other settings of TLS that cannot be used.
    ///
    /// Everything else may pass: a server that is not up, a name that does not resolve yet, a file
    /// or a directory that is missing, of another kind, or another user's, missing rights, a
    /// shortage of descriptors. So may a handshake of TLS that failed: a server's certificate is
    /// renewed without its clients' knowledge.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::NameTooLong { .. }
            | Self::InvalidName { .. }
            | Self::AlreadyTaken { .. }
            | Self::Unsupported { .. }
            | Self::InvalidEndpoint(_) => true,
            // A setting of the program.
            Self::BroadcastOff { .. } => true,
            #[cfg(feature = "tls-base")]
            Self::Tls(_) => true,
            Self::HostNotFound { host, .. } => !is_possible_name(host),
            // A name may get an address of the family; an address stays what it is.
            Self::WrongFamily { host, .. } => host.parse::<IpAddr>().is_ok(),
            // Refused before the system was asked.
            Self::Io { source, .. } | Self::UnknownOwner { source, .. } => {
                let kind = source.kind();
                source.raw_os_error().is_none()
                    && matches!(kind, io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported)
            }
            _ => false,
        }
    }
}

/// Returns whether a resolver can ever know this name: RFC 1035 limits the length of names and of
/// their labels. Characters are left to the resolver, except those that no name has anywhere.
fn is_possible_name(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host);
    let is_label = |label: &str| !label.is_empty() && label.len() <= MAX_LABEL;
    name.len() <= MAX_NAME
        && name.split('.').all(is_label)
        && !name.contains(|char: char| char.is_whitespace() || char.is_control())
}

const MAX_NAME: usize = 253;

const MAX_LABEL: usize = 63;

#[cfg(test)]
mod tests {
    use super::is_possible_name;

    #[test]
    fn names_that_can_exist_are_told_from_those_that_cannot() {
        let label = "a".repeat(63);
        let longest = [&*label, &*label, &*label, &label[..61]].join(".");
        assert_eq!(longest.len(), 253);
        for host in
            ["localhost", "a.example.", "under_score.example", "b\u{fc}ro", &label, &longest]
        {
            assert!(is_possible_name(host), "{host}");
        }
        let too_long = format!("{longest}a");
        let long_label = format!("{label}a.example");
        for host in ["", ".", "a..b", "two words", "a\0b", "tab\t", &too_long, &long_label] {
            assert!(!is_possible_name(host), "{host:?}");
        }
    }
}
