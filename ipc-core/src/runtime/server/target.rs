//! `Target`: whom a server sends to.

use std::fmt;
use std::sync::Arc;

use crate::groups::selection::{Addressee, Selected, Selection};
use crate::runtime::server::shared::Shared;
use crate::{MessageFormat, Peer, Server};

/// Whom a server sends to: peers and groups, or everyone, but for some.
///
/// Made by [`Server::to`], [`Server::only`] and [`Server::all`]. Who that is, is decided when
/// something is sent: the peers that are connected, and in the groups, at that moment, each once. One
/// that is excepted is left out, however it was added. A group without members adds none.
///
/// It is cheap to clone and can be kept. It does not keep the server listening.
///
/// # Examples
///
/// ```
/// # use ipc_core::{MsgPack, Server};
/// /// Passes on what each peer says to all others in its room.
/// fn relay(server: &Server<MsgPack>) {
///     server.on("enter", |room: String, peer| {
///         if let Err(error) = peer.join(&room) {
///             println!("{}: {error}", peer.id());
///         }
///     });
///     let relay = server.clone();
///     server.on("chat", move |(room, text): (String, String), peer| {
///         // Fails only if the text cannot be sent to any peer.
///         let _ = relay.to(&room).except(peer.id()).except("muted").emit("chat", &text);
///     });
/// }
/// ```
#[must_use = "a target sends nothing by itself"]
pub struct Target<'a, F: MessageFormat> {
    shared: Arc<Shared<F>>,
    selection: Selection<'a>,
}

impl<F: MessageFormat> Server<F> {
    /// Returns a target: the members of a group, or one peer. More are added with [`Target::to`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{MsgPack, Server};
    /// # async fn example(server: Server<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// let report = server.to("staff").to("guests").emit("news", "closing soon")?;
    /// println!("sent to {} peers, not to {}", report.sent, report.failed.len());
    /// # Ok(()) }
    /// ```
    pub fn to<'a>(&self, addressee: impl Into<Addressee<'a>>) -> Target<'a, F> {
        self.target(Selection::of(vec![addressee.into()]))
    }

    /// Returns a target: these peers, or groups, and no others.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{MsgPack, PeerId, Server};
    /// # async fn example(server: Server<MsgPack>, a: PeerId, b: PeerId) -> Result<(), Box<dyn std::error::Error>> {
    /// server.only([a, b]).send("your turn", &()).await?;
    /// # Ok(()) }
    /// ```
    pub fn only<'a, A: Into<Addressee<'a>>>(
        &self,
        addressees: impl IntoIterator<Item = A>,
    ) -> Target<'a, F> {
        self.target(Selection::of(addressees.into_iter().map(Into::into).collect()))
    }

    /// Returns a target: every connected peer. Over UDP, where no peer connects, every address that
    /// has sent something in the last minutes.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{MsgPack, Server};
    /// # async fn example(server: Server<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// server.all().except("muted").emit("tick", &1)?;
    /// # Ok(()) }
    /// ```
    pub fn all(&self) -> Target<'static, F> {
        self.target(Selection::all())
    }

    fn target<'a>(&self, selection: Selection<'a>) -> Target<'a, F> {
        Target { shared: Arc::clone(self.shared()), selection }
    }
}

impl<'a, F: MessageFormat> Target<'a, F> {
    /// Returns this target with the members of one more group, or one more peer. A target that is
    /// everyone stays everyone.
    pub fn to(mut self, addressee: impl Into<Addressee<'a>>) -> Self {
        self.selection.add(addressee.into());
        self
    }

    /// Returns this target without the members of a group, or without a peer.
    pub fn except(mut self, addressee: impl Into<Addressee<'a>>) -> Self {
        self.selection.except(addressee.into());
        self
    }

    /// Returns the peers that something sent now would go to, in the order they came.
    #[must_use]
    pub fn peers(&self) -> Vec<Peer<F>> {
        self.select().peers
    }

    pub(super) fn shared(&self) -> &Shared<F> {
        &self.shared
    }

    /// Selects the peers at this moment. Of everyone, those are left out that this side only spoke
    /// to: they may not exist at all, or may never have asked for anything.
    // Wire rule W49
    pub(super) fn select(&self) -> Selected<Peer<F>> {
        let state = self.selection.has_groups().then(|| self.shared.directory.lock());
        let members = state.as_ref().map(|state| &state.members);
        self.selection.select(members, &self.shared.peers(), Peer::is_known)
    }
}

impl<F: MessageFormat> From<&Peer<F>> for Addressee<'_> {
    fn from(peer: &Peer<F>) -> Self {
        Self::Peer(peer.id())
    }
}

impl<F: MessageFormat> Clone for Target<'_, F> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), selection: self.selection.clone() }
    }
}

impl<F: MessageFormat> fmt::Debug for Target<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target").field("selection", &self.selection).finish_non_exhaustive()
    }
}
