//! Running async handlers: at once as far as they come, then in a task for each lane.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::Lanes;
use super::handler::{AsyncHandler, Running};
use super::report::Report;
use crate::handlers::router::panic_message;
use crate::observe::trace;
use crate::{FormatError, HandlerError, Message, MessageFormat, Peer};

impl<F: MessageFormat> AsyncHandler<F> {
    /// Handles a message, or has it wait for the ones before it. Runs on the connection's task, and
    /// goes on in one of its own if the future is not ready at once.
    pub(crate) fn handle(
        self: &Arc<Self>,
        message: &Message,
        peer: &Peer<F>,
    ) -> Result<(), FormatError> {
        let lanes = peer.open_lanes();
        if lanes.is_some_and(|lanes| lanes.wait(self, message, peer.outbox())) {
            return Ok(());
        }
        // Only this task adds messages of this peer, so the handler's lane is as it was.
        let mut running = self.start(message, peer)?;
        if running.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
            return Ok(());
        }
        // The connection holds the dispatcher while it handles a message.
        let Some(report) = self.report.upgrade() else { return Ok(()) };
        let task = Task::new(Arc::clone(self), peer.clone(), report);
        tokio::spawn(trace::within(task.run(running, message.clone())));
        Ok(())
    }
}

/// A task of a lane: it handles one message after the other, until none waits.
struct Task<F: MessageFormat> {
    handler: Arc<AsyncHandler<F>>,
    peer: Peer<F>,
    report: Arc<dyn Report<F>>,
    /// Whether the lane still counts the task.
    counted: bool,
}

impl<F: MessageFormat> Task<F> {
    fn new(handler: Arc<AsyncHandler<F>>, peer: Peer<F>, report: Arc<dyn Report<F>>) -> Self {
        peer.lanes().start(&handler);
        Self { handler, peer, report, counted: true }
    }

    async fn run(mut self, first: Running, message: Message) {
        self.finish(first, &message).await;
        drop(message);
        while let Some(message) = self.next() {
            // Also futures that are ready at once leave the other tasks their share.
            tokio::task::coop::consume_budget().await;
            if self.handler.is_removed() {
                continue;
            }
            let started =
                catch_unwind(AssertUnwindSafe(|| self.handler.start(&message, &self.peer)));
            match started {
                Ok(Ok(running)) => self.finish(running, &message).await,
                Ok(Err(error)) => {
                    let event = message.event().to_owned();
                    self.report(HandlerError::payload(event, &message, error)).await;
                }
                Err(panic) => self.report_panic(&message, panic_message(&*panic)).await,
            }
        }
    }

    fn next(&mut self) -> Option<Message> {
        let next = self.lanes().next(&self.handler, self.peer.outbox());
        self.counted = next.is_some();
        next
    }

    /// Runs a future to its end. If the handler is removed meanwhile, what waits for it is dropped at
    /// once: it must not keep the connection from reading.
    async fn finish(&self, running: Running, message: &Message) {
        let mut caught = pin!(caught(running));
        let ended = tokio::select! {
            biased;
            ended = &mut caught => ended,
            () = self.handler.removed() => {
                self.lanes().clear(&self.handler, self.peer.outbox());
                caught.await
            }
        };
        if let Err(panic) = ended {
            self.report_panic(message, panic).await;
        }
    }

    async fn report_panic(&self, message: &Message, panic: String) {
        let event = message.event().to_owned();
        self.report(HandlerError::Panicked { event, message: panic }).await;
    }

    async fn report(&self, error: HandlerError) {
        self.report.report(self.peer.clone(), error.into()).await;
    }

    fn lanes(&self) -> &Lanes<F> {
        self.peer.lanes()
    }
}

impl<F: MessageFormat> Drop for Task<F> {
    /// A task that its runtime stops leaves nothing waiting for it.
    fn drop(&mut self) {
        if self.counted {
            self.lanes().abandon(&self.handler, self.peer.outbox());
        }
    }
}

/// Runs a future to its end; fails with the message of its panic.
async fn caught(mut running: Running) -> Result<(), String> {
    poll_fn(|cx| {
        // After a panic the future is dropped and never polled again.
        match catch_unwind(AssertUnwindSafe(|| running.as_mut().poll(cx))) {
            Ok(Poll::Ready(())) => Poll::Ready(Ok(())),
            Ok(Poll::Pending) => Poll::Pending,
            Err(panic) => Poll::Ready(Err(panic_message(&*panic))),
        }
    })
    .await
}
