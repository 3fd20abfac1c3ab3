//! Topics and the hello of a client without a runtime.

#[cfg(doc)]
use ipc_core::blocking::Client;
use ipc_core::{Greeting, Pattern, SubscribeError};

use super::IpcClient;

impl IpcClient {
    /// Subscribes to topics of the server, which has to be one of Rust with a runtime; see
    /// [`Client::subscribe`]. They are kept over reconnects, and what is published comes from
    /// [`next`](Self::next) as any message. Connects if need be.
    ///
    /// # Errors
    ///
    /// [`SubscribeError`]. A server that is node-ipc does not answer: `Deadline`.
    ///
    /// # Panics
    ///
    /// As [`call`](Self::call).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_compat::blocking::{Incoming, IpcClient};
    /// # fn example(world: &mut IpcClient) -> Result<(), Box<dyn std::error::Error>> {
    /// world.subscribe(["price.*"])?;
    /// while let Some(event) = world.next() {
    ///     if let Incoming::Message(message) = event {
    ///         println!("{}: {}", message.event(), world.decode::<f64>(&message)?);
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub fn subscribe<P: AsRef<str>>(
        &mut self,
        patterns: impl IntoIterator<Item = P>,
    ) -> Result<(), SubscribeError> {
        self.core().subscribe(patterns)
    }

    /// Ends subscriptions; see [`Client::unsubscribe`].
    ///
    /// # Errors
    ///
    /// As [`subscribe`](Self::subscribe).
    ///
    /// # Panics
    ///
    /// As [`call`](Self::call).
    pub fn unsubscribe<P: AsRef<str>>(
        &mut self,
        patterns: impl IntoIterator<Item = P>,
    ) -> Result<(), SubscribeError> {
        self.core().unsubscribe(patterns)
    }

    /// Ends all subscriptions; see [`Client::unsubscribe_all`].
    ///
    /// # Errors
    ///
    /// As [`subscribe`](Self::subscribe).
    ///
    /// # Panics
    ///
    /// As [`call`](Self::call).
    pub fn unsubscribe_all(&mut self) -> Result<(), SubscribeError> {
        self.core().unsubscribe_all()
    }

    /// Returns the patterns that are kept. See [`Client::subscriptions`].
    #[must_use]
    pub fn subscriptions(&self) -> Vec<Pattern> {
        self.client.subscriptions()
    }

    /// Returns what the server has answered to the [hello](crate::Config::hello) of the present
    /// connection; `None` before the answer, and from a server of node-ipc.
    #[must_use]
    pub fn greeting(&self) -> Option<&Greeting> {
        self.client.greeting()
    }
}
