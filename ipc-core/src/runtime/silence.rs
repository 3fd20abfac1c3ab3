//! What a connection does about the silence of its peer.

use std::time::Instant;

use crate::protocol::calls::CallFormat;
use crate::protocol::connection::{Fault, Machine};
use crate::runtime::calls::Calls;
use crate::runtime::calls::builtin::Pings;
use crate::{MessageFormat, Peer};

/// Tells the machine what the message that was handled last shows about the peer's life. `length` is that of
/// its frame.
#[inline]
pub(crate) fn note<F: MessageFormat>(machine: &mut Machine, peer: &Peer<F>, length: usize) {
    let Some(news) = peer.open_calls().and_then(Calls::take_news) else { return };
    // A form of calls that has no built-in methods has no question either.
    if news.answer && peer.format().calls().and_then(CallFormat::builtins).is_some() {
        machine.answers_calls();
    }
    if news.ping {
        machine.received_ping(length);
    }
}

/// Asks a silent peer for a sign of life. Returns the fault if it is given up. To be called after
/// everything was read that there is.
pub(crate) fn look_after<F: MessageFormat>(
    machine: &mut Machine,
    peer: &Peer<F>,
    pings: &mut Pings<F>,
    now: Instant,
) -> Option<Fault> {
    let heartbeat = peer.config().heartbeat.filter(|_| machine.is_silent(now))?;
    match machine.look_after(now, peer.outbox().unsent()) {
        Ok(true) => pings.ask(peer, heartbeat.patience()),
        Ok(false) => {}
        Err(fault) => return Some(fault),
    }
    None
}
