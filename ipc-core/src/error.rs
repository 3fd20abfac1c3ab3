//! The driver's errors.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ipc_codec::{DecodeError, EncodeError};
use ipc_transport::{Endpoint, RuntimeError, TransportError};

use crate::calls::CallError;
pub use crate::disconnect_reason::DisconnectReason;
use crate::protocol::connection::Fault;
use crate::protocol::queue::{PushError, QueueLimit};
use crate::{
    Denied, Failure, FormatError, HandlerError, LooksLike, OnDenied, OverRate, PeerId, Rate,
    TopicError,
};

/// What went wrong on a connection, or while one was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The socket could not be opened, or no connection accepted.
    #[error(transparent)]
    Transport(TransportError),
    /// The tokio runtime at hand cannot run a client or a server: there is none, or it was built
    /// without timers or without sockets. Nothing was started; on another runtime it can be.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// A server that wants a token of each peer ([`ServerBuilder::token`](crate::ServerBuilder::token)) cannot
    /// listen, since no peer can say hello to it, for this reason.
    #[error("no peer can show its token: {0}")]
    TokensUnsupported(&'static str),
    /// Connecting took too long.
    #[error("no connection to {endpoint} within {limit:?}")]
    ConnectTimeout {
        /// Where to.
        endpoint: Endpoint,
        /// How long it may take.
        limit: Duration,
    },
    /// Reading from the peer failed.
    #[error("the connection broke while reading")]
    Read(#[source] io::Error),
    /// Writing to the peer failed.
    #[error("the connection broke while writing")]
    Write(#[source] io::Error),
    /// The peer sent a frame that cannot be decoded.
    #[error(transparent)]
    Frame(#[from] DecodeError),
    /// The peer sent a frame that cannot be decoded, since it speaks another protocol.
    #[error("{error}: it looks like {looks_like}")]
    Foreign {
        /// What is wrong with the frame.
        error: DecodeError,
        /// What it looks like.
        looks_like: LooksLike,
    },
    /// The peer ended the connection within a frame, which is lost.
    #[error("the connection ended within a frame, after {buffered} bytes of it{}", hint(*looks_like))]
    Truncated {
        /// How many bytes of the frame had come.
        buffered: usize,
        /// What they look like, if that may be why.
        looks_like: Option<LooksLike>,
    },
    /// The peer began a frame and neither went on with it nor ended it.
    #[error("an unfinished frame made no progress within {limit:?}{}", hint(*looks_like))]
    FrameTimeout {
        /// How long it may take.
        limit: Duration,
        /// What its beginning looks like, if that may be why.
        looks_like: Option<LooksLike>,
    },
    /// The peer sent nothing for too long.
    #[error("the peer sent nothing within {limit:?}")]
    IdleTimeout {
        /// How long it may be silent.
        limit: Duration,
    },
    /// The peer gave no sign of life, although it was asked for one, by a [`Heartbeat`](crate::Heartbeat).
    #[error("the peer gave no sign of life for {actual:?}, the limit is {limit:?}")]
    Silent {
        /// How long it may give none.
        limit: Duration,
        /// How long it gave none.
        actual: Duration,
    },
    /// The peer sent a frame that the format cannot decode.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// A handler failed.
    #[error(transparent)]
    Handler(#[from] HandlerError),
    /// The peer does not read as fast as it is written to, and the policy is to disconnect it.
    #[error("the peer does not read: {0}")]
    Overflow(QueueLimit),
    /// All peers of the server together sent more of unfinished frames than they may.
    #[error("unfinished frames of all peers would take {actual} bytes, the limit is {limit}")]
    ReceiveBudget {
        /// How many bytes they may take.
        limit: usize,
        /// How many they would take.
        actual: usize,
    },
    /// The peer sent more than its [`Rate`] allows, and the server is set to close the connection then,
    /// or to drop what is over it.
    #[error("the peer sends more than {rate}{}", Rate::dropped_words(*dropped))]
    RateExceeded {
        /// The rate; what happens over it says whether the connection ends.
        rate: Rate,
        /// How many of its messages were dropped since this was reported last; 0 if the connection was
        /// closed.
        dropped: u64,
    },
    /// The server has refused, on a further connection, what the client had subscribed to: nothing that
    /// it publishes comes. The next connection is asked again.
    #[error("the subscriptions were not made again")]
    NotSubscribed(#[source] CallError),
    /// The peer did what its [`Allow`](crate::Allow) does not have. The event was dropped, or the call
    /// answered with the failure `denied`.
    #[error("the peer may not {} {name:?}", what.verb())]
    Denied {
        /// What it did.
        what: Denied,
        /// The name of the event, method or topic, as the peer has chosen it; 64 characters at most.
        name: String,
        /// Whether the connection is closed for it.
        then: OnDenied,
    },
    /// A notice of the peer's was not run: there is no such method, say, or too many run. It has no answer
    /// that could say so.
    #[error("a notice was not run: {0}")]
    NoticeRefused(Box<Failure>),
    /// A datagram could not be sent. The message in it is lost, and counted as dropped.
    #[error("a datagram of {bytes} bytes was not sent")]
    Datagram {
        /// How many bytes it had.
        bytes: usize,
        /// Why.
        source: io::Error,
    },
    /// No peer of the server has this address, and the server's kind of socket cannot speak first,
    /// or does not listen yet.
    #[error("no peer has the address {remote}")]
    NoPeerAt {
        /// The address.
        remote: SocketAddr,
    },
    /// The server has not answered the client's [`Hello`](crate::Hello), or not as one of this library
    /// does, and [`OnPlainPeer::Refuse`](crate::OnPlainPeer::Refuse) is set: the client ends.
    #[error("the server does not know $hello, which this client insists on")]
    PlainPeer,
    /// The server has not accepted the client's [`Hello`](crate::Hello): the connection goes on, and the
    /// client has no identity.
    #[error("the server does not accept who the client says it is")]
    HelloRefused(#[source] CallError),
    /// The server is shut down.
    #[error("the server is shut down")]
    Closed,
    /// The closing connection was cut since it took too long.
    #[error("closing took longer than {limit:?}")]
    CloseTimeout {
        /// How long it may take.
        limit: Duration,
    },
}

impl Error {
    /// Returns a stable code, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Transport(error) => error.code(),
            Self::Runtime(error) => error.code(),
            Self::TokensUnsupported(_) => "tokens_unsupported",
            Self::ConnectTimeout { .. } => "connect_timeout",
            Self::Read(_) | Self::Write(_) => "connection_lost",
            Self::Frame(error) | Self::Foreign { error, .. } => error.code(),
            Self::Truncated { .. } => "truncated",
            Self::FrameTimeout { .. } => "frame_timeout",
            Self::IdleTimeout { .. } => "idle_timeout",
            Self::Silent { .. } => "silent",
            Self::Format(error) => error.code(),
            Self::Handler(error) => error.code(),
            Self::Overflow(_) => "queue_full",
            Self::ReceiveBudget { .. } => "receive_budget",
            Self::RateExceeded { .. } => "rate_exceeded",
            Self::NotSubscribed(_) => "not_subscribed",
            Self::Denied { .. } => "denied",
            Self::NoticeRefused(_) => "notice_refused",
            Self::Datagram { .. } => "datagram_not_sent",
            Self::NoPeerAt { .. } => "no_peer_at",
            Self::PlainPeer => "plain_peer",
            Self::HelloRefused(_) => "hello_refused",
            Self::Closed => "closed",
            Self::CloseTimeout { .. } => "close_timeout",
        }
    }

    /// Returns whether connecting again can never help, since what is wrong is in the program's own
    /// settings: see [`TransportError::is_permanent`].
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        matches!(self, Self::Transport(error) if error.is_permanent())
    }

    /// Returns whether the connection ends with this error.
    #[must_use]
    pub fn ends_connection(&self) -> bool {
        match self {
            Self::Frame(error) | Self::Foreign { error, .. } => error.ends_stream(),
            Self::Format(_)
            | Self::Handler(_)
            | Self::NotSubscribed(_)
            | Self::HelloRefused(_)
            | Self::NoticeRefused(_)
            | Self::Datagram { .. } => false,
            Self::RateExceeded { rate, .. } => rate.when_over() == OverRate::Close,
            Self::Denied { then, .. } => *then == OnDenied::Close,
            _ => true,
        }
    }
}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Malformed(error) => Self::Format(error),
            Fault::Frame { error, looks_like: Some(looks_like) } => {
                Self::Foreign { error, looks_like }
            }
            Fault::Frame { error, looks_like: None } => Self::Frame(error),
            Fault::Truncated { buffered, looks_like } => Self::Truncated { buffered, looks_like },
            Fault::FrameTimeout { limit, looks_like } => Self::FrameTimeout { limit, looks_like },
            Fault::IdleTimeout { limit } => Self::IdleTimeout { limit },
            Fault::Silent { limit, actual } => Self::Silent { limit, actual },
            Fault::CloseTimeout { limit } => Self::CloseTimeout { limit },
            Fault::OverBudget { limit, actual } => Self::ReceiveBudget { limit, actual },
            Fault::OverRate(rate) => Self::RateExceeded { rate, dropped: 0 },
            Fault::Denied { what, name } => Self::Denied { what, name, then: OnDenied::Close },
            Fault::Overflow(limit) => Self::Overflow(limit),
            Fault::Read(error) => Self::Read(error),
            Fault::Write(error) => Self::Write(error),
        }
    }
}

