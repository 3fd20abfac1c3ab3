//! The combinations a case runs in: version of node-ipc, kind of socket, role of `nipc`.

use std::fmt;
use std::str::FromStr;

use xtask::node::Version;

/// A kind of socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Unix,
    /// A named pipe of Windows; run by `cargo xtask windows` only.
    Pipe,
    Tcp,
    Tls,
    Udp4,
    Udp6,
}

/// What goes over the sockets of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Messages: JSON and a delimiter.
    Framed,
    /// Bytes as they are, as with `config.rawBuffer`.
    Raw,
}

/// The role that `nipc` plays; node-ipc plays the other one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Server,
    /// Of datagrams: the one that sends first.
    Client,
}

/// One column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Combo {
    pub(crate) version: Version,
    pub(crate) kind: Kind,
    pub(crate) role: Role,
}

impl Combo {
    /// Returns every combination there is on this system.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for version in Version::ALL {
            for kind in Kind::ALL.into_iter().filter(|kind| kind.is_here()) {
                for role in [Role::Server, Role::Client] {
                    all.push(Self { version, kind, role });
                }
            }
        }
        all
    }

    /// Returns what is run on Windows: pipes with every version, TCP with the one most used.
    pub(crate) fn on_windows() -> Vec<Self> {
        let of =
            |(version, kind)| [Role::Server, Role::Client].map(|role| Self { version, kind, role });
        let pipes = Version::ALL.map(|version| (version, Kind::Pipe));
        pipes.into_iter().chain([(Version::V9, Kind::Tcp)]).flat_map(of).collect()
    }

    /// Returns whether every case there is runs here, not only those of the core: over the plainest
    /// sockets, for a version of each dialect.
    pub(crate) fn is_full(self) -> bool {
        Version::DIALECTS.contains(&self.version) && self.kind.is_plain()
    }
}

impl Role {
    /// Returns the role that node-ipc plays.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::Server => Self::Client,
            Self::Client => Self::Server,
        }
    }
}

impl Kind {
    /// Every kind of this system.
    pub(crate) const ALL: [Self; 5] = [Self::Unix, Self::Tcp, Self::Tls, Self::Udp4, Self::Udp6];
    /// Every kind, in the order of the tables.
    pub(crate) const EVERYWHERE: [Self; 6] =
        [Self::Unix, Self::Pipe, Self::Tcp, Self::Tls, Self::Udp4, Self::Udp6];

    /// Returns whether this system has it.
    fn is_here(self) -> bool {
        cfg!(unix) || self != Self::Unix
    }

    /// Returns whether it carries connections, not single datagrams.
    pub(crate) fn is_stream(self) -> bool {
        !self.is_datagram()
    }

    /// Returns whether it carries single datagrams.
    pub(crate) fn is_datagram(self) -> bool {
        matches!(self, Self::Udp4 | Self::Udp6)
    }

    /// Returns whether a bare socket can speak to it: a stream without encryption.
    pub(crate) fn is_plain(self) -> bool {
        matches!(self, Self::Unix | Self::Tcp)
    }

    /// Returns the address of this machine that it is tested with; of no use to local sockets.
    pub(crate) fn host(self) -> &'static str {
        if self == Self::Udp6 { "::1" } else { "127.0.0.1" }
    }
}

impl Mode {
    /// Both, in the order of the tables.
    pub(crate) const ALL: [Self; 2] = [Self::Framed, Self::Raw];
}

impl fmt::Display for Combo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}/{}/{}", self.version, self.kind, self.role))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Unix => "unix",
            Self::Pipe => "pipe",
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Udp4 => "udp4",
            Self::Udp6 => "udp6",
        })
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.to_string() == text)
            .ok_or_else(|| format!("no kind `{text}`"))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Server => "server",
            Self::Client => "client",
        })
    }
}

impl FromStr for Role {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Server, Self::Client]
            .into_iter()
            .find(|role| role.to_string() == text)
            .ok_or_else(|| "`server` or `client`".into())
    }
}
