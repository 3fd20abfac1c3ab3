//! `Rules`: the settings of a connection that decide how it ends.

use std::time::Duration;

use super::Heartbeat;

/// The settings of a [`Machine`](super::Machine).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rules {
    /// Which side this is.
    pub role: Role,
    /// How long an unfinished frame may take to grow by 1 KiB or to end. Default: 30 s.
    pub frame_timeout: Option<Duration>,
    /// How long the peer may send nothing. Default: for ever.
    pub idle_timeout: Option<Duration>,
    /// When a silent peer that answers calls is asked for a sign of life, and when it is given up.
    /// Default: never.
    pub heartbeat: Option<Heartbeat>,
    /// How long closing may take until everything is written. Default: 10 s.
    pub close_timeout: Duration,
    /// How long the peer's end is awaited after that. Default: 1 s.
    pub linger: Duration,
    /// Whether a frame that the format cannot decode ends the connection. Default: no.
    pub close_on_malformed: bool,
}

/// Which side of a connection this is, which decides what happens after the peer's end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// It ends, and keeps what waits for the next connection.
    Client,
    /// It writes what waits first: a peer may end its side and still read the answers.
    Server,
}

impl Rules {
    /// Returns the default rules of this side.
    #[must_use]
    pub const fn new(role: Role) -> Self {
        Self {
            role,
            frame_timeout: Some(Duration::from_secs(30)),
            idle_timeout: None,
            heartbeat: None,
            close_timeout: Duration::from_secs(10),
            linger: Duration::from_secs(1),
            close_on_malformed: false,
        }
    }
}

#[cfg(feature = "tokio")]
impl Rules {
    /// Returns the rules that a driver's configuration sets.
    pub(crate) fn of(config: &crate::options::ConnectionConfig, role: Role) -> Self {
        Self {
            role,
            frame_timeout: config.frame_timeout,
            idle_timeout: config.idle_timeout,
            heartbeat: config.heartbeat,
            close_timeout: config.close_timeout,
            linger: config.linger,
            close_on_malformed: config.on_malformed == crate::OnMalformed::Close,
        }
    }
}
