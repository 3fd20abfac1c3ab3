//! `Ipc`: node-ipc's object, with its calls and their order of arguments.

mod args;
mod assured;
pub mod blocking;
mod client;
mod client_calls;
mod datagrams;
mod direct;
mod error;
mod identities;
mod identity;
mod local;
mod log;
mod once;
mod options;
mod raw_socket;
mod server;
mod setup;
#[cfg(unix)]
pub(crate) mod socket_root;
mod sorted_args;
#[cfg(feature = "tls-base")]
mod tls;
#[cfg(not(feature = "tls-base"))]
#[path = "no_tls.rs"]
mod tls;
mod topics;
mod typed;
mod udp;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipc_core::Peer;
use ipc_transport::Transport;

pub use args::{ConnectToArgs, ConnectToNetArgs, ServeArgs, ServeNetArgs};
pub use client::IpcClient;
pub use datagrams::{EmitToError, ToAddress};
pub use error::IpcError;
pub use raw_socket::{RawSocket, RawTarget};
pub use server::IpcServer;
pub use sorted_args::{Arg, SortedArgs};
#[cfg(feature = "tls-base")]
pub use tls::TlsProblem;
pub use udp::{ParseUdpTypeError, UdpType};

use self::log::{Log, Logged};
use self::setup::Setup;
use crate::{Config, Inspect, NodeFormat};

/// One side of a connection as handlers get it: for a server a client, for a client its server.
pub type Socket = Peer<NodeFormat>;

/// node-ipc's object: a config, a server, and clients by the id of the server they talk to.
///
/// A process can have any number of them, each with its own config. Cheap clones are the same object.
///
/// # Examples
///
/// ```no_run
/// use ipc_compat::{Config, Ipc, IpcError};
///
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let ipc = Ipc::new(Config::classic());
/// let server = ipc.serve("/tmp/app.world")?;
/// server.on("message", |text: String, socket| {
///     // Sending fails only if the socket is gone, which is no news here.
///     let _ = socket.emit("message", &format!("{text} world!"));
/// });
/// server.start().await?;
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct Ipc {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    config: Mutex<Config>,
    log: Log,
    of: Mutex<HashMap<String, IpcClient>>,
    server: Mutex<Option<IpcServer>>,
}

