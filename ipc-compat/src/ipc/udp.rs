//! `UdpType`: which of the two kinds of UDP a server speaks.

use std::fmt;
use std::str::FromStr;

/// A kind of UDP, as node-ipc's `serveNet` takes it.
///
/// Reads from text in any case, as node-ipc does: `udp4`, `UDP4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UdpType {
    /// UDP over IPv4.
    Udp4,
    /// UDP over IPv6.
    Udp6,
}

impl UdpType {
    /// Returns the name that node-ipc uses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Udp4 => "udp4",
            Self::Udp6 => "udp6",
        }
    }
}

impl fmt::Display for UdpType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for UdpType {
    type Err = ParseUdpTypeError;

    // Wire rule W43
    fn from_str(text: &str) -> Result<Self, ParseUdpTypeError> {
        let named = |kind: &Self| text.eq_ignore_ascii_case(kind.as_str());
        let kind = [Self::Udp4, Self::Udp6].into_iter().find(named);
        kind.ok_or_else(|| ParseUdpTypeError { input: text.to_owned() })
    }
}

/// The text names no kind of UDP.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{input:?} is neither udp4 nor udp6")]
pub struct ParseUdpTypeError {
    /// The text.
    pub input: String,
}

impl ParseUdpTypeError {
    /// Returns a short name of the error that never changes, as [`IpcError::code`](crate::IpcError::code) does.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        crate::codes::ARGUMENT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // Tests W43
    #[test]
    fn names_are_read_in_any_case_and_nothing_else_is() {
        for text in ["udp4", "UDP4", "Udp4"] {
            assert_eq!(text.parse(), Ok(UdpType::Udp4));
        }
        assert_eq!("uDP6".parse(), Ok(UdpType::Udp6));
        assert_eq!(UdpType::Udp6.to_string(), "udp6");
        for text in ["", "udp", "udp46", " udp4", "tcp"] {
            assert_eq!(text.parse::<UdpType>().map_err(|error| error.input), Err(text.to_owned()));
        }
    }
}
