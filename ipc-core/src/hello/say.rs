//! `Hello`: what a client says of itself at the beginning of each connection.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::{Token, VERSION};
use crate::protocol::builtin::Value;

/// What a client says of itself: `$hello` is the first frame of each of its connections, before what waits
/// to be sent.
///
/// A server of this library takes the name for the client's [`Identity`](crate::Identity). Every server
/// of node-ipc takes the frame for an event of which it knows nothing; classic ones call the socket by the
/// name. Over UDP, where nothing connects, it is not said.
///
/// The token is in no `Debug`, trace or log.
///
/// # Examples
///
/// ```
/// use ipc_core::{Client, Hello, MsgPack, OnPlainPeer};
/// use ipc_transport::MemoryTransport;
///
/// let hello = Hello::new("alice").token("s3cret").on_plain_peer(OnPlainPeer::Refuse);
/// assert!(!format!("{hello:?}").contains("s3cret"));
/// let client = Client::builder(MsgPack::new(), MemoryTransport::new("x")).hello(hello).build();
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Hello {
    /// The name; a server takes up to 256 UTF-16 units. `None`: the client has none, and only learns who the
    /// server is.
    pub name: Option<Arc<str>>,
    /// What becomes of a client whose server does not know `$hello`. Default: it goes on.
    pub on_plain_peer: OnPlainPeer,
    /// How long the answer may take before the server counts as one that does not know `$hello`.
    /// Default: 2 s.
    pub timeout: Duration,
    token: Option<Token>,
}

/// What becomes of a client whose server does not know `$hello`, such as one of node-ipc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnPlainPeer {
    /// It goes on without an answer. The default.
    #[default]
    Ignore,
    /// It ends with [`Error::PlainPeer`](crate::Error::PlainPeer). Nothing but the hello, and what was
    /// subscribed to, is written before the server has answered: what was sent meanwhile is handed back.
    Refuse,
}

/// What a client does when the server sends it away for good: with a [`Bye`](crate::Bye) that asks it not
/// to come back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum WhenDismissed {
    /// It ends with its connection. The default.
    #[default]
    End,
    /// It connects again, as node-ipc does.
    ComeBack,
}

impl Hello {
    /// Returns the hello of a client with this name.
    #[must_use]
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self { name: Some(name.into()), ..Self::unnamed() }
    }

    /// Returns the hello of a client without a name.
    #[must_use]
    pub const fn unnamed() -> Self {
        Self {
            name: None,
            on_plain_peer: OnPlainPeer::Ignore,
            timeout: Duration::from_secs(2),
            token: None,
        }
    }

    /// Sets the token that is to prove the name to the server. It is sent as it is: only over a connection
    /// that others cannot read.
    #[must_use]
    pub fn token(self, token: impl Into<Token>) -> Self {
        Self { token: Some(token.into()), ..self }
    }

    /// Sets [`on_plain_peer`](Self::on_plain_peer).
    #[must_use]
    pub fn on_plain_peer(self, on_plain_peer: OnPlainPeer) -> Self {
        Self { on_plain_peer, ..self }
    }

    /// Sets [`timeout`](Self::timeout).
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Returns the arguments of `$hello`.
    pub(crate) fn args(&self, features: Vec<Box<str>>) -> Value {
        Value::map([
            ("v", VERSION.into()),
            ("name", self.name.as_deref().into()),
            ("token", self.token.as_ref().map(Token::expose).into()),
            ("features", Value::list(features)),
        ])
    }
}

/// Without the token.
impl fmt::Debug for Hello {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hello")
            .field("name", &self.name)
            .field("token", &self.token)
            .field("on_plain_peer", &self.on_plain_peer)
            .field("timeout", &self.timeout)
            .finish()
    }
}