impl Ipc {
    /// Returns an object with this config.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let (of, server, log) = (Mutex::default(), Mutex::default(), Log::new(&config));
        Self { inner: Arc::new(Inner { config: Mutex::new(config), log, of, server }) }
    }

    /// Returns the config as it is now.
    #[must_use]
    pub fn config(&self) -> Config {
        self.lock_config().clone()
    }

    /// Changes the config. `silent`, `logger`, `retry`, `max_retries` and `stop_retrying` reach the
    /// servers and clients that exist already, as in node-ipc; the rest holds for later ones.
    ///
    /// With `stop_retrying`, or `max_retries` 0, a client between attempts closes immediately, and a
    /// connected one when its connection is lost, unless that is taken back.
    ///
    /// # Examples
    ///
    /// ```
    /// # let ipc = ipc_compat::Ipc::new(ipc_compat::Config::classic());
    /// ipc.configure(|config| config.max_pending_bytes = 1024 * 1024);
    /// assert_eq!(ipc.config().max_pending_bytes, 1024 * 1024);
    /// ```
    // Wire rule W52
    pub fn configure(&self, change: impl FnOnce(&mut Config)) {
        let mut config = self.lock_config();
        change(&mut config);
        let reconnect = options::reconnect(&config);
        self.inner.log.configure(&config);
        drop(config);
        for client in self.lock_of().values() {
            client.set_reconnect(reconnect);
        }
    }

    /// Makes a server on a local socket: `()`, `callback`, `path` or `(path, callback)`. Without
    /// a path it is the config's socket root, appspace and id, one after the other; a path that
    /// begins with a NUL character is a name of Linux's abstract namespace. The callback runs when
    /// the server listens. Register handlers, then call [`IpcServer::start`].
    ///
    /// # Errors
    ///
    /// [`IpcError`] if the config cannot be used.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(ipc: ipc_compat::Ipc) -> Result<(), Box<dyn std::error::Error>> {
    /// let server = ipc.serve(())?; // Or `ipc.serve("/run/app/app.world")?`.
    /// server.on("message", |text: String, socket| {
    ///     // Sending fails only if the client has left.
    ///     let _ = socket.emit("message", &format!("{text} world!"));
    /// });
    /// server.start().await?;
    /// # Ok(()) }
    /// ```
    // Wire rule W30
    pub fn serve(&self, args: impl ServeArgs) -> Result<IpcServer, IpcError> {
        let call = SortedArgs::serve(args.into_args())?;
        let config = self.config();
        let setup = Setup::new(&config)?;
        let transport = setup.serve(&call)?;
        self.make_server(setup, transport, call.callback)
    }

    /// Makes a server on TCP, on TLS if the config has `tls`, or on UDP if that is asked for: any of
    /// host, port, type of UDP and callback, in this order. What is left out is the config's; port 0
    /// counts as left out. Register handlers, then call [`IpcServer::start`]. The files of `tls` are
    /// read now.
    ///
    /// # Errors
    ///
    /// [`IpcError`] if the config cannot be used, or an argument.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use ipc_compat::{Config, Ipc, UdpType};
    ///
    /// # fn main() -> Result<(), ipc_compat::IpcError> {
    /// let ipc = Ipc::new(Config::classic());
    /// ipc.serve_net(())?;
    /// ipc.serve_net(3435)?;
    /// ipc.serve_net(("192.0.2.7", 3435, |_: &Ipc| eprintln!("listening")))?;
    /// ipc.serve_net("udp4")?;
    /// ipc.serve_net((3435, UdpType::Udp4))?;
    /// # Ok(()) }
    /// ```
    pub fn serve_net(&self, args: impl ServeNetArgs) -> Result<IpcServer, IpcError> {
        let call = SortedArgs::serve_net(args.into_args())?;
        let config = self.config();
        let setup = Setup::new(&config)?;
        let transport = setup.serve_net(&call)?;
        self.make_server(setup, transport, call.callback)
    }

    /// Makes a server on a transport of the program's own: a socket it was started with
    /// ([`OpenTransport`](ipc_transport::OpenTransport)), say, or one with options that the config
    /// does not have. `tls` is not for it. Register handlers, then call [`IpcServer::start`].
    ///
    /// # Errors
    ///
    /// [`IpcError`] if the config cannot be used; under the profile `assured` always, for nothing
    /// is known of the transport.
    pub fn serve_on(&self, transport: impl Transport) -> Result<IpcServer, IpcError> {
        let config = self.config();
        let setup = Setup::new(&config)?;
        let transport = setup.on(transport)?;
        self.make_server(setup, transport, None)
    }

    /// Makes a client of a server on a local socket: `id`, `(id, callback)`, `(id, path)` or
    /// `(id, path, callback)`. Without a path it is the config's socket root and appspace, and the
    /// id; [`Config::resolve`] can name more roots to look in. The callback runs at once.
    ///
    /// The client does not dial yet: handlers that are registered on the lines after this miss
    /// nothing, on any kind of runtime. See [`IpcClient`] for what starts it. If there is a callback,
    /// its return does, and the callback is the place to register handlers.
    ///
    /// If there is a client of this id that is not closed, it is returned instead, after the callback
    /// ran.
    ///
    /// # Errors
    ///
    /// [`IpcError`] if the config cannot be used, or the id is empty; with a callback also if the
    /// client cannot be started on the current runtime.
    ///
    /// # Examples
    ///
    /// ```no_run
    /// use ipc_compat::{Config, Ipc};
    ///
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let ipc = Ipc::new(Config::classic());
    /// let world = ipc.connect_to("world")?;
    /// world.on("message", |text: String, _| println!("{text}"));
    /// world.emit("message", "hello")?; // Dialing begins here.
    /// world.closed().await;
    /// # Ok(()) }
    /// ```
    pub fn connect_to(&self, args: impl ConnectToArgs) -> Result<IpcClient, IpcError> {
        let call = SortedArgs::connect_to(args.into_args())?;
        let config = self.config();
        let setup = Setup::new(&config)?;
        let transport = setup.connect_to(&call);
        self.make_client(setup, call, transport)
    }

    /// Makes a client of a server on TCP, or on TLS if the config has `tls`: an id, then any of
    /// host, port and callback, in this order. It does not dial yet, else as
    /// [`connect_to`](Self::connect_to). The files of `tls` are read now.
    ///
    /// # Errors
    ///
    /// [`IpcError`] if the config cannot be used, or an argument, or the id is empty; with a callback
    /// also if the client cannot be started on the current runtime.
    ///
    /// # Examples
    ///
    /// ```
    /// # async fn example(ipc: ipc_compat::Ipc) -> Result<(), Box<dyn std::error::Error>> {
    /// let world = ipc.connect_to_net(("world", "192.0.2.7", 8123))?;
    /// world.emit("message", "hello")?;
    /// # Ok(()) }
    /// ```
    pub fn connect_to_net(&self, args: impl ConnectToNetArgs) -> Result<IpcClient, IpcError> {
        let call = SortedArgs::connect_to_net(args.into_args())?;
        let config = self.config();
        let setup = Setup::new(&config)?;
        let transport = setup.connect_to_net(&call)?;
        self.make_client(setup, call, transport)
    }

    /// Makes a client on a transport of the program's own, such as one over UDP, which talks to one
    /// address. It does not dial yet, else as [`connect_to`](Self::connect_to).
    ///
    /// # Errors
    ///
    /// [`IpcError`] if the config cannot be used, or the id is empty; under the profile `assured`
    /// always, for nothing is known of the transport.
    pub fn connect_on(&self, id: &str, transport: impl Transport) -> Result<IpcClient, IpcError> {
        let call = SortedArgs::connect_to(ConnectToArgs::into_args(id))?;
        let config = self.config();
        let setup = Setup::new(&config)?;
        let transport = setup.on(transport)?;
        self.make_client(setup, call, transport)
    }

    /// Closes the client of this id in the background and forgets it: what was sent is still
    /// written, and it does not connect again. Returns the client; `None` if there is none.
    ///
    /// A program that ends soon awaits [`IpcClient::close`] of it. Where the runtime stops first,
    /// only what the socket takes at once is written, and nothing of a client not yet connected.
    // Wire rule W26
    #[must_use = "await `close` of it, or what was sent is lost if the runtime stops before it is \
                  written"]
    pub fn disconnect(&self, id: &str) -> Option<IpcClient> {
        let client = self.lock_of().remove(id)?;
        client.socket().close();
        Some(client)
    }

    /// Returns the client of the server with this id (node-ipc's `ipc.of.world`).
    ///
    /// # Examples
    ///
    /// ```
    /// # fn example(ipc: &ipc_compat::Ipc) -> Result<(), Box<dyn std::error::Error>> {
    /// let world = ipc.of("world").ok_or("no client of world was made")?;
    /// world.emit("message", "hello")?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn of(&self, id: &str) -> Option<IpcClient> {
        self.lock_of().get(id).cloned()
    }

    /// Returns the server that was made last, if one was.
    #[must_use]
    pub fn server(&self) -> Option<IpcServer> {
        self.inner.server.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Writes a line to the config's `logger`, and to `tracing` with the feature of that name;
    /// nowhere by default, nor if the config is `silent`. Give it [`format_args!`]: then a line
    /// that is not written costs nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_compat::{Config, Ipc, Logger};
    /// let ipc = Ipc::new(Config::classic());
    /// ipc.configure(|config| {
    ///     config.logger = Some(Logger::new(|line| eprintln!("{line}")));
    ///     config.log_in_color = false;
    /// });
    /// ipc.log(format_args!("got {}", ipc.inspect(&["world"]))); // got [ 'world' ]
    /// ```
    pub fn log(&self, line: impl std::fmt::Display) {
        self.inner.log.line(line);
    }

    /// Returns a value as log lines show it, with the config's `log_depth` and `log_in_color`.
    pub fn inspect<'a, T: serde::Serialize + ?Sized>(&self, value: &'a T) -> Inspect<'a, T> {
        let config = self.lock_config();
        Inspect::new(value).with_depth(config.log_depth).with_color(config.log_in_color)
    }

    fn make_server(
        &self,
        setup: Setup<'_>,
        transport: Arc<dyn Transport>,
        callback: Option<sorted_args::Callback>,
    ) -> Result<IpcServer, IpcError> {
        let log = Logged::new(self.inner.log.clone(), setup.config);
        let identify = setup::identify(setup.config);
        let server = IpcServer::new(setup.server(transport, &log)?, identify, &log);
        if let Some(callback) = callback {
            let ipc = Arc::downgrade(&self.inner);
            server.on_start(move |_| {
                if let Some(inner) = ipc.upgrade() {
                    callback(&Self { inner });
                }
            });
        }
        let mut slot = self.inner.server.lock().unwrap_or_else(PoisonError::into_inner);
        let old = slot.replace(server.clone());
        drop(slot);
        drop(old);
        Ok(server)
    }

    fn make_client(
        &self,
        setup: Setup<'_>,
        call: SortedArgs,
        transport: Arc<dyn Transport>,
    ) -> Result<IpcClient, IpcError> {
        let id = call.id();
        let log = Logged::new(self.inner.log.clone(), setup.config);
        let made = setup.client(transport, &log);
        let mut of = self.lock_of();
        let client = match of.get(id) {
            Some(client) if client.is_alive() => {
                self.inner.log.line(format_args!("already connected to {id}"));
                client.clone()
            }
            _ => {
                let client = IpcClient::new(id, made, &log);
                of.insert(id.to_owned(), client.clone());
                client
            }
        };
        drop(of);
        if let Some(callback) = call.callback {
            callback(self);
            client.start()?;
        }
        Ok(client)
    }

    fn lock_config(&self) -> MutexGuard<'_, Config> {
        self.inner.config.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_of(&self) -> MutexGuard<'_, HashMap<String, IpcClient>> {
        self.inner.of.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
