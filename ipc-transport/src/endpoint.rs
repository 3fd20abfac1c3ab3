//! Addresses as one line of text: `unix:/tmp/app.world`, `tcp:127.0.0.1:8000`, `udp6:[::1]:8000`.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::{Transport, TransportError};

/// An address a server listens at and a client dials.
///
/// Parses from and prints as one line of text. The text of a parsed endpoint parses back to the
/// same endpoint; the one exception is a path that is not UTF-8, which prints with replacement
/// characters.
///
/// # Examples
///
/// ```
/// use ipc_transport::Endpoint;
///
/// let endpoint: Endpoint = "tcp:[::1]:8000".parse()?;
/// assert_eq!(endpoint, Endpoint::Tcp { host: "::1".into(), port: 8000 });
/// assert_eq!(endpoint.to_string(), "tcp:[::1]:8000");
/// # Ok::<(), ipc_transport::ParseEndpointError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Endpoint {
    /// A Unix stream socket at this path of the file system.
    Unix(PathBuf),
    /// A Unix stream socket with this name in Linux's abstract namespace: no file, no rights.
    Abstract(String),
    /// A Windows named pipe, by its full name, such as `\\.\pipe\tmp-app.world`.
    Pipe(String),
    /// A TCP port.
    Tcp {
        /// A host name or an IP address, an IPv6 address without its brackets.
        host: String,
        /// The port; 0 asks the system for a free one when listening.
        port: u16,
    },
    /// A TCP port that speaks TLS.
    Tls {
        /// As for [`Endpoint::Tcp`].
        host: String,
        /// As for [`Endpoint::Tcp`].
        port: u16,
    },
    /// A UDP port over IPv4.
    Udp4 {
        /// As for [`Endpoint::Tcp`].
        host: String,
        /// As for [`Endpoint::Tcp`].
        port: u16,
    },
    /// A UDP port over IPv6.
    Udp6 {
        /// As for [`Endpoint::Tcp`].
        host: String,
        /// As for [`Endpoint::Tcp`].
        port: u16,
    },
    /// A name inside this process.
    Memory(String),
}

impl Endpoint {
    /// Returns a transport for this endpoint with every option at its default.
    ///
    /// # Errors
    ///
    /// [`TransportError::Unsupported`] if this build lacks the kind (a Cargo feature is off).
    /// `TransportError::Tls` for an endpoint of TLS: it takes a `TlsTransport` with settings.
    pub fn transport(&self) -> Result<Box<dyn Transport>, TransportError> {
        match self {
            #[cfg(feature = "unix")]
            Self::Unix(path) => Ok(Box::new(crate::UnixTransport::new(path))),
            #[cfg(feature = "unix")]
            Self::Abstract(name) => Ok(Box::new(crate::AbstractTransport::new(name))),
            #[cfg(feature = "pipe")]
            Self::Pipe(name) => Ok(Box::new(crate::PipeTransport::new(name))),
            #[cfg(feature = "tcp")]
            Self::Tcp { host, port } => Ok(Box::new(crate::TcpTransport::new(host, *port))),
            #[cfg(feature = "tls-base")]
            Self::Tls { .. } => Err(crate::TlsError::NoSettings.into()),
            #[cfg(feature = "udp")]
            Self::Udp4 { host, port } => Ok(Box::new(crate::UdpTransport::udp4(host, *port))),
            #[cfg(feature = "udp")]
            Self::Udp6 { host, port } => Ok(Box::new(crate::UdpTransport::udp6(host, *port))),
            #[cfg(feature = "memory")]
            Self::Memory(name) => Ok(Box::new(crate::MemoryTransport::new(name))),
            // With every feature on there is no other.
            #[allow(unreachable_patterns, reason = "which are left depends on the features")]
            other => Err(TransportError::Unsupported { endpoint: other.clone() }),
        }
    }

    /// Returns how many bytes one datagram has at most, if the endpoint's streams are made of
    /// datagrams: 65,507 for UDP over IPv4 and 65,527 over IPv6, what a packet of 65,535 bytes has
    /// room for. A system may take less.
    #[must_use]
    pub const fn max_datagram(&self) -> Option<usize> {
        match self {
            Self::Udp4 { .. } => Some(65_507),
            Self::Udp6 { .. } => Some(65_527),
            _ => None,
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Abstract(name) => write!(f, "abstract:{name}"),
            Self::Pipe(name) => write!(f, "pipe:{name}"),
            Self::Tcp { host, port } => write_port(f, "tcp", host, *port),
            Self::Tls { host, port } => write_port(f, "tls", host, *port),
            Self::Udp4 { host, port } => write_port(f, "udp4", host, *port),
            Self::Udp6 { host, port } => write_port(f, "udp6", host, *port),
            Self::Memory(name) => write!(f, "memory:{name}"),
        }
    }
}

impl FromStr for Endpoint {
    type Err = ParseEndpointError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some((scheme, rest)) = text.split_once(':') else {
            return Err(ParseEndpointError::MissingScheme { input: text.to_owned() });
        };
        match scheme {
            "unix" => parse_unix(rest),
            "tcp" => parse_port(rest).map(|(host, port)| Self::Tcp { host, port }),
            "tls" => parse_port(rest).map(|(host, port)| Self::Tls { host, port }),
            "udp4" => parse_port(rest).map(|(host, port)| Self::Udp4 { host, port }),
            "udp6" => parse_port(rest).map(|(host, port)| Self::Udp6 { host, port }),
            "memory" | "abstract" | "pipe" if rest.is_empty() => Err(ParseEndpointError::EmptyName),
            "memory" => Ok(Self::Memory(rest.to_owned())),
            "abstract" => Ok(Self::Abstract(rest.to_owned())),
            "pipe" => Ok(Self::Pipe(rest.to_owned())),
            _ => Err(ParseEndpointError::UnknownScheme { scheme: scheme.to_owned() }),
        }
    }
}

