//! The types of a config's values that are more than a number or a text.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use ipc_transport::Secret;

/// How often a client tries to connect again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Retries {
    /// Without end: node-ipc's `Infinity`.
    #[default]
    Forever,
    /// This many times after each successful connection; 0 is never (node-ipc's `false`).
    Times(u32),
}

/// A profile of node-ipc 14: how much is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Profile {
    /// Every event name is accepted. In this crate this profile has limits, too.
    #[default]
    Fast,
    /// Event names are checked, and limits are those of node-ipc 14.
    Guarded,
    /// As [`Guarded`](Self::Guarded), and only events of a list are accepted.
    Assured,
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fast => "fast",
            Self::Guarded => "guarded",
            Self::Assured => "assured",
        })
    }
}

impl FromStr for Profile {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        match name {
            "fast" => Ok(Self::Fast),
            "guarded" => Ok(Self::Guarded),
            "assured" => Ok(Self::Assured),
            _ => Err(UnknownName::new("profile", name, "fast, guarded, assured")),
        }
    }
}

/// A name that is not known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is no {what}; there are {known}")]
pub struct UnknownName {
    what: &'static str,
    name: String,
    known: &'static str,
}

impl UnknownName {
    pub(crate) fn new(what: &'static str, name: &str, known: &'static str) -> Self {
        Self { what, name: name.to_owned(), known }
    }

    /// Returns a short name of the error that never changes, as [`IpcError::code`](crate::IpcError::code) does.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        crate::codes::CONFIG
    }
}

/// What the local end of a client's network connection is bound to.
///
/// node-ipc also has `hints` and `lookup` here, which steer Node's resolver; resolve the name and
/// give its address instead.
///
/// # Defaults
///
/// Unbound, and both families are tried.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Interface {
    /// The local address.
    pub local_address: Option<IpAddr>,
    /// The local port.
    pub local_port: Option<u16>,
    /// The only family of addresses to use.
    pub family: Option<Family>,
}

/// A family of network addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Family {
    /// IPv4: node-ipc's 4.
    V4,
    /// IPv6: node-ipc's 6.
    V6,
}

/// Certificates and keys. Files are read when a server or client is created.
///
/// A server needs a key with its certificate. A client without certificates to trust trusts the CAs
/// that the system does if the feature `tls-native-roots` is on; else it needs some, unless
/// `reject_unauthorized` is false.
///
/// # Defaults
///
/// All unset, and `reject_unauthorized` is true.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tls {
    /// The file with the private key in PEM; preferred to `key`.
    pub private: Option<PathBuf>,
    /// The file with the certificate chain in PEM; preferred to `cert`.
    pub public: Option<PathBuf>,
    /// The file with Diffie-Hellman parameters. Not read: the suites that need them are not spoken.
    pub dhparam: Option<PathBuf>,
    /// The files with the certificates that are trusted, in PEM. A server with such, or with `ca`,
    /// asks its clients for a certificate.
    pub trusted_connections: Vec<PathBuf>,
    /// The private key itself, in PEM: `Some(text.into())`.
    pub key: Option<Secret>,
    /// The certificate chain itself, in PEM.
    pub cert: Option<Vec<u8>>,
    /// Certificates that are trusted, in PEM; in the dialect classic only without
    /// `trusted_connections`. With some of either, the system's CAs are not trusted.
    pub ca: Vec<Vec<u8>>,
    /// Whether a server asks its clients for a certificate even if it trusts none.
    pub request_cert: bool,
    /// Whether a peer without a trusted certificate is refused. If false, **anyone in between can
    /// read and change everything**.
    pub reject_unauthorized: bool,
    /// The name the server's certificate must bear, by default the host.
    pub server_name: Option<String>,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            private: None,
            public: None,
            dhparam: None,
            trusted_connections: Vec::new(),
            key: None,
            cert: None,
            ca: Vec::new(),
            request_cert: false,
            reject_unauthorized: true,
            server_name: None,
        }
    }
}

/// Shows everything but the key, and hides a path that is a key by mistake.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hidden = PathBuf::from("...");
        let shown =
            |path: &'_ PathBuf| if Secret::is_in(path) { hidden.clone() } else { path.clone() };
        let trusted: Vec<_> = self.trusted_connections.iter().map(shown).collect();
        f.debug_struct("Tls")
            .field("private", &self.private.as_ref().map(shown))
            .field("public", &self.public.as_ref().map(shown))
            .field("trusted_connections", &trusted)
            .field("key", &self.key.as_ref().map(|_| "..."))
            .field("cert", &self.cert.is_some())
            .field("ca", &self.ca.len())
            .field("request_cert", &self.request_cert)
            .field("reject_unauthorized", &self.reject_unauthorized)
            .field("server_name", &self.server_name.as_ref().filter(|name| !Secret::is_in(name)))
            .finish_non_exhaustive()
    }
}

/// Where log lines go.
#[derive(Clone)]
pub struct Logger(Arc<dyn Fn(&str) + Send + Sync>);

impl Logger {
    /// Returns a logger that passes each line to `log`.
    pub fn new(log: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Arc::new(log))
    }

    /// Logs a line.
    pub fn log(&self, line: &str) {
        (self.0)(line);
    }
}

impl fmt::Debug for Logger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Logger")
    }
}
