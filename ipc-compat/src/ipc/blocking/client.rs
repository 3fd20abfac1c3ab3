//! `blocking::IpcClient`: a client of one server, for the thread that owns it.

use std::sync::Arc;
use std::time::Duration;

use ipc_core::ConnectError;
use ipc_core::blocking::{Client, Incoming, NextError};
use ipc_transport::Transport;

use super::typed::talking_typed;
use super::{talking, without_callback};
use crate::ipc::IpcError;
use crate::ipc::args::{ConnectToArgs, ConnectToNetArgs};
use crate::ipc::log::{Log, Logged, OfClient};
use crate::ipc::setup::Setup;
use crate::ipc::sorted_args::SortedArgs;
use crate::{Config, NodeFormat};

/// A client of one server, without a runtime.
///
/// Nothing happens between calls: [`next`](Self::next) and [`connected`](Self::connected) dial, wait for
/// the next attempt by the config's `retry` and `max_retries`, and write what was sent meanwhile. Log
/// lines are written when what they tell of is received. Dropping it ends the connection at once;
/// [`close`](Self::close) writes what waits first.
///
/// # Examples
///
/// ```no_run
/// use ipc_compat::{Config, Retries, blocking::IpcClient};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut config = Config::classic();
/// config.max_retries = Retries::Times(3);
/// let mut world = IpcClient::connect_to(&config, "world")?;
/// world.connected()?;
/// world.emit("app.message", "hello")?;
/// assert!(world.close().undelivered.is_empty());
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct IpcClient {
    id: String,
    pub(super) client: Client<NodeFormat>,
    log: Logged,
}

impl IpcClient {
    /// Returns a client of a server on a local socket; the arguments are those of
    /// [`Ipc::connect_to`](crate::Ipc::connect_to). It is not connected yet.
    ///
    /// # Errors
    ///
    /// [`IpcError`] if the config or an argument cannot be used, or the id is empty; on Windows
    /// always, where a local socket is a pipe.
    pub fn connect_to(config: &Config, args: impl ConnectToArgs) -> Result<Self, IpcError> {
        let call = without_callback(SortedArgs::connect_to(args.into_args())?)?;
        let setup = Setup::new(config)?;
        let transport = setup.connect_to(&call);
        Self::new(setup, call.id(), transport)
    }

    /// Returns a client of a server on TCP; the arguments are those of
    /// [`Ipc::connect_to_net`](crate::Ipc::connect_to_net). It is not connected yet.
    ///
    /// # Errors
    ///
    /// [`IpcError`] if the config or an argument cannot be used, or the id is empty;
    /// [`IpcError::NotBlocking`] if the config has `tls`.
    ///
    /// # Examples
    ///
    /// ```
    /// use ipc_compat::{Config, blocking::IpcClient};
    ///
    /// let world = IpcClient::connect_to_net(&Config::classic(), ("world", "192.0.2.7", 8123))?;
    /// assert_eq!(world.id(), "world");
    /// # Ok::<(), ipc_compat::IpcError>(())
    /// ```
    pub fn connect_to_net(config: &Config, args: impl ConnectToNetArgs) -> Result<Self, IpcError> {
        let call = without_callback(SortedArgs::connect_to_net(args.into_args())?)?;
        let setup = Setup::new(config)?;
        let transport = setup.connect_to_net(&call)?;
        Self::new(setup, call.id(), transport)
    }

    /// Returns a client on a transport of the program's own. It is not connected yet.
    ///
    /// # Errors
    ///
    /// [`IpcError`] if the config cannot be used or the id is empty; [`IpcError::NotBlocking`] if the
    /// transport's sockets need a runtime; under the profile `assured` always, for nothing is known
    /// of the transport.
    pub fn connect_on(
        config: &Config,
        id: &str,
        transport: impl Transport,
    ) -> Result<Self, IpcError> {
        let call = SortedArgs::connect_to(ConnectToArgs::into_args(id))?;
        let setup = Setup::new(config)?;
        let transport = setup.on(transport)?;
        Self::new(setup, call.id(), transport)
    }

    fn new(setup: Setup<'_>, id: &str, transport: Arc<dyn Transport>) -> Result<Self, IpcError> {
        let log = Logged::new(Log::new(setup.config), setup.config);
        let client = setup.blocking_client(transport, &log)?;
        Ok(Self { id: id.to_owned(), client, log })
    }

    /// Returns the id it was made with.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Waits until the client is connected. Optional: [`next`](Self::next) connects, too.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] if it closes instead. With `max_retries` for ever and no server, this
    /// waits for ever.
    ///
    /// # Panics
    ///
    /// If it is called within an async runtime, which a thread that waits would stop.
    pub fn connected(&mut self) -> Result<(), ConnectError> {
        self.client.connected()
    }

    talking!(client);
    talking_typed!(client);

    /// Waits for the next event, for `timeout` at most, and returns it. With [`Duration::ZERO`] it returns
    /// what has come already.
    ///
    /// # Errors
    ///
    /// [`NextError`].
    ///
    /// # Panics
    ///
    /// As [`next`](Self::next).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use ipc_compat::blocking::{Incoming, NextError};
    ///
    /// # fn example(world: &mut ipc_compat::blocking::IpcClient) {
    /// match world.next_timeout(Duration::from_secs(1)) {
    ///     Ok(Incoming::Message(message)) => println!("got {}", message.event()),
    ///     Ok(_) => {} // Connected, disconnected, an error.
    ///     Err(NextError::TimedOut) => println!("no answer within a second"),
    ///     Err(_) => println!("closed"),
    /// }
    /// # }
    /// ```
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Incoming, NextError> {
        self.client.next_timeout(timeout).inspect(|event| self.logged(event))
    }

    fn logged(&self, event: &Incoming) {
        match event {
            Incoming::Message(message) => self.log.received(message),
            Incoming::Lifecycle(event) => self.log.line(OfClient(&self.id, event)),
            _ => {}
        }
    }

    /// Returns the client of the core, which can do more. What it receives is not logged.
    pub fn core(&mut self) -> &mut Client<NodeFormat> {
        &mut self.client
    }
}

/// The events of the client: messages, and what happens to the connection; `None` after
/// [`ClientEvent::Destroy`](ipc_core::ClientEvent::Destroy).
impl Iterator for IpcClient {
    type Item = Incoming;

    /// Waits for the next event and returns it. Connects if there is no connection, and writes what
    /// was queued.
    ///
    /// # Panics
    ///
    /// If it has to connect within an async runtime, which a thread that waits would stop.
    fn next(&mut self) -> Option<Incoming> {
        let event = self.client.next()?;
        self.logged(&event);
        Some(event)
    }
}
