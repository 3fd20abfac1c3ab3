//! `Newcomer`: a peer that has connected and is not let in yet, to a server of either driver: it is heard, judged,
//! and told if it is refused.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use ipc_codec::FrameEncoder;
use ipc_transport::{PeerInfo, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::access::Entered;
use crate::hello::{FirstFrames, Heard, NotEntered};
use crate::options::ConnectionConfig;
use crate::protocol::builtin::BuiltinFormat;
use crate::protocol::calls::{CallFormat, CallNumber, Failure};
use crate::runtime::calls::builtin::{answer, bye};
use crate::runtime::outbox::encode_frame;
use crate::runtime::server::admission;
use crate::runtime::server::token::Gate;
use crate::{Bye, Claim, Identity, MessageFormat, PlainPeers, Refusal};

/// A peer that waits to be let in.
pub(crate) struct Newcomer<F> {
    format: Arc<F>,
    config: Arc<ConnectionConfig>,
    encoder: FrameEncoder,
    pub(crate) info: Arc<PeerInfo>,
    /// Invariant: there is one until the peer is let in.
    pub(crate) stream: Option<Stream>,
    first: FirstFrames,
    /// The number of its hello, once it has said one that can be read: a notice has none.
    heard: Option<Option<CallNumber>>,
}

/// A place among those that wait, until it is dropped.
pub(crate) struct Place {
    gate: Arc<Gate>,
    number: u64,
    /// Ends if the peer has to go for another.
    has_to_go: oneshot::Receiver<()>,
}

/// The frames that tell a peer that it is refused.
pub(crate) struct Farewell(Vec<u8>);

impl Place {
    /// Returns a place for this peer.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub(crate) fn new(gate: &Arc<Gate>, info: &PeerInfo) -> Result<Self, Refusal> {
        let (handle, has_to_go) = oneshot::channel();
        let entered = gate.room().enter(admission::Identity::of(info), handle);
        let Some(Entered { number, instead_of }) = entered else { return Err(gate.too_many()) };
        // Its task notices.
        drop(instead_of);
        Ok(Self { gate: Arc::clone(gate), number, has_to_go })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.gate.room().leave(self.number);
    }
}

impl<F: MessageFormat> Newcomer<F> {
    pub(crate) fn new(
        format: Arc<F>,
        config: Arc<ConnectionConfig>,
        encoder: FrameEncoder,
        stream: Stream,
        gate: &Gate,
    ) -> Self {
        let info = Arc::new(stream.peer().clone());
        let first = FirstFrames::new(&*format, &config, gate.limits.bytes);
        Self { format, config, encoder, info, stream: Some(stream), first, heard: None }
    }

    /// Returns who the peer is, or `None` if it is let in as one that does not say hello.
    pub(crate) async fn judge(&mut self, place: &mut Place) -> Result<Option<Identity>, Refusal> {
        let gate = Arc::clone(&place.gate);
        tokio::select! {
            biased;
            _ = &mut place.has_to_go => Err(gate.too_many()),
            judged = self.judge_in_time(&gate, place.number) => judged,
        }
    }

    async fn judge_in_time(
        &mut self,
        gate: &Gate,
        place: u64,
    ) -> Result<Option<Identity>, Refusal> {
        let limit = gate.limits.time;
        let asking = async {
            let Some(claim) = self.hear(gate).await? else { return Ok(None) };
            if !gate.room().said_hello(place) {
                return Err(gate.too_many());
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
        let admits_plain = gate.plain_peers == PlainPeers::Admit;
        loop {
            match self.first.next(&*self.format, &self.config) {
                Ok(Heard::Hello(number, Ok(claim))) => {
                    self.heard = Some(number);
                    return Ok(Some(claim));
                }
                // It may try again, as long as it has time and room.
                Ok(Heard::Hello(number, Err(failure))) => {
                    let answer = self.frames(number.as_ref(), &failure, None);
                    // An error shows again when the socket is read.
                    let _ = self.write(&answer).await;
                }
                Ok(Heard::Other) | Err(Refusal::TooManyBytes { .. }) if admits_plain => {
                    return Ok(None);
                }
                Ok(Heard::Other) => {}
                Ok(Heard::Nothing) => {
                    let Some(stream) = &mut self.stream else { return Err(Refusal::NoHello) };
                    let read = stream.read_buf(&mut self.first.spare()).await;
                    match read {
                        Ok(0) | Err(_) => return Err(Refusal::NoHello),
                        Ok(n) => self.first.on_read(n),
                    }
                }
                Err(why) => return Err(why),
            }
        }
    }

    /// Returns the number of its hello, if it waits for an answer.
    pub(crate) fn number(&self) -> Option<&CallNumber> {
        self.heard.as_ref()?.as_ref()
    }

    /// Returns all that was read of it but its hellos.
    pub(crate) fn into_first(self) -> Vec<u8> {
        self.first.into_bytes()
    }

    /// Returns what the peer is told if it is refused for this reason: one that has not said hello nothing.
    pub(crate) fn farewell(&self, why: &Refusal) -> Option<Farewell> {
        let number = self.heard.as_ref()?;
        let (failure, bye) = told(why);
        Some(Farewell(self.frames(number.as_ref(), &failure, Some(&bye))))
    }

    /// Tells the peer that it is refused, for as long as its socket may take for that.
    pub(crate) async fn tell(mut self, Farewell(frames): Farewell, gate: &Gate) {
        let telling = gate.start_telling();
        let time = if telling.is_some() { self.config.linger } else { Duration::ZERO };
        // The peer may be gone, or read nothing.
        let _ = timeout(time, self.say_farewell(&frames)).await;
    }

    /// Writes the frames, ends this side, and waits until the peer has ended its own: else what it has sent
    /// and this side has not read could cost it what it is told.
    async fn say_farewell(&mut self, frames: &[u8]) -> io::Result<()> {
        self.write(frames).await?;
        let Some(stream) = &mut self.stream else { return Ok(()) };
        stream.shutdown().await?;
        let mut ignored = [0; 1024];
        while stream.read(&mut ignored).await? > 0 {}
        Ok(())
    }

    async fn write(&mut self, frames: &[u8]) -> io::Result<()> {
        let Some(stream) = &mut self.stream else { return Ok(()) };
        stream.write_all(frames).await?;
        stream.flush().await
    }

    pub(crate) fn builtins(&self) -> Option<&dyn BuiltinFormat> {
        self.format.calls().and_then(CallFormat::builtins)
    }

    /// Returns the frames of an answer to the hello with this number, and of a bye.
    fn frames(&self, number: Option<&CallNumber>, failure: &Failure, bye: Option<&Bye>) -> Vec<u8> {
        let mut frames = Vec::new();
        let Some(format) = self.builtins() else { return frames };
        let mut add = |write: &mut dyn FnMut(&mut BytesMut) -> _| {
            encode_frame(&self.encoder, write).map(|frame| frames.extend_from_slice(&frame))
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

/// Returns why a peer that has shown its token is refused all the same.
pub(crate) fn not_entered(why: NotEntered, identity: &Identity) -> Refusal {
    let name = Arc::clone(&identity.name);
    match why {
        NotEntered::Refused(left) => Refusal::IdentityRefused { name, left },
        // A peer is entered once.
        NotEntered::InUse | NotEntered::Repeated => Refusal::IdentityInUse { name },
    }
}
