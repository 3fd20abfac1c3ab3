//! What a client has subscribed to: asked of the server, kept, and asked of each further connection.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::calls::{CallError, SubscribeError};
use crate::error::Error;
use crate::groups::{PatternLimits, TooManyPatterns};
use crate::protocol::builtin::{SUB, UNSUB, Value};
use crate::protocol::calls::Sent;
use crate::runtime::calls::builtin::Report;
use crate::runtime::clock;
use crate::{Client, MessageFormat, Pattern, Peer};

/// The patterns that a client has subscribed to.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    patterns: Mutex<BTreeSet<Pattern>>,
}

/// What a client asks of its server.
#[derive(Debug, Clone)]
enum Wish {
    Add(BTreeSet<Pattern>),
    Remove(BTreeSet<Pattern>),
    RemoveAll,
}

impl Subscriptions {
    fn list(&self) -> Vec<Pattern> {
        self.lock().iter().cloned().collect()
    }

    /// Checks that so many more patterns are not too many.
    fn check(&self, more: &BTreeSet<Pattern>) -> Result<(), TooManyPatterns> {
        let limit = PatternLimits::default().per_id;
        let actual = self.lock().union(more).count();
        if actual > limit { Err(TooManyPatterns::PerId { limit, actual }) } else { Ok(()) }
    }

