//! `FirstFrames`: what a peer has sent that is not let in yet.

use bytes::{BufMut, Bytes};

use super::Claim;
use crate::calls::ControlEvents;
use crate::options::ConnectionConfig;
use crate::protocol::builtin::HELLO;
use crate::protocol::calls::{CallFormat, CallNumber, Control, Failure};
use crate::protocol::connection::Inbound;
use crate::{MessageFormat, Refusal};

/// What a peer has sent that is not let in yet: kept as it came, and looked through for its `$hello`. Nothing
/// of it is handled; a connection is given it once the peer is let in.
pub(crate) struct FirstFrames {
    /// All bytes but those of hellos.
    bytes: Vec<u8>,
    /// Splits the same bytes.
    inbound: Inbound,
    /// How many bytes have come, those of hellos included.
    received: usize,
    limit: usize,
}

/// What was found.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A hello: the number to answer, and what it says or what is wrong with it.
    Hello(Option<CallNumber>, Result<Claim, Failure>),
    /// A frame that is something else.
    Other,
    /// Nothing: more bytes are needed.
    Nothing,
}

impl FirstFrames {
    /// Returns what was received of a new peer, which may send this many bytes before its hello is there.
    pub(crate) fn new(
        format: &impl MessageFormat,
        config: &ConnectionConfig,
        limit: usize,
    ) -> Self {
        let inbound = Inbound::new(format.framing(), config.limits, None);
        Self { bytes: Vec::new(), inbound, received: 0, limit }
    }

    /// Returns the buffer to read into: never more than one byte over the limit, which shows that there is
    /// more.
    pub(crate) fn spare(&mut self) -> impl BufMut + '_ {
        let room = self.limit.saturating_add(1).saturating_sub(self.received);
        self.bytes.reserve(room.min(READ_SIZE));
        (&mut self.bytes).limit(room)
    }

    /// Handles that a read has brought this many bytes.
    pub(crate) fn on_read(&mut self, n: usize) {
        let begin = self.bytes.len().saturating_sub(n);
        self.inbound.extend(self.bytes.get(begin..).unwrap_or_default());
        self.received += n;
    }

    /// Looks at the next frame.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if there is no hello in as many bytes as there may be, or what came is no frame.
    pub(crate) fn next(
        &mut self,
        format: &impl MessageFormat,
        config: &ConnectionConfig,
    ) -> Result<Heard, Refusal> {
        loop {
            let before = self.inbound.buffered();
            match self.inbound.next_frame() {
                Ok(Some(frame)) => {
                    let Some((number, claim)) = hello(format, config, frame) else {
                        return Ok(Heard::Other);
                    };
                    let left = self.inbound.buffered();
                    self.check(self.received.saturating_sub(left))?;
                    let at = |left: usize| self.bytes.len().saturating_sub(left);
                    let of_hello = at(before)..at(left);
                    drop(self.bytes.drain(of_hello));
                    return Ok(Heard::Hello(number, claim));
                }
                Ok(None) => return self.check(self.received).map(|()| Heard::Nothing),
                // The connection reports it, if it comes to that.
                Err(error) if !error.ends_stream() => {}
                Err(_) => return Err(Refusal::NoHello),
            }
        }
    }

    fn check(&self, actual: usize) -> Result<(), Refusal> {
        let limit = self.limit;
        if actual > limit { Err(Refusal::TooManyBytes { limit, actual }) } else { Ok(()) }
    }

    /// Returns all bytes but those of hellos.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// Returns the number and the claim of a hello, or `None` if the frame is none.
fn hello(
    format: &impl MessageFormat,
    config: &ConnectionConfig,
    frame: Bytes,
) -> Option<(Option<CallNumber>, Result<Claim, Failure>)> {
    let calls = format.calls()?;
    let builtins = calls.builtins()?;
    let mut message = format.decode(frame).ok()?;
    if !ControlEvents::of(format, config).may_be(&message) {
        return None;
    }
    match calls.take_control(&mut message)? {
        Ok(Control::Call { number, message, .. }) if message.event() == HELLO => {
            Some((number, Claim::read(builtins, &message)))
        }
        _ => None,
    }
}

/// Returns why no peer can say hello to a server with this format, if none can.
pub(crate) fn no_hello(
    format: &impl MessageFormat,
    config: &ConnectionConfig,
) -> Option<&'static str> {
    if config.max_datagram.is_some() {
        return Some("datagrams have no connection to say hello on");
    }
    if ControlEvents::of(format, config) == ControlEvents::None {
        return Some("calls are switched off, or the format has none");
    }
    let builtins = format.calls().and_then(CallFormat::builtins);
    builtins.is_none().then_some("this format has no built-in methods")
}

/// How many bytes are read at a time: a hello needs few.
const READ_SIZE: usize = 1024;
