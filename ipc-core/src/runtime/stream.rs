//! `EventStream`: the payloads of one event, or the events of an enum, as a stream, and the next one as
//! a future.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;

use crate::runtime::events::Wanted;
use crate::{
    Client, ClientEvent, DecodeEvent, DecodePayload, Error, Events, FormatError, HandlerError,
    Incoming, Message, MessageFormat, NotAnEnum, Peer, Server, ServerEvent,
};

/// A stream of the payloads of one event, each read as a `T`, or of the events of an enum `T`, in order
/// for each peer. It is a
/// [`Stream`], and has [`next`](Self::next) and [`next_with_peer`](Self::next_with_peer) of its own.
///
/// It holds a bounded number of bytes, like [`Events`]: when it is full, the sockets are not read until
/// payloads are taken. Nothing is lost, and handlers of the same event run all the same. Dropping the
/// stream ends that.
pub struct EventStream<F, L, T> {
    events: Events<F, L>,
    read: Read<F, T>,
}

/// Reads a message as a `T`.
type Read<F, T> = fn(&F, &Message) -> Result<T, FormatError>;

/// What a stream of one event returns.
type Next<F, T> = Option<Result<(T, Peer<F>), Error>>;

impl<F: MessageFormat, L, T> EventStream<F, L, T> {
    /// Returns a stream of the payloads of one event.
    fn of_event(event: &str, open: impl FnOnce(Wanted) -> Events<F, L>) -> Self
    where
        F: DecodePayload<T>,
    {
        Self { events: open(Wanted::Event(event.into())), read: F::decode_payload }
    }

    /// Returns a stream of the events of an enum.
    fn of_enum(open: impl FnOnce(Wanted) -> Events<F, L>) -> Result<Self, NotAnEnum>
    where
        F: DecodeEvent<T>,
    {
        Ok(Self { events: open(Wanted::Events(F::event_names()?)), read: F::decode_event })
    }

    /// Returns the next payload, or `None` when the client or server is closed and every payload is
    /// taken. Starts a client that was not started before.
    ///
    /// # Errors
    ///
    /// [`Error::Handler`] if a payload is not a `T`. The stream goes on.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a payload is taken only when it is returned.
    pub async fn next(&mut self) -> Option<Result<T, Error>> {
        let next = self.next_with_peer().await?;
        Some(next.map(|(payload, _)| payload))
    }

    /// Returns the next payload and the peer that sent it, as [`next`](Self::next) does.
    ///
    /// # Errors
    ///
    /// [`Error::Handler`] if a payload is not a `T`. The stream goes on.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a payload is taken only when it is returned.
    pub async fn next_with_peer(&mut self) -> Option<Result<(T, Peer<F>), Error>> {
        poll_fn(|cx| self.poll(cx)).await
    }

    fn poll(&mut self, cx: &Context<'_>) -> Poll<Next<F, T>> {
        loop {
            match ready!(self.events.poll_pop(cx)) {
                None => return Poll::Ready(None),
                // Such a stream is given none of them.
                Some(Incoming::Lifecycle(_)) => {}
                Some(Incoming::Message(message, peer)) => {
                    let payload = (self.read)(peer.format(), &message).map_err(|source| {
                        HandlerError::payload(self.events.event_of(&message), &message, source)
                    });
                    return Poll::Ready(Some(match payload {
                        Ok(payload) => Ok((payload, peer)),
                        Err(error) => Err(error.into()),
                    }));
                }
            }
        }
    }
}

impl<F: MessageFormat, L, T> Stream for EventStream<F, L, T> {
    type Item = Result<T, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.get_mut().poll(cx);
        next.map(|next| next.map(|next| next.map(|(payload, _)| payload)))
    }
}

impl<F, L, T> fmt::Debug for EventStream<F, L, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream").finish_non_exhaustive()
    }
}

