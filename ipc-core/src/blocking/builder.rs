//! `ClientBuilder` and `ServerBuilder`: formats, transports and options of the blocking driver.

use std::fmt;
use std::sync::Arc;

use ipc_transport::{Displaced, PeerInfo, Transport};

use super::client::runtime;
use super::greet::Greet;
use super::identities::Registry;
use super::link::Link;
use super::{Client, NotBlocking, Server, plain};
use crate::error::Error;
use crate::options::{ConnectionConfig, setters};
use crate::protocol::session::Session;
use crate::runtime::server::token::Gate;
use crate::{Claim, ClientOptions, Identity, MessageFormat, Refusal, ServerOptions, TokenCheck};

/// Builds a client.
///
/// The defaults are those of [`ClientOptions`] and
/// [`ConnectionOptions`](crate::ConnectionOptions). The setters change one option each.
#[derive(Debug)]
pub struct ClientBuilder<F> {
    format: F,
    transport: Arc<dyn Transport>,
    options: ClientOptions,
}

impl<F: MessageFormat> ClientBuilder<F> {
    pub(super) fn new(format: F, transport: impl Transport) -> Result<Self, NotBlocking> {
        Ok(Self { format, transport: plain(transport)?, options: ClientOptions::default() })
    }

    /// Sets all options at once, those of the connection too, in place of what was set before.
    #[must_use]
    pub fn options(mut self, options: ClientOptions) -> Self {
        self.options = options;
        self
    }

    setters!(client at [options.]);
    setters!(connection at [options.connection.]);

    /// Returns the client. It is not connected yet.
    #[must_use]
    pub fn build(self) -> Client<F> {
        let Self { format, transport, options } = self;
        let mut link = Link::new(Arc::new(format), ConnectionConfig::of_client(&options));
        link.greet = Some(Box::new(Greet::new(options.hello)));
        Client::new(link, Session::new(options.reconnect), transport, options.connect_timeout)
    }
}

/// Builds a server.
///
/// The defaults are those of [`ServerOptions`] and
/// [`ConnectionOptions`](crate::ConnectionOptions). The setters change one option each.
#[derive(Debug, Clone)]
pub struct ServerBuilder<F> {
    format: F,
    transport: Arc<dyn Transport>,
    options: ServerOptions,
    told: Told,
}

/// The functions that a server calls while it accepts.
#[derive(Clone)]
pub(super) struct Told {
    /// When the socket file is lost.
    pub(super) displaced: Arc<dyn Fn(&Displaced) + Send + Sync>,
    /// When a peer is not let in.
    pub(super) refused: Arc<OnRefused>,
}

type OnRefused = dyn Fn(&PeerInfo, &Refusal) + Send + Sync;

impl Default for Told {
    fn default() -> Self {
        Self { displaced: Arc::new(|_| {}), refused: Arc::new(|_, _| {}) }
    }
}

impl fmt::Debug for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Told")
    }
}

impl<F: MessageFormat> ServerBuilder<F> {
    pub(super) fn new(format: F, transport: impl Transport) -> Result<Self, NotBlocking> {
        Ok(Self {
            format,
            transport: plain(transport)?,
            options: ServerOptions::default(),
            told: Told::default(),
        })
    }

    /// Sets all options at once, those of the connections too, in place of what was set before. A check of
    /// tokens stays unless these options have one: without it everybody would be let in.
    #[must_use]
    pub fn options(mut self, options: ServerOptions) -> Self {
        self.options = options.in_place_of(self.options);
        self
    }

    setters!(server at [options.]);
    setters!(connection at [options.connection.]);

    /// Sets a function that is called when the server's socket file was removed or replaced: no new
    /// client finds the server then, unless the file was made again. It is called on the thread that
    /// accepts, while that waits in [`Server::accept`]. What the server does then is the transport's
    /// setting. Default: none.
    #[must_use]
    pub fn on_displaced(mut self, handler: impl Fn(&Displaced) + Send + Sync + 'static) -> Self {
        self.told.displaced = Arc::new(handler);
        self
    }

    /// Sets a function that is called when a peer was not let in, on the thread that accepts, while that
    /// waits in [`Server::accept`]. Default: none; [`Server::refused`] counts them in any case.
    #[must_use]
    pub fn on_refused(
        mut self,
        handler: impl Fn(&PeerInfo, &Refusal) + Send + Sync + 'static,
    ) -> Self {
        self.told.refused = Arc::new(handler);
        self
    }

    /// Sets the check of those who say hello, as that of the [async server](crate::ServerBuilder::token): it
    /// decides whether a peer is let in, and who it is then, before anything else of it is handled. It is called
    /// on the thread that accepts, while that waits in [`Server::accept`]: as long as it takes, no other peer gets
    /// in. If it panics, the peer is refused. Default: none.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "msgpack")] fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use ipc_core::blocking::Server;
    /// use ipc_core::{Identity, MsgPack, Refusal};
    /// use ipc_transport::TcpTransport;
    ///
    /// let server = Server::builder(MsgPack::new(), TcpTransport::new("127.0.0.1", 0))?
    ///     .token(|claim, _| match (claim.name, claim.token) {
    ///         (Some(name), Some(token)) if token.verify("s3cret") => Ok(Identity::by_token(name)),
    ///         _ => Err(Refusal::new("a wrong name or token")),
    ///     })
    ///     .listen()?;
    /// # drop(server);
    /// # Ok(()) }
    /// # #[cfg(not(feature = "msgpack"))] fn main() {}
    /// ```
    #[must_use]
    pub fn token(
        self,
        check: impl Fn(Claim, &PeerInfo) -> Result<Identity, Refusal> + Send + Sync + 'static,
    ) -> Self {
        let check = move |claim, info: Arc<PeerInfo>| std::future::ready(check(claim, &info));
        self.token_check(Some(TokenCheck::new(check)))
    }

    /// Starts listening and returns the server.
    ///
    /// # Errors
    ///
    /// [`Error::Transport`] if the endpoint cannot be listened on, [`Error::TokensUnsupported`] if there is a
    /// [`token`](Self::token) and no peer can show one.
    ///
    /// # Panics
    ///
    /// If it is called within an async runtime, which a thread that waits would stop.
    pub fn listen(self) -> Result<Server<F>, Error> {
        let gate = Gate::of(&self.options);
        if let Some(gate) = &gate {
            gate.check_format(&self.format, &ConnectionConfig::of(&self.options))?;
        }
        let runtime = runtime(&*self.transport)?;
        let listener = runtime.block_on(self.transport.listen())?;
        let registry = Registry::new(self.options.same_identity);
        Ok(Server::new(self.format, self.options, listener, self.told, registry, gate, runtime))
    }
}
