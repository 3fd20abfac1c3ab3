//! `blocking::IpcServer`: accepts clients, each to be served by a thread of its own.

use std::fmt;
use std::sync::Arc;

use ipc_core::Error;
use ipc_core::blocking::{Server, ServerBuilder};
use ipc_transport::{Endpoint, Transport};

use super::{IpcConnection, without_callback};
use crate::ipc::IpcError;
use crate::ipc::args::{ServeArgs, ServeNetArgs};
use crate::ipc::log::{Log, Logged};
use crate::ipc::setup::{Setup, identify};
use crate::ipc::sorted_args::SortedArgs;
use crate::{Config, NodeFormat};

/// A server without a runtime: [`accept`](Self::accept) returns its clients, and a thread for each is
/// the program's to start.
///
/// Beyond the config's `max_connections`, clients are turned away; a client counts until its end or
/// until its [`IpcConnection`] is dropped. Dropping the server ends listening; the clients go on.
///
/// # Examples
///
/// ```no_run
/// use ipc_compat::Config;
/// use ipc_compat::blocking::{Incoming, IpcServer};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut server = IpcServer::serve(&Config::classic(), "/tmp/app.world")?;
/// loop {
///     let mut client = server.accept()?;
///     std::thread::spawn(move || {
///         while let Some(event) = client.next() {
///             if let Incoming::Message(message) = event {
///                 let _ = client.emit("seen", message.event()); // Fails only if the client is gone.
///             }
///         }
///     });
/// }
/// # }
/// ```
pub struct IpcServer {
    state: State,
    accepted: u64,
    refused: u64,
    identify: bool,
    log: Logged,
}

enum State {
    /// Not started yet.
    New(Box<ServerBuilder<NodeFormat>>),
    Listening(Box<Server<NodeFormat>>),
}

impl IpcServer {
    /// Makes a server on a local socket; the arguments are those of
    /// [`Ipc::serve`](crate::Ipc::serve). It does not listen yet.
    ///
    /// # Errors
    ///
    /// [`IpcError`] if the config or an argument cannot be used; on Windows always, where a local
    /// socket is a pipe.
    pub fn serve(config: &Config, args: impl ServeArgs) -> Result<Self, IpcError> {
        let call = without_callback(SortedArgs::serve(args.into_args())?)?;
        let setup = Setup::new(config)?;
        let transport = setup.serve(&call)?;
        Self::new(setup, transport)
    }

    /// Makes a server on TCP; the arguments are those of
    /// [`Ipc::serve_net`](crate::Ipc::serve_net). It does not listen yet.
    ///
    /// # Errors
    ///
    /// [`IpcError`] if the config or an argument cannot be used; [`IpcError::NotBlocking`] if the
    /// config has `tls`, or UDP is asked for.
    pub fn serve_net(config: &Config, args: impl ServeNetArgs) -> Result<Self, IpcError> {
        let call = without_callback(SortedArgs::serve_net(args.into_args())?)?;
        let setup = Setup::new(config)?;
        let transport = setup.serve_net(&call)?;
        Self::new(setup, transport)
    }

    /// Makes a server on a transport of the program's own, such as a socket it was started with. It
    /// does not listen yet.
    ///
    /// # Errors
    ///
    /// [`IpcError`] if the config cannot be used; [`IpcError::NotBlocking`] if the transport's sockets
    /// need a runtime; under the profile `assured` always, for nothing is known of the transport.
    pub fn serve_on(config: &Config, transport: impl Transport) -> Result<Self, IpcError> {
        let setup = Setup::new(config)?;
        let transport = setup.on(transport)?;
        Self::new(setup, transport)
    }

    fn new(setup: Setup<'_>, transport: Arc<dyn Transport>) -> Result<Self, IpcError> {
        let config = setup.config;
        let log = Logged::new(Log::new(config), config);
        let refused = log.clone();
        let builder = setup
            .blocking_server(transport, &log)?
            .on_refused(move |_, why| refused.line(format_args!("client refused: {why}")));
        Ok(Self {
            state: State::New(Box::new(builder)),
            accepted: 0,
            refused: 0,
            identify: identify(config),
            log,
        })
    }

    /// Starts listening, unless it does, and returns where.
    ///
    /// # Errors
    ///
    /// [`Error::Transport`] if the endpoint cannot be listened on. It may be called again.
    ///
    /// # Panics
    ///
    /// If it is called within an async runtime, which a thread that waits would stop.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use ipc_compat::{Config, blocking::IpcServer};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut server = IpcServer::serve_net(&Config::classic(), 8123)?;
    /// println!("listening at {}", server.start()?);
    /// # Ok(()) }
    /// ```
    pub fn start(&mut self) -> Result<Endpoint, Error> {
        self.listening().map(|server| server.endpoint())
    }

    /// Waits for the next client and returns it. Starts listening, unless the server does. With `config.token` or
    /// `config.token_file` it is one that was let in; those that wait for that are heard in here only.
    ///
    /// # Errors
    ///
    /// [`Error::Transport`]; once the server listens, it can still accept. Out of file descriptors,
    /// say: wait a moment before the next call.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    pub fn accept(&mut self) -> Result<IpcConnection, Error> {
        let server = self.listening()?;
        let accepted = server.accept();
        self.refused = server.refused();
        let connection = accepted?;
        self.accepted = self.accepted.saturating_add(1);
        Ok(IpcConnection::new(self.accepted, connection, self.identify, self.log.clone()))
    }

    /// Returns how many clients were turned away, since there were too many, or by `config.access`
    /// or their tokens.
    #[must_use]
    pub fn refused(&self) -> u64 {
        self.refused
    }

    fn listening(&mut self) -> Result<&mut Server<NodeFormat>, Error> {
        if let State::New(builder) = &self.state {
            let server = (**builder).clone().listen()?;
            self.log.line(format_args!("server listens at {}", server.endpoint()));
            self.state = State::Listening(Box::new(server));
        }
        match &mut self.state {
            State::Listening(server) => Ok(&mut **server),
            // It was replaced just now.
            State::New(_) => Err(Error::Closed),
        }
    }
}

impl fmt::Debug for IpcServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IpcServer").field("accepted", &self.accepted).finish_non_exhaustive()
    }
}