/// Says what a peer speaks that does not speak TLS, which the transports do not know.
impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        Self::Transport(error.with_foreign_name(|first| {
            LooksLike::instead_of_tls(first).map(|found| format!("it looks like {found}"))
        }))
    }
}

/// Returns what follows an error of a frame that looks like something else.
fn hint(looks_like: Option<LooksLike>) -> String {
    looks_like.map_or_else(String::new, |looks_like| format!(": it looks like {looks_like}"))
}

/// Why a message was not taken. Nothing of it was sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EmitError {
    /// Too much waits already.
    #[error("the send queue is full: {0}")]
    Full(QueueLimit),
    /// The message alone is larger than the whole queue may be.
    #[error("a message of {actual} bytes is larger than the send queue may be, {limit} bytes")]
    TooLarge {
        /// How many bytes the queue may hold.
        limit: usize,
        /// How many bytes the message has as a frame.
        actual: usize,
    },
    /// The message does not fit into a datagram, and a datagram is what it has to be sent in.
    #[error("a message of {actual} bytes does not fit into a datagram of {limit} bytes")]
    TooLargeForDatagram {
        /// How many bytes a datagram has at most.
        limit: usize,
        /// How many bytes the message has as a frame.
        actual: usize,
    },
    /// The payload cannot be put into the format.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// The frame is too large, or contains its own delimiter.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The connection is closed for good, or about to be.
    #[error("the connection is closed")]
    Closed,
    /// No peer with this id is connected.
    #[error("no peer {0} is connected")]
    UnknownPeer(PeerId),
    /// What it was to be published under is no topic.
    #[error(transparent)]
    Topic(#[from] TopicError),
    /// The client was not started yet, and cannot be on the tokio runtime at hand.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
}

