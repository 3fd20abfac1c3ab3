//! Ends a run from outside: after a signal, a timeout, or once stdout is closed.

use std::pin::pin;
use std::time::Duration;

use tokio::sync::watch;

use crate::commands::failures;
use crate::exit::Exit;
use crate::io::signals::Signals;
use crate::io::stderr::Diagnostics;
use crate::io::stdout::Output;

/// A request to stop, for the work under way.
#[derive(Debug, Default)]
pub(crate) struct Stop {
    requested: watch::Sender<bool>,
}

impl Stop {
    /// Waits until a stop is requested.
    pub(crate) async fn requested(&self) {
        // The sender is `self`, so it cannot be gone.
        let _ = self.requested.subscribe().wait_for(|requested| *requested).await;
    }
}

/// Runs `work` until it is done, or until a signal, the timeout or a closed stdout ends it: then
/// `stop` is requested, and `work` has a grace period to close what it opened.
pub(crate) async fn supervise(
    timeout: Option<Duration>,
    log: Diagnostics,
    output: Option<&Output>,
    stop: &Stop,
    work: impl Future<Output = Exit>,
) -> Exit {
    // From here on a signal does not kill the process.
    let mut signals = Signals::new();
    let mut work = pin!(work);
    let broken = async {
        match output {
            Some(output) => output.broken().await,
            None => std::future::pending().await,
        }
    };
    let time = async {
        match timeout {
            Some(timeout) => tokio::time::sleep(timeout).await,
            None => std::future::pending().await,
        }
    };
    let (grace, exit) = tokio::select! {
        biased;
        exit = &mut work => return exit,
        () = signals.next() => (SIGNAL_GRACE, None),
        () = broken => {
            let error = output.and_then(Output::take_error);
            (SIGNAL_GRACE, error.map(|error| failures::unwritable(log, &error)))
        }
        () = time => {
            log.fail(format_args!("time ran out after {} ms", timeout.unwrap_or_default().as_millis()));
            (TIMEOUT_GRACE, Some(Exit::TimeRanOut))
        }
    };
    stop.requested.send_replace(true);
    let ended = tokio::select! {
        biased;
        ended = &mut work => ended,
        // A second signal ends the wait.
        () = signals.next() => Exit::Failed,
        () = tokio::time::sleep(grace) => Exit::Failed,
    };
    exit.unwrap_or(ended)
}

/// How long closing may take after a signal: as long as a connection may take to close, and a
/// little more, so that it is the connection that says what it could not write.
const SIGNAL_GRACE: Duration = Duration::from_secs(13);

/// How long closing may take when the time has run out already.
const TIMEOUT_GRACE: Duration = Duration::from_secs(1);