    fn apply(&self, wish: Wish) {
        let mut patterns = self.lock();
        match wish {
            Wish::Add(more) => patterns.extend(more),
            Wish::Remove(these) => patterns.retain(|pattern| !these.contains(pattern)),
            Wish::RemoveAll => patterns.clear(),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeSet<Pattern>> {
        self.patterns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wish {
    fn call(&self) -> (&'static str, Value) {
        match self {
            Self::Add(patterns) => (SUB, list(patterns)),
            Self::Remove(patterns) => (UNSUB, list(patterns)),
            Self::RemoveAll => (UNSUB, Value::Null),
        }
    }
}

fn list<'a>(patterns: impl IntoIterator<Item = &'a Pattern>) -> Value {
    Value::list(patterns.into_iter().map(Pattern::as_str))
}

impl<F: MessageFormat> Client<F> {
    /// Subscribes to topics of the server, in addition to those before: what it publishes under a name
    /// that one of the patterns matches comes as an event of that name. Waits for the server's answer,
    /// at most for the option [`deadline`](crate::CallOptions::deadline). Starts the client.
    ///
    /// The patterns are kept, and asked for again on each further connection before anything that
    /// waits is sent. If the server refuses them then, that is a
    /// [`ClientEvent::Error`](crate::ClientEvent::Error) of [`Error::NotSubscribed`], and they are asked
    /// for again on the next connection. What is published while there is no connection is missed. If
    /// the connection is lost before the answer, this asks again on the next.
    ///
    /// Handlers are registered as for any event: with [`on`](Self::on) for one topic, with
    /// [`on_topic`](Self::on_topic) for a pattern. Registered before, they miss nothing.
    ///
    /// # Errors
    ///
    /// [`SubscribeError`]: a text is no pattern, there are more than 1,024 of this client, or the call
    /// failed; with `Denied`, with `too_many` if the server has too many, or with `NotSent` if the send
    /// queue has no room, also when it drops the call for a newer message. A server that is node-ipc
    /// does not answer: `Deadline`. Nothing is kept then; the server may have subscribed this
    /// connection if its answer came too late.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the patterns are kept if the answer had come, and
    /// the server may have subscribed this connection all the same.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{Client, MsgPack};
    /// # async fn example(client: Client<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// client.on_topic("price.*", |price: f64, _| println!("{price}"))?;
    /// client.subscribe(["price.*", "news.>"]).await?;
    /// # Ok(()) }
    /// ```
    pub async fn subscribe<P: AsRef<str>>(
        &self,
        patterns: impl IntoIterator<Item = P>,
    ) -> Result<(), SubscribeError> {
        let patterns = parse(patterns)?;
        self.inner().control.subscriptions().check(&patterns)?;
        Ok(self.ask_topics(Wish::Add(patterns)).await?)
    }

    /// Ends subscriptions to these patterns, as they were subscribed to: one does not end what another
    /// stands for. Waits for the server's answer as [`subscribe`](Self::subscribe) does.
    ///
    /// # Errors
    ///
    /// As [`subscribe`](Self::subscribe). The patterns are still kept then.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the patterns are kept unless the answer had come.
    pub async fn unsubscribe<P: AsRef<str>>(
        &self,
        patterns: impl IntoIterator<Item = P>,
    ) -> Result<(), SubscribeError> {
        let patterns = parse(patterns)?;
        Ok(self.ask_topics(Wish::Remove(patterns)).await?)
    }

    /// Ends all subscriptions, as [`unsubscribe`](Self::unsubscribe) does.
    ///
    /// # Errors
    ///
    /// As [`unsubscribe`](Self::unsubscribe).
    ///
    /// # Cancel safety
    ///
    /// As [`unsubscribe`](Self::unsubscribe).
    pub async fn unsubscribe_all(&self) -> Result<(), SubscribeError> {
        Ok(self.ask_topics(Wish::RemoveAll).await?)
    }

    /// Returns the patterns that are kept, in the order of their texts.
    #[must_use]
    pub fn subscriptions(&self) -> Vec<Pattern> {
        let kept = self.inner().control.subscriptions.get();
        kept.map_or_else(Vec::new, |subscriptions| subscriptions.list())
    }

    async fn ask_topics(&self, wish: Wish) -> Result<(), CallError> {
        let (peer, (method, args)) = (self.peer(), wish.call());
        let within = peer.config().calls.deadline;
        let began = clock::now();
        loop {
            let left = within.saturating_sub(clock::now().saturating_duration_since(began));
            let (answer, answered) = oneshot::channel();
            let (control, wish) = (self.inner().control.clone(), wish.clone());
            // In the connection's task, so that no reconnect comes in between.
            let on_answer = move |outcome: Result<Value, CallError>| {
                if outcome.is_ok() {
                    control.subscriptions().apply(wish);
                }
                // Whoever asked may be gone.
                let _ = answer.send(outcome);
                None
            };
            let asked = {
                let starting = self.inner().beginning();
                let _begins_after_this =
                    starting.map_err(|error| CallError::NotSent(error.into()))?;
                peer.ask_builtin(method, &args, left, on_answer)?
            };
            let outcome = tokio::time::timeout(left, answered).await;
            drop(asked);
            return match outcome {
                Ok(Ok(Ok(_))) => Ok(()),
                // To subscribe twice is to subscribe once.
                Ok(Ok(Err(CallError::Disconnected { .. }))) => continue,
                Ok(Ok(Err(error))) => Err(error),
                Ok(Err(_)) => Err(CallError::Closed { sent: Sent::Maybe }),
                Err(_) => Err(CallError::Deadline { within }),
            };
        }
    }
}

fn parse<P: AsRef<str>>(
    patterns: impl IntoIterator<Item = P>,
) -> Result<BTreeSet<Pattern>, SubscribeError> {
    let patterns = patterns.into_iter().map(|pattern| Pattern::new(pattern.as_ref()));
    Ok(patterns.collect::<Result<_, _>>()?)
}

/// Returns the frames that ask a new connection for what was subscribed to: one, unless they are too
/// many for a frame. An error in the answer is reported.
pub(super) fn frames<F: MessageFormat>(
    peer: &Peer<F>,
    subscriptions: &Subscriptions,
    within: Duration,
) -> Result<Vec<Bytes>, CallError> {
    let (mut frames, mut parts) = (Vec::new(), vec![subscriptions.list()]);
    while let Some(mut part) = parts.pop() {
        if part.is_empty() {
            continue;
        }
        let on_answer = |outcome| match outcome {
            // A lost connection is reported as such, and the next is asked.
            Ok(_) | Err(CallError::Disconnected { .. } | CallError::Closed { .. }) => None,
            Err(error) => Some(Report::Error(Error::NotSubscribed(error))),
        };
        match peer.ask_past_queue(SUB, None, &list(&part), within, on_answer) {
            Ok((asked, frame)) => {
                asked.keep();
                frames.push(frame);
            }
            Err(CallError::NotSent(_)) if part.len() > 1 => {
                parts.push(part.split_off(part.len() / 2));
                parts.push(part);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(frames)
}
