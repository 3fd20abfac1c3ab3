//! Running the future of a method: at once as far as it comes, then in a task.

use std::cell::Cell;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::Call;
use super::answer::Expiry;
use super::methods::Task;
use crate::handlers::router::panic_message;
use crate::runtime::lanes::report::Report;
use crate::{HandlerError, MessageFormat};

/// The future of a method, which answers its call itself.
pub(super) type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

thread_local! {
    /// The deadline of the call whose method is being polled on this thread.
    static DEADLINE: Cell<Option<Instant>> = const { Cell::new(None) };
}

/// Returns what is left of the call that is being answered here, if one is.
pub(super) fn time_left(now: Instant) -> Option<Duration> {
    DEADLINE.get().map(|deadline| deadline.saturating_duration_since(now))
}

/// A method's future, whose panics are caught and in which other calls know the deadline.
struct Guarded {
    running: Running,
    deadline: Instant,
}

impl Future for Guarded {
    /// An error is the message of a panic.
    type Output = Result<(), String>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let outer = DEADLINE.replace(Some(self.deadline));
        // After a panic the future is dropped and never polled again.
        let polled = catch_unwind(AssertUnwindSafe(|| self.running.as_mut().poll(cx)));
        DEADLINE.set(outer);
        match polled {
            Ok(polled) => polled.map(Ok),
            Err(panic) => Poll::Ready(Err(panic_message(&*panic))),
        }
    }
}

/// Runs a method's future as far as it comes at once, so that a ready answer leaves with the others of
/// this turn; what is pending goes on in a task.
pub(super) fn start<F: MessageFormat>(call: Call<F>, running: Running) -> Option<HandlerError> {
    let mut guarded = Guarded { running, deadline: call.deadline() };
    let mut cx = Context::from_waker(Waker::noop());
    match Pin::new(&mut guarded).poll(&mut cx) {
        Poll::Ready(Ok(())) => None,
        Poll::Ready(Err(message)) => Some(call.panicked(message)),
        Poll::Pending => {
            // The connection holds the dispatcher while it handles a call.
            let report = call.reporter()?;
            call.spawn(go_on(call.clone(), guarded, report, call.count()));
            None
        }
    }
}

/// Goes on with a method's future until it ends or its time is over. A panic is reported also when the
/// peer has gone meanwhile, as it may if the call is detached.
async fn go_on<F: MessageFormat>(
    call: Call<F>,
    guarded: Guarded,
    report: Arc<dyn Report<F>>,
    _counted: Task,
) {
    let deadline = tokio::time::sleep_until(call.deadline().into());
    tokio::pin!(guarded, deadline);
    let mut ended = None;
    while ended.is_none() {
        tokio::select! {
            biased;
            end = &mut guarded => ended = Some(end),
            () = &mut deadline => match call.expire() {
                // A stream is given time with each item.
                Expiry::Later(at) => deadline.as_mut().reset(at.into()),
                Expiry::Never => break,
                Expiry::Over => return,
            }
        }
    }
    let ended = match ended {
        Some(ended) => ended,
        None => guarded.await,
    };
    if let Err(message) = ended {
        let error = call.panicked(message);
        report.report(call.peer().clone(), error.into()).await;
    }
}
