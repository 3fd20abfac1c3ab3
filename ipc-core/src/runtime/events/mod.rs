//! `Events`: a stream of messages and lifecycle events, with backpressure down to the sockets.

mod buffer;

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};

use futures_core::Stream;

use self::buffer::{Buffer, Weigh};
use crate::{EventNames, Message, MessageFormat, Peer};

/// One item of a stream of events: a message or a lifecycle event. The two cannot be mistaken for
/// each other, whatever a peer calls its events.
#[derive(Debug)]
#[non_exhaustive]
pub enum Incoming<F, L> {
    /// A peer sent a message.
    Message(Message, Peer<F>),
    /// A lifecycle event: something happened to a connection.
    Lifecycle(L),
}

impl<F, L: Clone> Clone for Incoming<F, L> {
    fn clone(&self) -> Self {
        match self {
            Self::Message(message, peer) => Self::Message(message.clone(), peer.clone()),
            Self::Lifecycle(event) => Self::Lifecycle(event.clone()),
        }
    }
}

impl<F, L> Weigh for Incoming<F, L> {
    fn weight(&self) -> usize {
        let message = match self {
            Self::Message(message, _) => message.held_bytes(),
            Self::Lifecycle(_) => 0,
        };
        message.saturating_add(ITEM_BYTES)
    }
}

/// A stream of the messages and lifecycle events since it was made, in order for each peer. It is a
/// [`Stream`], and has [`next`](Self::next) and [`try_next`](Self::try_next) of its own.
///
/// It holds a bounded number of bytes (8 MiB unless the builder says otherwise). When it is full,
/// the sockets are not read until items are taken: a slow program slows its peers down and loses
/// nothing. Dropping the stream ends that.
pub struct Events<F, L> {
    queue: Arc<Queue<F, L>>,
    /// The client to start when the stream is first polled.
    starter: Option<Weak<dyn Starter>>,
}

/// A client that its stream of events starts when it is first polled.
pub(crate) trait Starter: Send + Sync {
    /// Starts the client, or closes it if it cannot run here.
    fn start_or_end(&self);
}

/// The shared end of an [`Events`] stream.
pub(crate) struct Queue<F, L> {
    pub(crate) items: Buffer<Incoming<F, L>>,
    wanted: Wanted,
}

/// What is for a stream.
pub(crate) enum Wanted {
    /// Everything.
    All,
    /// The messages of one event.
    Event(Box<str>),
    /// The messages of these events.
    Events(EventNames),
}

impl<F, L> Events<F, L> {
    /// Returns a stream of what is wanted.
    pub(crate) fn new(max_bytes: usize, wanted: Wanted) -> (Self, Arc<Queue<F, L>>) {
        let queue = Arc::new(Queue { items: Buffer::new(max_bytes), wanted });
        (Self { queue: Arc::clone(&queue), starter: None }, queue)
    }

    /// Makes the first poll start a client.
    pub(crate) fn starting(mut self, starter: Weak<dyn Starter>) -> Self {
        self.starter = Some(starter);
        self
    }

    /// Returns the event of a message in the stream, or `*` if the program knows no event of this name.
    pub(super) fn event_of(&self, message: &Message) -> String {
        let event = message.event();
        match &self.queue.wanted {
            Wanted::Events(names) if !names.contains(event) => "*".to_owned(),
            _ => event.to_owned(),
        }
    }

    pub(super) fn poll_pop(&mut self, cx: &Context<'_>) -> Poll<Option<Incoming<F, L>>> {
        if let Some(starter) = self.starter.take().and_then(|starter| starter.upgrade()) {
            starter.start_or_end();
        }
        self.queue.items.poll_pop(cx)
    }

    /// Returns the next item, or `None` when the client or server is closed and every item is taken.
    /// Starts a client that was not started before.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: an item is taken only when it is returned.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{Client, ClientEvent, Incoming, MsgPack};
    /// # async fn example(client: Client<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut events = client.events(); // The first `next` starts the client.
    /// while let Some(event) = events.next().await {
    ///     if let Incoming::Lifecycle(ClientEvent::Connect) = event {
    ///         break;
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn next(&mut self) -> Option<Incoming<F, L>> {
        std::future::poll_fn(|cx| self.poll_pop(cx)).await
    }

    /// Returns the next item if there is one already. Starts a client that was not started before.
    pub fn try_next(&mut self) -> Option<Incoming<F, L>> {
        match self.poll_pop(&Context::from_waker(Waker::noop())) {
            Poll::Ready(item) => item,
            Poll::Pending => None,
        }
    }
}

impl<F: MessageFormat, L> Stream for Events<F, L> {
    type Item = Incoming<F, L>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_pop(cx)
    }
}

impl<F, L> Drop for Events<F, L> {
    fn drop(&mut self) {
        self.queue.items.drop_reader();
    }
}

impl<F, L> Queue<F, L> {
    /// Returns whether `item` is for this stream.
    pub(crate) fn takes(&self, item: &Incoming<F, L>) -> bool {
        match (&self.wanted, item) {
            (Wanted::All, _) => true,
            (Wanted::Event(event), Incoming::Message(message, _)) => {
                message.event_bytes() == event.as_bytes()
            }
            (Wanted::Events(names), Incoming::Message(message, _)) => {
                names.takes_others() || names.contains(message.event())
            }
            (Wanted::Event(_) | Wanted::Events(_), Incoming::Lifecycle(_)) => false,
        }
    }
}

impl<F, L> fmt::Debug for Events<F, L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").finish_non_exhaustive()
    }
}

/// What an item costs beside its message.
const ITEM_BYTES: usize = 128;
