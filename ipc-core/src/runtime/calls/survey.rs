//! `Survey`: one call of many peers, and the answer of each.

use std::collections::BTreeMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_core::Stream;
use tokio::time::Sleep;

use super::gathering::Gathering;
use super::run;
use super::shared::slots::Outcome;
use crate::calls::CallError;
use crate::error::EmitError;
use crate::groups::selection::Selected;
use crate::protocol::calls::{Sent, later};
use crate::runtime::clock;
use crate::{DecodePayload, MessageFormat, Peer, PeerId};

/// The answers of the peers that were asked, each with the peer's number, in the order in which they come:
/// of each asked peer exactly one, its result or why it has none. It ends when all have answered, and is a
/// [`Stream`], with [`next`](Self::next) and [`gather`](Self::gather) of its own.
///
/// Made by [`Surveying::survey`](crate::Surveying::survey). Dropped before its end, it cancels the calls
/// of the peers that have not answered. It holds the answers that were not taken: at most one of each peer,
/// as large as a frame may be.
#[must_use = "dropped, it cancels the calls"]
pub struct Survey<F: MessageFormat, R> {
    format: Arc<F>,
    gathering: Arc<Gathering>,
    /// The asked peers whose outcomes were not taken.
    open: BTreeMap<PeerId, Peer<F>>,
    /// How many items are to come.
    left: usize,
    number: u64,
    time: Time,
    /// Runs while an answer is awaited.
    timer: Option<Pin<Box<Sleep>>>,
    result: PhantomData<fn() -> R>,
}

/// How long a survey may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Time {
    now: Instant,
    pub(crate) within: Duration,
}

impl Time {
    /// Returns the time of a survey that begins now: `within`, and unless it is detached at most what the
    /// call that is being answered has left.
    pub(crate) fn of(within: Duration, detached: bool) -> Self {
        let now = clock::now();
        let left = if detached { None } else { run::time_left(now) };
        Self { now, within: left.map_or(within, |left| left.min(within)) }
    }
}

impl<F: MessageFormat, R> Survey<F, R> {
    /// Returns a survey of these peers that has asked none of them yet, and of those that are missing.
    pub(crate) fn new(
        format: Arc<F>,
        selected: Selected<Peer<F>>,
        number: u64,
        time: Time,
    ) -> Self {
        let Selected { peers, missing } = selected;
        let survey = Self {
            format,
            gathering: Arc::default(),
            left: peers.len() + missing.len(),
            open: peers.into_iter().map(|peer| (peer.id(), peer)).collect(),
            number,
            time,
            timer: None,
            result: PhantomData,
        };
        for peer in missing {
            survey.fail(peer, CallError::NotSent(EmitError::UnknownPeer(peer)));
        }
        survey
    }

    /// Asks every peer with this frame.
    pub(crate) fn ask(&self, frame: &Bytes) {
        for peer in self.open.values() {
            if let Err(error) = self.ask_one(peer, frame) {
                self.fail(peer.id(), error);
            }
        }
    }

    /// Asks no peer, for this reason.
    pub(crate) fn fail_all(&self, error: &CallError) {
        self.gathering.fail_others(self.open.keys().copied(), || error.clone());
    }

    fn fail(&self, peer: PeerId, error: CallError) {
        if let Some(waker) = self.gathering.add(peer, Err(error)) {
            waker.wake();
        }
    }

    /// Enters the call among those of the peer, so that it ends with its connection, and queues its
    /// frame.
    fn ask_one(&self, peer: &Peer<F>, frame: &Bytes) -> Result<(), CallError> {
        let (calls, number) = (peer.calls(), self.number);
        let mut state = calls.lock();
        if state.closed || state.closing {
            return Err(CallError::Closed { sent: Sent::No });
        }
        state.asker.ask_shared(number, self.time.now, self.time.within)?;
        state.asker.bind(number);
        state.slots.open_gathered(number, &self.gathering, peer.id());
        let mut locked = Some(state);
        let queued = peer.outbox().emit_encoded_numbered(frame, |frame| {
            // Writing may follow, which must not keep answers from being handled.
            if let Some(mut state) = locked.take() {
                state.asker.queued(number, frame);
            }
        });
        let Err(error) = queued else { return Ok(()) };
        // Still locked, so that nothing else has ended it.
        if let Some(mut state) = locked {
            state.slots.remove(number);
            // Its frame is in no queue: there is nothing to take back.
            let _ = state.asker.abandon(number, 0);
        }
        Err(match error {
            EmitError::Closed => CallError::Closed { sent: Sent::No },
            error => CallError::NotSent(error),
        })
    }

    /// Ends the calls that are open.
    fn abandon(&self) {
        let Some(format) = self.format.calls() else { return };
        for peer in self.open.values() {
            peer.calls().abandon(self.number, peer.outbox(), format);
        }
        format.call_ended(self.number);
    }

    /// Returns how many items are still to come.
    #[must_use]
    pub fn left(&self) -> usize {
        self.left
    }
}

impl<F: DecodePayload<R>, R> Survey<F, R> {
    /// Returns the next answer, or `None` when every peer has answered.
    ///
    /// # Errors
    ///
    /// [`CallError`] of the peer: among others [`Deadline`](CallError::Deadline) if it has not answered in
    /// time, and [`Disconnected`](CallError::Disconnected) as soon as it has gone.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: an answer is taken only when it is returned.
    pub async fn next(&mut self) -> Option<(PeerId, Result<R, CallError>)> {
        poll_fn(|cx| self.poll(cx)).await
    }

    /// Waits until every peer has answered, or the time is over, and returns all answers in the order in
    /// which they came.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the calls are cancelled and the answers lost.
    pub async fn gather(mut self) -> Vec<(PeerId, Result<R, CallError>)> {
        let mut answers = Vec::with_capacity(self.left);
        while let Some(answer) = self.next().await {
            answers.push(answer);
        }
        answers
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<(PeerId, Result<R, CallError>)>> {
        while self.left > 0 {
            // An answer that is there when the time is over is still an answer.
            if let Some((peer, outcome)) = self.gathering.take(cx.waker()) {
                self.left -= 1;
                self.open.remove(&peer);
                return Poll::Ready(Some((peer, self.result(outcome))));
            }
            let deadline = later(self.time.now, self.time.within);
            let timer = self
                .timer
                .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline.into())));
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.abandon();
            let within = self.time.within;
            self.fail_all(&CallError::Deadline { within });
        }
        Poll::Ready(None)
    }

    fn result(&self, outcome: Outcome) -> Result<R, CallError> {
        self.format.decode_payload(&outcome?).map_err(CallError::InvalidResult)
    }
}

impl<F: MessageFormat, R> Drop for Survey<F, R> {
    fn drop(&mut self) {
        self.abandon();
    }
}

impl<F: DecodePayload<R>, R> Stream for Survey<F, R> {
    type Item = (PeerId, Result<R, CallError>);

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

/// Nothing in it is pinned in place: the timer has a box of its own.
impl<F: MessageFormat, R> Unpin for Survey<F, R> {}

impl<F: MessageFormat, R> fmt::Debug for Survey<F, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { number, left, .. } = self;
        f.debug_struct("Survey").field("number", number).field("left", left).finish_non_exhaustive()
    }
}
