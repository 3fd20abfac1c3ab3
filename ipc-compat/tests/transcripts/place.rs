//! Where a script is played: over which kind of socket, and at which path or port.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU16, Ordering};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// A kind of socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Unix,
    Tcp,
    Udp,
}

/// What a script does over UDP, where there are no connections and node-ipc has no client: what a
/// server does, and peers that are not under test.
const UDP_STEPS: [&str; 8] =
    ["at", "config", "serve", "stop", "broadcast", "dial", "write", "kill"];

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Unix, Self::Tcp, Self::Udp];

    /// Returns whether the script was played over this kind.
    pub(crate) fn fits(self, script: &[String]) -> bool {
        let name = |step: &String| step.split(' ').next().is_some_and(|n| UDP_STEPS.contains(&n));
        self != Self::Udp || script.iter().all(name)
    }

    /// Returns whether node-ipc publishes this line without reason: over UDP, which has no
    /// connections, it reports its own socket as a client that connected.
    // Tests W45
    pub(crate) fn is_noise(self, line: &str) -> bool {
        self == Self::Udp && line == "0 server connect"
    }

    /// Returns the part of a transcript that was recorded of a version over this kind, if it is not
    /// the same as over a Unix socket.
    pub(crate) fn part(self, version: &str) -> String {
        match self {
            Self::Unix => version.to_owned(),
            Self::Tcp => format!("{version} tcp"),
            Self::Udp => format!("{version} udp4"),
        }
    }
}

/// A place of a server.
#[derive(Debug)]
pub(crate) enum Place {
    File(PathBuf),
    Net(Kind, SocketAddr),
}

impl Place {
    /// Returns a place of this kind that no other test has; `path` is for Unix sockets.
    pub(crate) fn new(kind: Kind, path: PathBuf) -> Self {
        static PORT: AtomicU16 = AtomicU16::new(20_000);
        match kind {
            Kind::Unix => Self::File(path),
            _ => Self::Net(kind, (own_address(), PORT.fetch_add(1, Ordering::Relaxed)).into()),
        }
    }

    /// Listens there with a socket that is not under test. Another one's stale file is removed.
    pub(crate) async fn listen(&self) -> Listener {
        match self {
            Self::File(path) => {
                let _ = std::fs::remove_file(path);
                Listener::Unix(UnixListener::bind(path).unwrap())
            }
            Self::Net(_, at) => Listener::Tcp(TcpListener::bind(at).await.unwrap()),
        }
    }

    /// Connects to who listens there.
    pub(crate) async fn dial(&self) -> Box<dyn Duplex> {
        match self {
            Self::File(path) => Box::new(UnixStream::connect(path).await.unwrap()),
            Self::Net(_, at) => Box::new(TcpStream::connect(at).await.unwrap()),
        }
    }
}

/// Returns a loopback address that is this process's own, so that its ports are all free. Where
/// there is only one loopback address, they are by custom.
fn own_address() -> Ipv4Addr {
    if cfg!(not(target_os = "linux")) {
        return Ipv4Addr::LOCALHOST;
    }
    let id = std::process::id();
    let octet = |n: u32| u8::try_from(n % 250 + 1).unwrap();
    Ipv4Addr::new(127, octet(id / 62_500), octet(id / 250), octet(id))
}

/// A stream of any kind.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A socket that listens.
pub(crate) enum Listener {
    Unix(UnixListener),
    Tcp(TcpListener),
}

impl Listener {
    /// Returns the next connection. File and port stay when the listener is dropped, and go.
    pub(crate) async fn accept(&mut self) -> Box<dyn Duplex> {
        match self {
            Self::Unix(listener) => Box::new(listener.accept().await.unwrap().0),
            Self::Tcp(listener) => Box::new(listener.accept().await.unwrap().0),
        }
    }
}
