//! What a server does when its socket file is removed or replaced, and how it reports it.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use tokio::sync::broadcast::{self, error::RecvError, error::TryRecvError};

use crate::TransportError;

/// What a server does when its socket file is removed or replaced while it serves.
///
/// From then on no new client finds it; those that are connected stay. As text it is `serve-on`,
/// `remake` or `stop`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WhenDisplaced {
    /// Serves the clients that are connected, and reports it.
    #[default]
    ServeOn,
    /// Makes the file again, as at the start: a server that is alive at the path, or a file that
    /// is not a socket, is left alone. What cannot be done is tried again at each look.
    Remake,
    /// Stops: accepting is [`TransportError::Displaced`] from then on.
    Stop,
}

/// What happened to the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DisplacedBy {
    /// Nothing is at the path: the file was removed, renamed, or its directory was.
    Removed,
    /// Another file is at the path: another server's socket, say.
    Replaced,
}

/// A notice that a served socket file was removed or replaced.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Displaced {
    /// The socket path.
    pub path: PathBuf,
    /// What happened to the file.
    pub by: DisplacedBy,
    /// What the server did then.
    pub then: AfterDisplaced,
}

/// What a server did about the loss of its file.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum AfterDisplaced {
    /// It serves on; no new client finds it.
    ServesOn,
    /// It has made the file again, and new clients find it.
    Remade,
    /// The file cannot be made again now. It serves on, and tries again.
    NotRemade {
        /// Why, for example [`TransportError::AlreadyRunning`].
        reason: Arc<TransportError>,
    },
    /// It has stopped.
    Stopped,
}

/// The notices of one listener, from [`Listener::displacements`](crate::Listener::displacements).
///
/// The listener looks only while it is being accepted from. Of the notices 16 are kept; a
/// receiver that is slower misses the oldest.
#[derive(Debug)]
pub struct Displacements {
    notices: broadcast::Receiver<Displaced>,
}

impl Displacements {
    #[cfg(all(unix, feature = "unix"))]
    pub(crate) fn of(sender: &broadcast::Sender<Displaced>) -> Self {
        Self { notices: sender.subscribe() }
    }

    /// Returns the next notice, or `None` when the listener is closed.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a notice is taken only when it is returned.
    pub async fn next(&mut self) -> Option<Displaced> {
        loop {
            match self.notices.recv().await {
                Ok(notice) => return Some(notice),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// Returns the next notice if there is one already.
    pub fn try_next(&mut self) -> Option<Displaced> {
        loop {
            match self.notices.try_recv() {
                Ok(notice) => return Some(notice),
                Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => return None,
            }
        }
    }
}

impl WhenDisplaced {
    const ALL: [Self; 3] = [Self::ServeOn, Self::Remake, Self::Stop];
}

impl fmt::Display for WhenDisplaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ServeOn => "serve-on",
            Self::Remake => "remake",
            Self::Stop => "stop",
        })
    }
}

impl FromStr for WhenDisplaced {
    type Err = UnknownWhenDisplaced;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = Self::ALL.into_iter().find(|known| known.to_string() == text);
        named.ok_or_else(|| UnknownWhenDisplaced { text: text.to_owned() })
    }
}

/// A text does not name a [`WhenDisplaced`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{text:?} is not serve-on, remake or stop")]
pub struct UnknownWhenDisplaced {
    /// The text.
    pub text: String,
}

impl UnknownWhenDisplaced {
    /// Returns a short name of the error that never changes.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "unknown_name"
    }
}

/// `removed` or `replaced`.
impl fmt::Display for DisplacedBy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Removed => "removed",
            Self::Replaced => "replaced",
        })
    }
}

impl AfterDisplaced {
    /// Returns a short name that never changes: `serves_on`, `remade`, `not_remade` or `stopped`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::ServesOn => "serves_on",
            Self::Remade => "remade",
            Self::NotRemade { .. } => "not_remade",
            Self::Stopped => "stopped",
        }
    }
}

/// Says it for people.
impl fmt::Display for Displaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, by, then } = self;
        write!(f, "the socket file {} was {by}; ", path.display())?;
        match then {
            AfterDisplaced::ServesOn => f.write_str("no new client finds the server"),
            AfterDisplaced::Remade => f.write_str("it was made again"),
            AfterDisplaced::NotRemade { reason } => {
                write!(f, "no new client finds the server, and it cannot be made again: {reason}")
            }
            AfterDisplaced::Stopped => f.write_str("the server stops"),
        }
    }
}

/// How many notices are kept for each receiver.
#[cfg(all(unix, feature = "unix"))]
pub(crate) const KEPT: usize = 16;