impl<F: MessageFormat> Client<F> {
    /// Returns a stream of the payloads of one event from now on, each read as a `T`. The client is
    /// started when the stream is first polled, if it was not before.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{Client, MsgPack};
    /// # async fn example(client: Client<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut prices = client.stream::<f64>("price");
    /// while let Some(price) = prices.next().await {
    ///     println!("{}", price?);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn stream<T>(&self, event: &str) -> EventStream<F, ClientEvent, T>
    where
        F: DecodePayload<T>,
    {
        EventStream::of_event(event, |wanted| self.events_of(wanted))
    }

    /// Returns a stream of the events of an enum from now on: the name of a variant is that of the event,
    /// and what the variant holds is the payload. Other events are not in it, unless the enum has a variant
    /// for them (`#[serde(other)]`). Otherwise as [`stream`](Self::stream).
    ///
    /// # Errors
    ///
    /// [`NotAnEnum`] if the type is no enum of that form.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(feature = "msgpack")] {
    /// # use ipc_core::{Client, MsgPack};
    /// #[derive(serde::Deserialize)]
    /// enum Event {
    ///     Price { of: String, is: f64 },
    ///     Closed,
    /// }
    ///
    /// # async fn example(client: Client<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut events = client.typed_events()?;
    /// while let Some(event) = events.next().await {
    ///     match event? {
    ///         Event::Price { of, is } => println!("{of}: {is}"),
    ///         Event::Closed => break,
    ///     }
    /// }
    /// # Ok(()) }
    /// # }
    /// ```
    pub fn typed_events<E>(&self) -> Result<EventStream<F, ClientEvent, E>, NotAnEnum>
    where
        F: DecodeEvent<E>,
    {
        EventStream::of_enum(|wanted| self.events_of(wanted))
    }

    /// Waits for the next message of an event and returns its payload as a `T`. It counts from this
    /// call on, not from when it is awaited: what is sent in between is not missed. Starts the client
    /// when it is awaited.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if the client closes first; [`Error::Handler`] if the payload is not a `T`.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, it takes no message.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{Client, MsgPack};
    /// # async fn example(client: Client<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// let sum = client.next::<i64>("sum"); // before the question, so that no answer is missed
    /// client.emit("add", &[1, 2])?;
    /// println!("{}", sum.await?);
    /// # Ok(()) }
    /// ```
    pub fn next<T>(&self, event: &str) -> impl Future<Output = Result<T, Error>> + use<F, T>
    where
        F: DecodePayload<T>,
    {
        let mut stream = self.stream(event);
        async move { stream.next().await.unwrap_or(Err(Error::Closed)) }
    }
}

impl<F: MessageFormat> Server<F> {
    /// Returns a stream of the payloads of one event from now on, of all peers, each read as a `T`.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{MsgPack, Server};
    /// # async fn example(server: Server<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut jobs = server.stream::<String>("job");
    /// while let Some(job) = jobs.next_with_peer().await {
    ///     let (job, peer) = job?;
    ///     peer.emit("done", &job)?;
    /// }
    /// # Ok(()) }
    /// ```
    pub fn stream<T>(&self, event: &str) -> EventStream<F, ServerEvent<F>, T>
    where
        F: DecodePayload<T>,
    {
        EventStream::of_event(event, |wanted| self.events_of(wanted))
    }

    /// Returns a stream of the events of an enum from now on, of all peers. See
    /// [`Client::typed_events`].
    ///
    /// # Errors
    ///
    /// [`NotAnEnum`] if the type is no enum whose variants can be events.
    pub fn typed_events<E>(&self) -> Result<EventStream<F, ServerEvent<F>, E>, NotAnEnum>
    where
        F: DecodeEvent<E>,
    {
        EventStream::of_enum(|wanted| self.events_of(wanted))
    }

    /// Waits for the next message of an event, and returns its payload as a `T` and the peer that sent
    /// it. It counts from this call on, not from when it is awaited.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`] if the server is shut down first; [`Error::Handler`] if the payload is not a
    /// `T`.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, it takes no message.
    pub fn next<T>(
        &self,
        event: &str,
    ) -> impl Future<Output = Result<(T, Peer<F>), Error>> + use<F, T>
    where
        F: DecodePayload<T>,
    {
        let mut stream = self.stream(event);
        async move { stream.next_with_peer().await.unwrap_or(Err(Error::Closed)) }
    }
}