/// The reason a text is not an [`Endpoint`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseEndpointError {
    /// The text has no `kind:` in front.
    #[error("endpoint {input:?} does not start with a kind, such as unix: or tcp:")]
    MissingScheme {
        /// The whole text.
        input: String,
    },
    /// The word before the first colon is not one of `unix`, `abstract`, `pipe`, `tcp`, `tls`,
    /// `udp4`, `udp6`, `memory`.
    #[error("endpoint kind {scheme:?} is not one of {KINDS}")]
    UnknownScheme {
        /// That word.
        scheme: String,
    },
    /// Nothing follows `unix:`.
    #[error("the path after unix: is empty")]
    EmptyPath,
    /// The path holds a NUL byte, which no file system takes.
    #[error("the path has a NUL byte at offset {at}")]
    NulInPath {
        /// The byte offset of the first NUL in the path.
        at: usize,
    },
    /// The host is missing.
    #[error("the host is empty")]
    EmptyHost,
    /// The host holds a character that no host name and no address has.
    #[error("{host:?} is not a host name or an address")]
    InvalidHost {
        /// The host as written.
        host: String,
    },
    /// An IPv6 address is written without brackets, so that it cannot be separated from the port.
    #[error("{host:?} looks like IPv6 and needs brackets: [address]:port")]
    UnbracketedIpv6 {
        /// The text between the kind and the last colon.
        host: String,
    },
    /// No `:port` follows the host.
    #[error("no :port follows the host {host:?}")]
    MissingPort {
        /// The host as written.
        host: String,
    },
    /// The port is not a number from 0 to 65535.
    #[error("port {port:?} is not a number from 0 to 65535")]
    InvalidPort {
        /// The port as written.
        port: String,
    },
    /// Nothing follows `memory:`, `abstract:` or `pipe:`.
    #[error("the name is empty")]
    EmptyName,
}

impl ParseEndpointError {
    /// Returns a short name of the error that never changes: every text that is not an endpoint has
    /// the same, and the variants say what to mend in it.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "invalid_endpoint"
    }
}

fn parse_unix(path: &str) -> Result<Endpoint, ParseEndpointError> {
    if path.is_empty() {
        return Err(ParseEndpointError::EmptyPath);
    }
    if let Some(at) = path.bytes().position(|byte| byte == 0) {
        return Err(ParseEndpointError::NulInPath { at });
    }
    Ok(Endpoint::Unix(path.into()))
}

fn write_port(f: &mut fmt::Formatter<'_>, kind: &str, host: &str, port: u16) -> fmt::Result {
    if host.contains(':') {
        write!(f, "{kind}:[{host}]:{port}")
    } else {
        write!(f, "{kind}:{host}:{port}")
    }
}

fn parse_port(text: &str) -> Result<(String, u16), ParseEndpointError> {
    let (host, port) = match text.strip_prefix('[') {
        Some(inside) => split_bracketed(text, inside)?,
        None => split_plain(text)?,
    };
    // `u16::from_str` takes a leading plus sign; a port has none.
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { port.parse().ok() } else { None };
    match number {
        Some(port) => Ok((host.to_owned(), port)),
        None => Err(ParseEndpointError::InvalidPort { port: port.to_owned() }),
    }
}

fn split_bracketed<'a>(
    whole: &'a str,
    inside: &'a str,
) -> Result<(&'a str, &'a str), ParseEndpointError> {
    let Some((host, after)) = inside.split_once(']') else {
        return Err(ParseEndpointError::InvalidHost { host: whole.to_owned() });
    };
    if host.is_empty() {
        return Err(ParseEndpointError::EmptyHost);
    }
    // Brackets are for IPv6 only; a bracketed name would not print back the same.
    if !host.contains(':') || host.contains(is_no_host_char) {
        return Err(ParseEndpointError::InvalidHost { host: host.to_owned() });
    }
    match after.strip_prefix(':') {
        Some(port) => Ok((host, port)),
        None => Err(ParseEndpointError::MissingPort { host: host.to_owned() }),
    }
}

fn split_plain(text: &str) -> Result<(&str, &str), ParseEndpointError> {
    let Some((host, port)) = text.rsplit_once(':') else {
        return Err(match text {
            "" => ParseEndpointError::EmptyHost,
            _ => ParseEndpointError::MissingPort { host: text.to_owned() },
        });
    };
    if host.is_empty() {
        return Err(ParseEndpointError::EmptyHost);
    }
    if host.contains(':') {
        return Err(ParseEndpointError::UnbracketedIpv6 { host: host.to_owned() });
    }
    if host.contains(is_no_host_char) {
        return Err(ParseEndpointError::InvalidHost { host: host.to_owned() });
    }
    Ok((host, port))
}

fn is_no_host_char(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '[' | ']' | '/')
}

/// Every kind, for the error that names them.
const KINDS: &str = "unix, abstract, pipe, tcp, tls, udp4, udp6, memory";
