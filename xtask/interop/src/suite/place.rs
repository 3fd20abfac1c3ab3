//! `Place`: where the roles of a case meet, fresh for each.

use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU16, Ordering};

use super::matrix::Kind;
use xtask::error::{Error, Result};

/// Where the two roles meet.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    /// A path: of a socket file, or one that a pipe is named after.
    Unix(PathBuf),
    /// A port of [`Kind::host`].
    Port(u16),
}

impl Place {
    /// Returns a place for sockets of this kind that is not in use; `dir` is for local ones.
    ///
    /// # Errors
    ///
    /// If there is none, or this machine has no such sockets.
    pub(crate) fn fresh(kind: Kind, dir: &Path) -> Result<Self> {
        if matches!(kind, Kind::Unix | Kind::Pipe) {
            return Ok(Self::Unix(dir.join("s")));
        }
        if UdpSocket::bind((kind.host(), 0)).is_err() {
            return Err(Error::Unavailable(format!("this machine has no address {}", kind.host())));
        }
        // Below the range from which systems take the ports of outgoing connections.
        for _ in 0..1000 {
            let start = std::process::id() as u16;
            let number = PORTS.fetch_add(1, Ordering::Relaxed).wrapping_add(start.wrapping_mul(37));
            let port = 20_000 + number % 12_000;
            if is_free(kind, port) {
                return Ok(Self::Port(port));
            }
        }
        Err(Error::Failed("no free port between 20000 and 32000".into()))
    }

    /// Returns the option of `nipc` that names this place, and its value.
    pub(crate) fn option(&self, kind: Kind) -> [String; 2] {
        match self {
            Self::Unix(path) => ["--path".into(), path.to_string_lossy().into_owned()],
            Self::Port(port) if kind.host().contains(':') => {
                [format!("--{kind}"), format!("[{}]:{port}", kind.host())]
            }
            Self::Port(port) => [format!("--{kind}"), format!("{}:{port}", kind.host())],
        }
    }

    /// Returns whether this place is in use, as far as that can be seen.
    pub(crate) fn is_taken(&self, kind: Kind) -> bool {
        match self {
            Self::Unix(_) => false,
            Self::Port(port) => !is_free(kind, *port),
        }
    }

    /// Returns the port.
    ///
    /// # Errors
    ///
    /// If this is a local place.
    pub(crate) fn port(&self) -> Result<u16> {
        match self {
            Self::Unix(_) => Err("a local place has no port".into()),
            Self::Port(port) => Ok(*port),
        }
    }
}

fn is_free(kind: Kind, port: u16) -> bool {
    let place = (kind.host(), port);
    if kind.is_datagram() {
        UdpSocket::bind(place).is_ok()
    } else {
        TcpListener::bind(place).is_ok()
    }
}

static PORTS: AtomicU16 = AtomicU16::new(0);
