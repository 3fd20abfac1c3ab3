//! Broadcasts: one encoding, many peers.

use std::future::Future;
use std::task::Poll;

use bytes::Bytes;

use crate::error::EmitError;
use crate::runtime::outbox::encode_frame;
use crate::runtime::server::shared::Shared;
use crate::{BroadcastReport, EncodePayload, MessageFormat, Peer, PeerId, Server};

/// Whom a broadcast is for.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "msgpack")] {
/// use ipc_core::{Audience, MsgPack, Server};
///
/// /// Passes on what each peer says to all others.
/// fn relay(server: &Server<MsgPack>) {
///     let relay = server.clone();
///     server.on("chat", move |text: String, peer| {
///         // Fails only if the text cannot be sent to any peer.
///         let _ = relay.broadcast_to(Audience::Except(&[peer.id()]), "chat", &text);
///     });
/// }
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Audience<'a> {
    /// Every connected peer. Over UDP, where no peer connects, every address that has sent something
    /// in the last minutes.
    #[default]
    All,
    /// Every peer of [`All`](Self::All) but these.
    Except(&'a [PeerId]),
    /// These peers. The report lists those that are not connected, with
    /// [`EmitError::UnknownPeer`].
    List(&'a [PeerId]),
}

impl<F: MessageFormat> Server<F> {
    /// Sends an event to every connected peer, without waiting. It is encoded once. A peer whose
    /// queue is full does not take it, or is disconnected, as the overflow policy says; the
    /// others are not affected.
    ///
    /// # Errors
    ///
    /// [`EmitError`] if the payload cannot be sent to any peer. What a single peer did not take is
    /// in the report.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{MsgPack, Server};
    /// # async fn example(server: Server<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// let report = server.broadcast("tick", &1)?;
    /// println!("sent to {} peers, not to {}", report.sent, report.failed.len());
    /// # Ok(()) }
    /// ```
    pub fn broadcast<T: ?Sized>(
        &self,
        event: &str,
        payload: &T,
    ) -> Result<BroadcastReport, EmitError>
    where
        F: EncodePayload<T>,
    {
        self.broadcast_to(Audience::All, event, payload)
    }

    /// Sends an event to an audience, without waiting. Else as [`broadcast`](Self::broadcast).
    ///
    /// # Errors
    ///
    /// As [`broadcast`](Self::broadcast).
    pub fn broadcast_to<T: ?Sized>(
        &self,
        audience: Audience<'_>,
        event: &str,
        payload: &T,
    ) -> Result<BroadcastReport, EmitError>
    where
        F: EncodePayload<T>,
    {
        let mut broadcast = Broadcast::new(self.shared(), audience, event, payload)?;
        for peer in broadcast.peers {
            broadcast.report.add(peer.id(), peer.emit_encoded(&broadcast.frame));
        }
        Ok(broadcast.report)
    }

    /// Sends an event to every connected peer and waits for those that read, so that a burst
    /// does not outrun them: it goes at the pace of the slowest. A peer that takes nothing for the
    /// [`stall_timeout`](crate::ServerBuilder::stall_timeout) is not waited for, now or later, until
    /// it reads again; to it applies what [`broadcast`](Self::broadcast) says.
    ///
    /// # Errors
    ///
    /// As [`broadcast`](Self::broadcast).
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, some peers have been sent the event and some have not.
    pub async fn broadcast_send<T: ?Sized>(
        &self,
        event: &str,
        payload: &T,
    ) -> Result<BroadcastReport, EmitError>
    where
        F: EncodePayload<T>,
    {
        self.broadcast_send_to(Audience::All, event, payload).await
    }

    /// Sends an event to an audience and waits for those that read. Else as
    /// [`broadcast_send`](Self::broadcast_send).
    ///
    /// # Errors
    ///
    /// As [`broadcast`](Self::broadcast).
    ///
    /// # Cancel safety
    ///
    /// As [`broadcast_send`](Self::broadcast_send).
    pub async fn broadcast_send_to<T: ?Sized>(
        &self,
        audience: Audience<'_>,
        event: &str,
        payload: &T,
    ) -> Result<BroadcastReport, EmitError>
    where
        F: EncodePayload<T>,
    {
        let Broadcast { frame, peers, mut report } =
            Broadcast::new(self.shared(), audience, event, payload)?;
        let mut waiting = Vec::new();
        for peer in peers {
            match peer.outbox().emit_unless_full(&frame) {
                Err(done) => report.add(peer.id(), done),
                Ok(_) => waiting.push(peer),
            }
        }
        // All at the same time: many that do not read cost no more time than one.
        let mut sends = Vec::with_capacity(waiting.len());
        for peer in &waiting {
            let outbox = peer.outbox();
            let send = outbox.send_patiently(&frame, outbox.stall_timeout);
            sends.push((peer.id(), Box::pin(send)));
        }
        std::future::poll_fn(|cx| {
            sends.retain_mut(|(id, send)| match send.as_mut().poll(cx) {
                Poll::Ready(result) => {
                    report.add(*id, result);
                    false
                }
                Poll::Pending => true,
            });
            if sends.is_empty() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        // A caller that broadcasts in a loop lets the peers' tasks run.
        tokio::task::consume_budget().await;
        Ok(report)
    }
}

/// An event on its way to many: its frame, the peers it is for, and what has become of it.
struct Broadcast<F> {
    frame: Bytes,
    peers: Vec<Peer<F>>,
    report: BroadcastReport,
}

impl<F: MessageFormat> Broadcast<F> {
    /// Encodes an event, once for the whole audience.
    fn new<T: ?Sized>(
        shared: &Shared<F>,
        audience: Audience<'_>,
        event: &str,
        payload: &T,
    ) -> Result<Self, EmitError>
    where
        F: EncodePayload<T>,
    {
        shared.config.sent.notify(&*shared.format, event, payload);
        let encode = |out: &mut _| shared.format.encode(event, payload, out);
        let frame = encode_frame(&shared.encoder, encode)?;
        let mut report = BroadcastReport::default();
        let peers = audience.peers(shared, &mut report);
        Ok(Self { frame, peers, report })
    }
}

impl Audience<'_> {
    /// Returns the peers of the audience; those that are not connected are reported.
    fn peers<F: MessageFormat>(
        self,
        shared: &Shared<F>,
        report: &mut BroadcastReport,
    ) -> Vec<Peer<F>> {
        let all = shared.peers();
        match self {
            Self::All => known(all.len(), all.values(), |_| true),
            Self::Except(these) => {
                known(all.len(), all.values(), |peer| !these.contains(&peer.id()))
            }
            Self::List(these) => {
                let mut peers = Vec::with_capacity(these.len());
                for id in these {
                    match all.get(id) {
                        Some(peer) => peers.push(peer.clone()),
                        None => report.add(*id, Err(EmitError::UnknownPeer(*id))),
                    }
                }
                peers
            }
        }
    }
}

/// Returns those peers for which `wanted` says so, without those that this side only spoke to: they
/// may not exist at all, or may never have asked for anything.
// Wire rule W49
fn known<'a, F: MessageFormat>(
    count: usize,
    peers: impl Iterator<Item = &'a Peer<F>>,
    wanted: impl Fn(&Peer<F>) -> bool,
) -> Vec<Peer<F>> {
    // At once, not by doubling: a broadcast in a loop is as fast as this.
    let mut known = Vec::with_capacity(count);
    known.extend(peers.filter(|peer| peer.is_known() && wanted(peer)).cloned());
    known
}

impl BroadcastReport {
    fn add(&mut self, peer: PeerId, result: Result<(), EmitError>) {
        match result {
            Ok(()) => self.sent += 1,
            Err(error) => self.failed.push((peer, error)),
        }
    }
}