impl EmitError {
    /// Returns a stable code, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Full(_) => "queue_full",
            Self::TooLarge { .. } => "larger_than_queue",
            Self::TooLargeForDatagram { .. } => "larger_than_datagram",
            Self::Format(error) => error.code(),
            Self::Encode(error) => error.code(),
            Self::Closed => "closed",
            Self::UnknownPeer(_) => "unknown_peer",
            Self::Topic(error) => error.code(),
            Self::Runtime(error) => error.code(),
        }
    }
}

impl From<PushError> for EmitError {
    fn from(error: PushError) -> Self {
        match error {
            PushError::Full(limit) => Self::Full(limit),
            PushError::TooLarge { limit, actual } => Self::TooLarge { limit, actual },
            PushError::TooLargeForDatagram { limit, actual } => {
                Self::TooLargeForDatagram { limit, actual }
            }
            PushError::Format(error) => Self::Format(error),
            PushError::Encode(error) => Self::Encode(error),
        }
    }
}

/// Why a client did not get connected.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The last attempt failed and there is none after it.
    #[error("could not connect")]
    Failed(#[source] Arc<Error>),
    /// The client is closed.
    #[error("the client is closed")]
    Closed,
}

impl ConnectError {
    /// Returns a stable code, for programs: that of the last attempt's error, if there was one.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Failed(error) => error.code(),
            Self::Closed => "closed",
        }
    }
}
