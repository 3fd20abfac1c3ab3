//! Broadcasts: one encoding, many peers.

use std::future::Future;
use std::task::Poll;

use bytes::Bytes;

use crate::error::EmitError;
use crate::groups::selection::Selected;
use crate::runtime::outbox::encode_frame;
use crate::runtime::server::shared::Shared;
use crate::{BroadcastReport, EncodePayload, MessageFormat, Peer, PeerId, Server, Target};

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
        self.all().emit(event, payload)
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
        self.all().send(event, payload).await
    }
}

impl<F: MessageFormat> Target<'_, F> {
    /// Sends an event to these peers, without waiting. It is encoded once, also if there is no such
    /// peer. A peer whose queue is full does not take it, or is disconnected, as the overflow policy says; the
    /// others are not affected. It has its place among what else each peer is sent.
    ///
    /// # Errors
    ///
    /// [`EmitError`] if the payload cannot be sent to any peer. What a single peer did not take is
    /// in the report, and so is [`EmitError::UnknownPeer`] for a peer that was named and is not
    /// connected.
    pub fn emit<T: ?Sized>(&self, event: &str, payload: &T) -> Result<BroadcastReport, EmitError>
    where
        F: EncodePayload<T>,
    {
        Ok(self.shared().start(event, payload, |_| self.select())?.emit())
    }

    /// Sends an event to these peers and waits for those that read, all at the same time. A peer that
    /// takes nothing for the [`stall_timeout`](crate::ServerBuilder::stall_timeout) is not waited for,
    /// now or later, until it reads again; to it applies what [`emit`](Self::emit) says.
    ///
    /// # Errors
    ///
    /// As [`emit`](Self::emit).
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, some peers have been sent the event and some have not.
    pub async fn send<T: ?Sized>(
        &self,
        event: &str,
        payload: &T,
    ) -> Result<BroadcastReport, EmitError>
    where
        F: EncodePayload<T>,
    {
        Ok(self.shared().start(event, payload, |_| self.select())?.send().await)
    }
}

impl<F: MessageFormat> Shared<F> {
    /// Encodes an event, once, and then selects the peers.
    pub(super) fn start<T: ?Sized>(
        &self,
        event: &str,
        payload: &T,
        select: impl FnOnce(&Self) -> Selected<Peer<F>>,
    ) -> Result<Broadcast<F>, EmitError>
    where
        F: EncodePayload<T>,
    {
        self.config.sent.notify(&*self.format, event, payload);
        let encode = |out: &mut _| self.format.encode(event, payload, out);
        let frame = encode_frame(&self.encoder, encode)?;
        Ok(Broadcast::new(frame, select(self)))
    }
}

/// An event on its way to many: its frame, the peers it is for, and what has become of it.
pub(super) struct Broadcast<F> {
    frame: Bytes,
    peers: Vec<Peer<F>>,
    report: BroadcastReport,
}

impl<F: MessageFormat> Broadcast<F> {
    /// Returns a frame on its way to the selected peers.
    pub(super) fn new(frame: Bytes, selected: Selected<Peer<F>>) -> Self {
        let Selected { peers, missing } = selected;
        let mut report = BroadcastReport::default();
        for id in missing {
            report.add(id, Err(EmitError::UnknownPeer(id)));
        }
        Self { frame, peers, report }
    }

    /// Queues it for each peer.
    pub(super) fn emit(self) -> BroadcastReport {
        let Self { frame, peers, mut report } = self;
        for peer in peers {
            report.add(peer.id(), peer.emit_encoded(&frame));
        }
        report
    }

    /// Queues it for each peer, and waits for those that read.
    pub(super) async fn send(self) -> BroadcastReport {
        let Self { frame, peers, mut report } = self;
        let mut waiting = Vec::new();
        for peer in peers {
            match peer.outbox().emit_with_ease(&frame) {
                Some(done) => report.add(peer.id(), done),
                None => waiting.push(peer),
            }
        }
        // One after the other: the others have enough to write until then.
        for peer in &waiting {
            peer.outbox().eased().await;
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
        report
    }
}

impl BroadcastReport {
    fn add(&mut self, peer: PeerId, result: Result<(), EmitError>) {
        match result {
            Ok(()) => self.sent += 1,
            Err(error) => self.failed.push((peer, error)),
        }
    }
}
