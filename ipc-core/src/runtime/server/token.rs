//! `ServerBuilder::token`: what a server asks about a peer that has said hello, before it lets the peer in.

use std::fmt;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use ipc_transport::PeerInfo;
use tokio::sync::oneshot;

use crate::access::WaitingRoom;
use crate::error::Error;
use crate::hello::no_hello;
use crate::options::ConnectionConfig;
use crate::runtime::server::admission;
use crate::runtime::server::shared::Shared;
use crate::{
    Claim, Identity, MessageFormat, PlainPeers, Refusal, ServerBuilder, ServerOptions, Tokens,
    WaitingLimits,
};

/// A check of those who say hello, as [`ServerBuilder::token`] takes it: for programs that keep one, in their
/// settings, say.
///
/// # Examples
///
/// ```
/// use ipc_core::{TokenCheck, Tokens};
///
/// let check = TokenCheck::from(Tokens::new([("alice", "s3cret")])?);
/// # drop(check);
/// # Ok::<(), ipc_core::TokensError>(())
/// ```
#[derive(Clone)]
pub struct TokenCheck(Arc<Check>);

type Check = dyn Fn(Claim, Arc<PeerInfo>) -> Checking + Send + Sync;

type Checking = Pin<Box<dyn Future<Output = Result<Identity, Refusal>> + Send>>;

/// What a peer has to pass, and those that wait for it.
#[derive(Debug)]
pub(crate) struct Gate {
    pub(super) check: TokenCheck,
    pub(super) limits: WaitingLimits,
    pub(super) plain_peers: PlainPeers,
    room: Mutex<Room>,
    /// How many peers are being told that they are refused.
    telling: AtomicUsize,
}

type Room = WaitingRoom<admission::Identity, oneshot::Sender<()>>;

impl<F: MessageFormat> ServerBuilder<F> {
    /// Sets the check of those who say hello: it decides whether a peer is let in, and who it is then. It is
    /// given what the peer says of itself, with its token, and what the system knows of it; and may ask a
    /// database, say, but must not block. If it panics, the peer is refused.
    ///
    /// With it, every peer has to say hello before anything else of it is handled. Until it is let in it
    /// is not connected: it is not among the [`peers`](crate::Server::peers), no handler, stream or method
    /// learns of it, and what it sends waits, within [`waiting_limits`](Self::waiting_limits). The order of the
    /// checks is: the transport, [`Access`](crate::Access), this.
    ///
    /// A peer that is refused after it has said hello is told `denied`, never why, and closed; a client of this
    /// library ends then. If the refusal is not its own fault ([`Refusal::Undecided`], [`Refusal::Late`],
    /// [`Refusal::TooManyPeers`], a panic) it is told that it may come back. One that has not said hello is
    /// closed and told nothing. The program gets [`ServerEvent::Refused`](crate::ServerEvent::Refused).
    ///
    /// [`Token::verify`](crate::Token::verify) compares without showing by its time how much of a token is
    /// right; [`tokens`](Self::tokens) checks by a table. What a token says of a peer is as old as its
    /// connection: to shut somebody out, [`kick`](crate::Peer::kick) it.
    ///
    /// # Examples
    ///
    /// ```
    /// use ipc_core::{Identity, MsgPack, Refusal, Server};
    /// use ipc_transport::MemoryTransport;
    ///
    /// let server = Server::builder(MsgPack::new(), MemoryTransport::new("w"))
    ///     .token(|claim, info| async move {
    ///         match (claim.name, claim.token) {
    ///             (Some(name), Some(token)) if token.verify("s3cret") => Ok(Identity::by_token(name)),
    ///             // The program is told, the peer is not.
    ///             (name, _) => Err(Refusal::new(format!("{name:?} at {} is wrong", info.endpoint))),
    ///         }
    ///     })
    ///     .build();
    /// # drop(server);
    /// ```
    #[must_use]
    pub fn token<Fut>(
        self,
        check: impl Fn(Claim, Arc<PeerInfo>) -> Fut + Send + Sync + 'static,
    ) -> Self
    where
        Fut: Future<Output = Result<Identity, Refusal>> + Send + 'static,
    {
        self.token_check(Some(TokenCheck::new(check)))
    }
}

impl<F: MessageFormat> Shared<F> {
    /// Checks whether a peer can say hello, if it has to.
    pub(super) fn check_tokens(&self) -> Result<(), Error> {
        self.gate.as_ref().map_or(Ok(()), |gate| gate.check_format(&*self.format, &self.config))
    }
}

impl TokenCheck {
    /// Returns a check by this function: see [`ServerBuilder::token`].
    pub fn new<Fut>(check: impl Fn(Claim, Arc<PeerInfo>) -> Fut + Send + Sync + 'static) -> Self
    where
        Fut: Future<Output = Result<Identity, Refusal>> + Send + 'static,
    {
        Self(Arc::new(move |claim, info| Box::pin(check(claim, info))))
    }

    /// Asks the program. A panic must not end anything, nor let anybody in.
    pub(super) async fn ask(&self, claim: Claim, info: Arc<PeerInfo>) -> Result<Identity, Refusal> {
        let panicked = || Refusal::undecided("the check of the token panicked");
        let begun = catch_unwind(AssertUnwindSafe(|| (self.0)(claim, info)));
        let Ok(mut checking) = begun else { return Err(panicked()) };
        poll_fn(|cx| {
            let polled = catch_unwind(AssertUnwindSafe(|| checking.as_mut().poll(cx)));
            polled.unwrap_or_else(|_| Poll::Ready(Err(panicked())))
        })
        .await
    }
}

impl Gate {
    /// Returns the gate of a server with these options, or `None` if they have no check.
    pub(crate) fn of(options: &ServerOptions) -> Option<Self> {
        let (limits, plain_peers) = (options.waiting_limits, options.plain_peers);
        let check = options.token_check.clone()?;
        let room = Mutex::new(WaitingRoom::new(limits.peers));
        Some(Self { check, limits, plain_peers, room, telling: AtomicUsize::new(0) })
    }

    /// Checks whether a peer can say hello, without which none would be let in.
    pub(crate) fn check_format<F: MessageFormat>(
        &self,
        format: &F,
        config: &ConnectionConfig,
    ) -> Result<(), Error> {
        no_hello(format, config).map_or(Ok(()), |why| Err(Error::TokensUnsupported(why)))
    }

    pub(crate) fn room(&self) -> MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn too_many(&self) -> Refusal {
        Refusal::TooManyWaiting { limit: self.limits.peers }
    }

    /// Returns what counts a peer that is told that it is refused, or `None` if there are too many already:
    /// one more is told what its socket takes at once.
    pub(super) fn start_telling(&self) -> Option<Telling<'_>> {
        let telling = Telling(&self.telling);
        (self.telling.fetch_add(1, Ordering::Relaxed) < self.limits.peers).then_some(telling)
    }
}

/// Counts a peer that is told that it is refused, until it is dropped.
pub(super) struct Telling<'a>(&'a AtomicUsize);

impl Drop for Telling<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Lets in those whose token is in the table.
impl From<Tokens> for TokenCheck {
    fn from(tokens: Tokens) -> Self {
        Self::new(move |claim, _| std::future::ready(tokens.check(&claim)))
    }
}

impl fmt::Debug for TokenCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenCheck(..)")
    }
}
