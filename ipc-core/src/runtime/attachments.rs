//! Values that a program keeps with a peer.

use std::any::Any;
use std::sync::Arc;

use crate::{MessageFormat, Peer};

impl<F: MessageFormat> Peer<F> {
    /// Keeps a value with the peer, such as its user's name; it is dropped with the last handle to
    /// the peer. Returns the value of the same type that was kept before.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{MsgPack, Server};
    /// # async fn example(server: Server<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// struct Name(String);
    ///
    /// server.on("hello", |name: String, peer| {
    ///     peer.attach(Name(name));
    /// });
    /// server.on("who am I", |(): (), peer| {
    ///     if let Some(name) = peer.attached::<Name>() {
    ///         let _ = peer.emit("you are", name.0.as_str());
    ///     }
    /// });
    /// # Ok(()) }
    /// ```
    pub fn attach<T: Any + Send + Sync>(&self, value: T) -> Option<Arc<T>> {
        let mut attachments = self.attachments();
        let old = attachments.iter().position(|kept| kept.is::<T>());
        let old = old.map(|index| attachments.swap_remove(index));
        attachments.push(Arc::new(value));
        drop(attachments);
        old.and_then(|old| old.downcast().ok())
    }

    /// Returns the value of this type that was kept with [`attach`](Self::attach).
    #[must_use]
    pub fn attached<T: Any + Send + Sync>(&self) -> Option<Arc<T>> {
        let kept = self.attachments().iter().find(|kept| kept.is::<T>()).cloned();
        kept.and_then(|kept| kept.downcast().ok())
    }
}
