//! `Bye`: what a peer is told before its connection is closed.

use std::time::Duration;

use super::WhenDismissed;
use crate::protocol::builtin::Value;

/// What a peer is told before its connection is closed: why, and whether it may come back.
///
/// # Examples
///
/// ```
/// # use ipc_core::{Bye, MsgPack, Server};
/// # async fn example(server: Server<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
/// server.on("shout", |text: String, peer| {
///     if text.len() > 1000 {
///         let minute = std::time::Duration::from_secs(60);
///         peer.kick(Bye::new("limit", "too loud").refuse_for(minute));
///     }
/// });
/// # Ok(()) }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bye {
    /// Why, for programs.
    pub code: Box<str>,
    /// Why, for people.
    pub message: Box<str>,
    /// Whether the peer may connect again. A client of node-ipc is not told, and does.
    pub reconnect: bool,
    /// For how long the server refuses the peer's identity, if it has one. Not told to the peer.
    pub refuse_for: Option<Duration>,
}

impl Bye {
    /// Returns a bye after which the peer may not come back.
    #[must_use]
    pub fn new(code: impl Into<Box<str>>, message: impl Into<Box<str>>) -> Self {
        let (code, message) = (code.into(), message.into());
        Self { code, message, reconnect: false, refuse_for: None }
    }

    /// Sets [`reconnect`](Self::reconnect).
    #[must_use]
    pub fn reconnect(self, reconnect: bool) -> Self {
        Self { reconnect, ..self }
    }

    /// Has the server refuse the peer's identity for this time: a peer that says hello with the name is
    /// told `refused` and sent away. Of at most 1,024 names, those whose time ends last.
    #[must_use]
    pub fn refuse_for(self, time: Duration) -> Self {
        Self { refuse_for: Some(time), ..self }
    }

    /// Returns what a server says that shuts down: its clients may come back. The async server says it by
    /// itself.
    #[must_use]
    pub fn shutdown() -> Self {
        Self::new("shutdown", "the server shuts down").reconnect(true)
    }

    /// Returns what the older peers of an identity are told.
    pub(crate) fn replaced() -> Self {
        Self::new("replaced", "another connection has taken this identity")
    }

    /// Returns whether a client that is told this ends with its connection.
    pub(crate) fn ends(&self, when_dismissed: WhenDismissed) -> bool {
        !self.reconnect && when_dismissed == WhenDismissed::End
    }

    /// Returns the arguments of `$bye`.
    pub(crate) fn args(&self) -> Value {
        Value::map([
            ("code", self.code.clone().into()),
            ("message", self.message.clone().into()),
            ("reconnect", self.reconnect.into()),
        ])
    }

    /// Reads the arguments of `$bye`. What is missing in them, or of another kind, has its default: a peer
    /// that says no more than that may come back.
    pub(crate) fn of(args: &Value) -> Self {
        let text = |key, default: &str| {
            Box::from(args.get(key).and_then(Value::as_text).unwrap_or(default))
        };
        let reconnect = args.get("reconnect").and_then(Value::as_bool) != Some(false);
        Self::new(text("code", "bye"), text("message", "")).reconnect(reconnect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read_as_they_were_written() {
        let bye = Bye::new("limit", "too loud");
        assert_eq!(Bye::of(&bye.clone().refuse_for(Duration::from_secs(1)).args()), bye);
        assert_eq!(Bye::of(&Bye::shutdown().args()), Bye::shutdown());
        let nothing = Bye::new("bye", "").reconnect(true);
        let other = Value::map([("code", 7.into()), ("reconnect", "no".into())]);
        for other in [Value::Null, "away".into(), other] {
            assert_eq!(Bye::of(&other), nothing, "{other:?}");
        }
    }
}
