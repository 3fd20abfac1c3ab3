//! `$ping`: what a silent peer is asked, and how long it took to answer.

use std::sync::Arc;
use std::time::Duration;

use super::ask::Asked;
use super::waiting::Outcome;
use crate::calls::CallError;
use crate::protocol::builtin::{PING, Value};
use crate::protocol::calls::RoundTrip;
use crate::runtime::clock;
use crate::{Client, MessageFormat, Peer};

/// The questions of a heartbeat that are open on one connection.
///
/// When they are dropped their answers are not waited for any more, and are a sign of life all the same.
pub(crate) struct Pings<F: MessageFormat>(Vec<Asked<F>>);

impl<F: MessageFormat> Pings<F> {
    pub(crate) fn new() -> Self {
        Self(Vec::new())
    }

    /// Asks the peer, which has `within` to answer.
    #[cold]
    pub(crate) fn ask(&mut self, peer: &Peer<F>, within: Duration) {
        self.0.retain(Asked::is_open);
        if self.0.len() >= MAX_OPEN {
            self.0.remove(0);
        }
        let (seen, asked_at) = (Arc::clone(&peer.calls().seen), clock::now());
        let on_answer = move |outcome: Outcome| {
            use CallError::{Closed, Disconnected, NotSent};
            // A peer that answers with an error has answered, too.
            if !matches!(outcome, Err(Disconnected { .. } | Closed { .. } | NotSent(_))) {
                seen.ping_answered(clock::now().saturating_duration_since(asked_at));
            }
            None
        };
        // A queue without room is full of what gathers, and leaves soon: the next tick asks again.
        self.0.extend(peer.ask_builtin(PING, &Value::Null, within, false, on_answer).ok());
    }
}

impl<F: MessageFormat> Peer<F> {
    /// Returns how long the peer took to answer the questions of the
    /// [`heartbeat`](crate::ConnectionOptions#structfield.heartbeat); `None` before the first answer, so
    /// also without a heartbeat, and as long as the peer is never silent.
    ///
    /// A client's is that of all its connections.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{MsgPack, Server};
    /// # fn example(server: &Server<MsgPack>) {
    /// for peer in server.peers() {
    ///     if let Some(rtt) = peer.rtt() {
    ///         println!("{}: {:?}, lately {:?}", peer.id(), rtt.last, rtt.smoothed);
    ///     }
    /// }
    /// # }
    /// ```
    #[must_use]
    pub fn rtt(&self) -> Option<RoundTrip> {
        self.open_calls()?.seen.round_trip()
    }
}

impl<F: MessageFormat> Client<F> {
    /// Returns how long the server took to answer the questions of the heartbeat. See [`Peer::rtt`].
    #[must_use]
    pub fn rtt(&self) -> Option<RoundTrip> {
        self.peer().rtt()
    }
}

/// How many questions are open at a time; beyond it the oldest is not waited for.
const MAX_OPEN: usize = 8;
