//! The tasks of peers that have connected and are not let in yet: each hears the hello of its peer, asks the
//! program, and then serves the peer or tells it that it is refused.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use ipc_transport::{PeerInfo, ReadHalf, Stream, WriteHalf};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use crate::access::Entered;
use crate::hello::{FirstFrames, Heard, NotEntered};
use crate::observe::trace;
use crate::protocol::builtin::BuiltinFormat;
use crate::protocol::calls::{CallFormat, CallNumber, Failure};
use crate::runtime::calls::builtin::{answer, bye, hello};
use crate::runtime::outbox::encode_frame;
use crate::runtime::server::admission;
use crate::runtime::server::shared::{Running, Shared};
use crate::runtime::server::task;
use crate::runtime::server::token::Gate;
use crate::{Bye, Claim, Identity, MessageFormat, PlainPeers, Refusal};

/// A peer that was not let in, and why: for the task that accepts, which reports it.
pub(super) type Refused = (Arc<PeerInfo>, Refusal);

/// Lets a new connection wait, or returns why it may not.
pub(super) fn enter<F: MessageFormat>(
    shared: &Arc<Shared<F>>,
    gate: &Gate,
    stream: Stream,
    refusals: &mpsc::Sender<Refused>,
) -> Result<(), Refusal> {
    let info = Arc::new(stream.peer().clone());
    let (handle, has_to_go) = oneshot::channel();
    let entered = gate.room().enter(admission::Identity::of(&info), handle);
    let Some(Entered { number, instead_of }) = entered else {
        return Err(too_many(gate));
    };
    // Its task notices.
    drop(instead_of);
    let place = Place { shared: Arc::clone(shared), number };
    shared.tasks.send_modify(|tasks| tasks.peers += 1);
    let running = Running { shared: Arc::clone(shared), accepting: false };
    let (reader, writer) = stream.into_split();
    let first = FirstFrames::new(&*shared.format, &shared.config, gate.limits.bytes);
    let waiting = Waiting { running, info, reader, writer: Some(writer), first, heard: None };
    drop(tokio::spawn(waiting.run(place, has_to_go, refusals.clone())));
    Ok(())
}

/// A place among those that wait, until it is dropped.
struct Place<F: MessageFormat> {
    shared: Arc<Shared<F>>,
    number: u64,
}

impl<F: MessageFormat> Drop for Place<F> {
    fn drop(&mut self) {
        if let Some(gate) = &self.shared.gate {
            gate.room().leave(self.number);
        }
    }
}

/// A peer that waits.
struct Waiting<F: MessageFormat> {
    running: Running<F>,
    info: Arc<PeerInfo>,
    reader: ReadHalf,
    /// Invariant: there is one until the peer is let in.
    writer: Option<WriteHalf>,
    first: FirstFrames,
    /// The number of its hello, once it has said one that can be read: a notice has none.
    heard: Option<Option<CallNumber>>,
}

