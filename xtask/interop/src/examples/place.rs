//! `Place`: an unused directory and port, for one pair of programs.

use std::net::{TcpListener, UdpSocket};
use std::path::PathBuf;

use xtask::error::{Error, Result};

/// The directory and port of one pair of programs. The directory is removed when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) dir: PathBuf,
    port: u16,
}

impl Place {
    /// Returns a place that is not in use.
    ///
    /// # Errors
    ///
    /// If there is no directory for it, or no port.
    pub(super) fn new() -> Result<Self> {
        // Short, since the path of a Unix socket holds 107 bytes only.
        let dir = std::env::temp_dir().join(format!("xe{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir)?;
        Ok(Self { port: free_port()?, dir })
    }

    /// Returns the place as settings of node-ipc, a JSON object, with `more` members in it.
    pub(super) fn settings(&self, more: &str) -> String {
        // Plain text joining makes the path of a socket, so the `/` belongs to the directory.
        let (dir, port) = (self.dir.display(), self.port);
        let comma = if more.is_empty() { "" } else { "," };
        format!(r#"{{"socketRoot":"{dir}/","networkPort":{port}{comma}{more}}}"#)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

/// Returns a port below the range from which systems take the ports of outgoing connections.
fn free_port() -> Result<u16> {
    let start = std::process::id() as u16;
    let mut tries = (0..1000).map(|at| 20_000 + start.wrapping_mul(37).wrapping_add(at) % 12_000);
    let is_free = |port: &u16| {
        let address = ("127.0.0.1", *port);
        TcpListener::bind(address).is_ok() && UdpSocket::bind(address).is_ok()
    };
    let port = tries.find(is_free);
    port.ok_or_else(|| Error::Failed("no free port between 20000 and 32000".into()))
}
