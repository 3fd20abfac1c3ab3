//! What a case is run over: node-ipc's version, the kind of socket, and who plays which role.

use std::fmt;
use std::str::FromStr;

use crate::node::Version;

/// A kind of socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Unix,
    Tcp,
}

/// The role that `nipc` plays; node-ipc plays the other one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Server,
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
        let kinds: &[Kind] = if cfg!(unix) { &[Kind::Unix, Kind::Tcp] } else { &[Kind::Tcp] };
        let mut all = Vec::new();
        for version in Version::ALL {
            for &kind in kinds {
                for role in [Role::Server, Role::Client] {
                    all.push(Self { version, kind, role });
                }
            }
        }
        all
    }
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
            Self::Tcp => "tcp",
        })
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Unix, Self::Tcp].into_iter().find(|kind| kind.to_string() == text).ok_or(())
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
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        [Self::Server, Self::Client].into_iter().find(|role| role.to_string() == text).ok_or(())
    }
}