impl<F: MessageFormat> Waiting<F> {
    async fn run(
        mut self,
        place: Place<F>,
        mut has_to_go: oneshot::Receiver<()>,
        refusals: mpsc::Sender<Refused>,
    ) {
        let shared = Arc::clone(&self.running.shared);
        let Some(gate) = &shared.gate else { return };
        let mut stop = shared.stop.subscribe();
        let judged = tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return,
            _ = &mut has_to_go => Err(too_many(gate)),
            judged = self.judge(gate, &place) => judged,
        };
        let admitted = judged.map_err(Some).and_then(|identity| {
            task::admit_waiting(&shared, &self.info, identity, &mut self.writer)
        });
        drop(place);
        match admitted {
            Ok(gone) => {
                if let (Some(Some(number)), Some(format)) = (&self.heard, builtins(&shared)) {
                    hello::welcome(&gone.peer, format, number);
                }
                let peer = gone.peer.clone();
                let Self { running, reader, first, .. } = self;
                trace::peer(&peer, task::serve(running, gone, reader, first.into_bytes())).await;
            }
            Err(Some(why)) => self.refuse(why, gate, &refusals, &mut stop).await,
            // The server stops.
            Err(None) => {}
        }
    }

    /// Returns who the peer is, or `None` if it is let in as one that does not say hello.
    async fn judge(&mut self, gate: &Gate, place: &Place<F>) -> Result<Option<Identity>, Refusal> {
        let limit = gate.limits.time;
        let asking = async {
            let Some(claim) = self.hear(gate).await? else { return Ok(None) };
            if !gate.room().said_hello(place.number) {
                return Err(too_many(gate));
            }
            gate.check.ask(claim, Arc::clone(&self.info)).await.map(Some)
        };
        match timeout(limit, asking).await {
            Ok(judged) => judged,
            Err(_) => match self.heard {
                None if gate.plain_peers == PlainPeers::Admit => Ok(None),
                ref heard => Err(Refusal::Late { limit, said_hello: heard.is_some() }),
            },
        }
    }

    /// Returns what the peer says of itself, or `None` if it is let in although it says something else.
    async fn hear(&mut self, gate: &Gate) -> Result<Option<Claim>, Refusal> {
        let shared = Arc::clone(&self.running.shared);
        let admits_plain = gate.plain_peers == PlainPeers::Admit;
        loop {
            match self.first.next(&*shared.format, &shared.config) {
                Ok(Heard::Hello(number, Ok(claim))) => {
                    self.heard = Some(number);
                    return Ok(Some(claim));
                }
                // It may try again, as long as it has time and room.
                Ok(Heard::Hello(number, Err(failure))) => {
                    let answer = frames(&shared, number.as_ref(), &failure, None);
                    // An error shows again when the socket is read.
                    let _ = self.write(&answer).await;
                }
                Ok(Heard::Other) | Err(Refusal::TooManyBytes { .. }) if admits_plain => {
                    return Ok(None);
                }
                Ok(Heard::Other) => {}
                Ok(Heard::Nothing) => {
                    let read = self.reader.read_buf(&mut self.first.spare()).await;
                    match read {
                        Ok(0) | Err(_) => return Err(Refusal::NoHello),
                        Ok(n) => self.first.on_read(n),
                    }
                }
                Err(why) => return Err(why),
            }
        }
    }

    /// Reports that the peer is refused, and tells it so if it has said hello.
    async fn refuse(
        mut self,
        why: Refusal,
        gate: &Gate,
        refusals: &mpsc::Sender<Refused>,
        stop: &mut watch::Receiver<bool>,
    ) {
        let (failure, bye) = told(&why);
        // The task that accepts is gone if the server stops.
        let _ = refusals.send((Arc::clone(&self.info), why)).await;
        let Some(number) = self.heard.take() else { return };
        let frames = frames(&self.running.shared, number.as_ref(), &failure, Some(&bye));
        let telling = gate.start_telling();
        let linger = self.running.shared.config.linger;
        let time = if telling.is_some() { linger } else { Duration::ZERO };
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => {}
            // The peer may be gone, or read nothing.
            _ = timeout(time, self.tell(&frames)) => {}
        }
    }

    /// Writes the frames, ends this side, and waits until the peer has ended its own: else what it has sent
    /// and this side has not read could cost it what it is told.
    async fn tell(&mut self, frames: &[u8]) -> io::Result<()> {
        self.write(frames).await?;
        if let Some(writer) = &mut self.writer {
            writer.shutdown().await?;
        }
        let mut ignored = [0; 1024];
        while self.reader.read(&mut ignored).await? > 0 {}
        Ok(())
    }

    async fn write(&mut self, frames: &[u8]) -> io::Result<()> {
        let Some(writer) = &mut self.writer else { return Ok(()) };
        writer.write_all(frames).await?;
        writer.flush().await
    }
}

fn too_many(gate: &Gate) -> Refusal {
    Refusal::TooManyWaiting { limit: gate.limits.peers }
}

fn builtins<F: MessageFormat>(shared: &Shared<F>) -> Option<&dyn BuiltinFormat> {
    shared.format.calls().and_then(CallFormat::builtins)
}

/// Returns what a peer is told that has said hello and is refused: the answer to its hello, and why the connection
/// is closed. What it may not know is not in them.
fn told(why: &Refusal) -> (Failure, Bye) {
    let (failure, may_come_back) = match why {
        Refusal::IdentityInUse { .. } => (NotEntered::InUse.failure(), true),
        Refusal::IdentityRefused { left, .. } => (NotEntered::Refused(*left).failure(), false),
        // Not its own fault.
        Refusal::Undecided { .. }
        | Refusal::Late { .. }
        | Refusal::TooManyPeers { .. }
        | Refusal::TooManyOfIdentity { .. } => (denied(), true),
        _ => (denied(), false),
    };
    let bye = Bye::new(failure.code.clone(), failure.message.clone()).reconnect(may_come_back);
    (failure, bye)
}

fn denied() -> Failure {
    Failure::denied("the server does not let this client in")
}

/// Returns the frames of an answer to the hello with this number, and of a bye.
fn frames<F: MessageFormat>(
    shared: &Shared<F>,
    number: Option<&CallNumber>,
    failure: &Failure,
    bye: Option<&Bye>,
) -> Vec<u8> {
    let mut frames = Vec::new();
    let Some(format) = builtins(shared) else { return frames };
    let mut add = |write: &mut dyn FnMut(&mut BytesMut) -> _| {
        encode_frame(&shared.encoder, write).map(|frame| frames.extend_from_slice(&frame))
    };
    // One that is larger than a frame may be is not sent.
    if let Some(number) = number {
        let _ = answer(format, number, Err(failure.clone()), |write| add(write));
    }
    if let Some(bye) = bye {
        let _ = add(&mut |out| bye::write(format, bye, out));
    }
    frames
}
