//! Addresses as one line of text: `unix:/tmp/app.world`, `tcp:127.0.0.1:8000`, `memory:name`.

use std::error::Error;
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
    /// A TCP port.
    Tcp {
        /// A host name or an IP address, an IPv6 address without its brackets.
        host: String,
        /// The port; 0 asks the system for a free one when listening.
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
    pub fn transport(&self) -> Result<Box<dyn Transport>, TransportError> {
        match self {
            #[cfg(feature = "unix")]
            Self::Unix(path) => Ok(Box::new(crate::UnixTransport::new(path))),
            #[cfg(feature = "tcp")]
            Self::Tcp { host, port } => Ok(Box::new(crate::TcpTransport::new(host, *port))),
            #[cfg(feature = "memory")]
            Self::Memory(name) => Ok(Box::new(crate::MemoryTransport::new(name))),
            #[cfg(not(all(feature = "unix", feature = "tcp", feature = "memory")))]
            other => Err(TransportError::Unsupported { endpoint: other.clone() }),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp { host, port } if host.contains(':') => write!(f, "tcp:[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "tcp:{host}:{port}"),
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
            "tcp" => parse_tcp(rest),
            "memory" if rest.is_empty() => Err(ParseEndpointError::EmptyName),
            "memory" => Ok(Self::Memory(rest.to_owned())),
            _ => Err(ParseEndpointError::UnknownScheme { scheme: scheme.to_owned() }),
        }
    }
}

/// The reason a text is not an [`Endpoint`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseEndpointError {
    /// The text has no `kind:` in front.
    MissingScheme {
        /// The whole text.
        input: String,
    },
    /// The word before the first colon is none of `unix`, `tcp`, `memory`.
    UnknownScheme {
        /// That word.
        scheme: String,
    },
    /// Nothing follows `unix:`.
    EmptyPath,
    /// The path holds a NUL byte, which no file system takes.
    NulInPath {
        /// The byte offset of the first NUL in the path.
        at: usize,
    },
    /// Nothing stands where the host should be.
    EmptyHost,
    /// The host holds a character that no host name and no address has.
    InvalidHost {
        /// The host as written.
        host: String,
    },
    /// An IPv6 address stands without brackets, so its end cannot be told from the port.
    UnbracketedIpv6 {
        /// What stands between `tcp:` and the last colon.
        host: String,
    },
    /// No `:port` follows the host.
    MissingPort {
        /// The host as written.
        host: String,
    },
    /// The port is not a number from 0 to 65535.
    InvalidPort {
        /// The port as written.
        port: String,
    },
    /// Nothing follows `memory:`.
    EmptyName,
}

impl fmt::Display for ParseEndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingScheme { input } => {
                write!(f, "endpoint {input:?} does not start with unix:, tcp: or memory:")
            }
            Self::UnknownScheme { scheme } => {
                write!(f, "endpoint kind {scheme:?} is none of unix, tcp, memory")
            }
            Self::EmptyPath => f.write_str("the path after unix: is empty"),
            Self::NulInPath { at } => write!(f, "the path has a NUL byte at offset {at}"),
            Self::EmptyHost => f.write_str("the host after tcp: is empty"),
            Self::InvalidHost { host } => write!(f, "{host:?} is not a host name or an address"),
            Self::UnbracketedIpv6 { host } => {
                write!(f, "{host:?} looks like IPv6 and needs brackets: tcp:[address]:port")
            }
            Self::MissingPort { host } => write!(f, "no :port follows the host {host:?}"),
            Self::InvalidPort { port } => {
                write!(f, "port {port:?} is not a number from 0 to 65535")
            }
            Self::EmptyName => f.write_str("the name after memory: is empty"),
        }
    }
}

impl Error for ParseEndpointError {}

fn parse_unix(path: &str) -> Result<Endpoint, ParseEndpointError> {
    if path.is_empty() {
        return Err(ParseEndpointError::EmptyPath);
    }
    if let Some(at) = path.bytes().position(|byte| byte == 0) {
        return Err(ParseEndpointError::NulInPath { at });
    }
    Ok(Endpoint::Unix(path.into()))
}

fn parse_tcp(text: &str) -> Result<Endpoint, ParseEndpointError> {
    let (host, port) = match text.strip_prefix('[') {
        Some(inside) => split_bracketed(text, inside)?,
        None => split_plain(text)?,
    };
    // `u16::from_str` takes a leading plus sign; a port has none.
    let digits = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { port.parse().ok() } else { None };
    match number {
        Some(port) => Ok(Endpoint::Tcp { host: host.to_owned(), port }),
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
