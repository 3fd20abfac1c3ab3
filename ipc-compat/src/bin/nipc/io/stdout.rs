//! `Output`: stdout, written by a thread of its own, so that a slow reader of it delays only the
//! peers that send too much.

use std::io::{self, IsTerminal, Write};
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use tokio::sync::Notify;

use crate::io::lines::Line;
use crate::io::pretty;

/// How lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// One JSON object each.
    Json,
    /// For people.
    Pretty { coloured: bool },
}

/// Stdout for lines. Lines are buffered up to a bound; then printing waits.
#[derive(Debug)]
pub(crate) struct Output {
    shared: Arc<Shared>,
    style: Style,
    quiet: bool,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Notified when there is something to write.
    filled: Condvar,
    /// Notified when something was written, or writing failed.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    lines: Vec<u8>,
    /// Whether the thread has taken lines and is writing them.
    writing: bool,
    failed: bool,
    error: Option<io::Error>,
}

impl Style {
    /// Returns the style that the options ask for; without them people get theirs on a terminal.
    pub(crate) fn chosen(json: bool, pretty: bool) -> Self {
        if json || !(pretty || io::stdout().is_terminal()) {
            Self::Json
        } else {
            Self::Pretty { coloured: pretty::may_colour() }
        }
    }
}

impl Output {
    /// Starts writing to `out`. With `quiet` only the essential lines are.
    ///
    /// # Errors
    ///
    /// If no thread can be started.
    pub(crate) fn start(
        out: impl Write + Send + 'static,
        style: Style,
        quiet: bool,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let of_thread = Arc::clone(&shared);
        // It is not joined: a write that blocks for ever must not delay the exit.
        thread::Builder::new().spawn(move || of_thread.write_to(out))?;
        Ok(Self { shared, style, quiet })
    }

    /// Prints a line, or does nothing if printing has failed.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, nothing is printed.
    pub(crate) async fn print(&self, line: &Line<'_>) {
        if self.quiet && !line.is_essential() {
            return;
        }
        if !self.try_print(line) {
            self.until(|| self.try_print(line)).await;
        }
    }

    /// Waits until everything is written, or writing has failed.
    pub(crate) async fn drained(&self) {
        let done = |state: &State| state.failed || (state.lines.is_empty() && !state.writing);
        self.until(|| done(&self.shared.lock())).await;
    }

    /// Waits until writing has failed, such as when the reader of stdout has closed it.
    pub(crate) async fn broken(&self) {
        self.until(|| self.shared.lock().failed).await;
    }

    /// Returns why writing failed, once.
    pub(crate) fn take_error(&self) -> Option<io::Error> {
        self.shared.lock().error.take()
    }

    /// Prints a line if there is room. A line larger than all the room is printed when the rest
    /// of it is free.
    fn try_print(&self, line: &Line<'_>) -> bool {
        let mut state = self.shared.lock();
        if state.failed {
            return true;
        }
        if state.lines.len() >= MAX_BYTES {
            return false;
        }
        let was_empty = state.lines.is_empty();
        match self.style {
            Style::Json => line.write_json(&mut state.lines),
            Style::Pretty { coloured } => pretty::write(line, coloured, &mut state.lines),
        }
        drop(state);
        if was_empty {
            self.shared.filled.notify_one();
        }
        true
    }

    async fn until(&self, mut done: impl FnMut() -> bool) {
        loop {
            // Registered before the check, so that no change falls between the two.
            let mut changed = pin!(self.shared.changed.notified());
            changed.as_mut().enable();
            if done() {
                return;
            }
            changed.await;
        }
    }
}

impl Shared {
    fn write_to(&self, mut out: impl Write) {
        let mut batch = Vec::new();
        loop {
            let mut state = self.lock();
            state.writing = false;
            while state.lines.is_empty() {
                self.changed.notify_waiters();
                state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            std::mem::swap(&mut batch, &mut state.lines);
            state.writing = true;
            drop(state);
            self.changed.notify_waiters();
            if let Err(error) = out.write_all(&batch).and_then(|()| out.flush()) {
                let mut state = self.lock();
                (state.failed, state.error) = (true, Some(error));
                state.lines = Vec::new();
                drop(state);
                self.changed.notify_waiters();
                return;
            }
            batch.clear();
            // One huge message must not cost its size for good.
            batch.shrink_to(MAX_BYTES);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many bytes of lines may wait: enough that the writing thread always has work while lines
/// come, little beside what the sockets' queues hold.
const MAX_BYTES: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
    use std::task::{Context, Waker};

    use serde_json::value::RawValue;

    use super::*;

    /// A pipe that is as slow as its reader.
    struct Pipe(SyncSender<Vec<u8>>);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn pipe(quiet: bool) -> (Output, Receiver<Vec<u8>>) {
        let (sender, receiver) = sync_channel(0);
        (Output::start(Pipe(sender), Style::Json, quiet).unwrap(), receiver)
    }

    #[tokio::test]
    async fn lines_come_out_in_order_and_drained_waits_for_them() {
        let mut expected = Vec::new();
        (0..10_000).for_each(|peer| Line::Close { peer }.write_json(&mut expected));
        let (output, pipe) = pipe(false);
        let (length, mut written) = (expected.len(), Vec::new());
        let reader = thread::spawn(move || {
            while written.len() < length {
                written.extend(pipe.recv().unwrap());
            }
            written
        });
        for peer in 0..10_000 {
            output.print(&Line::Close { peer }).await;
        }
        output.drained().await;
        assert!(output.shared.lock().lines.is_empty());
        assert_eq!(reader.join().unwrap(), expected);
    }

    #[tokio::test]
    async fn who_prints_waits_for_who_reads() {
        let (output, pipe) = pipe(false);
        let data = "1".repeat(MAX_BYTES);
        let data: &RawValue = serde_json::from_str(&data).unwrap();
        let line = Line::Message { peer: None, from: None, name: "t", data: Some(data) };
        output.print(&line).await;
        // The thread has the first line and cannot get rid of it; the second fills all the room.
        output.until(|| output.shared.lock().lines.is_empty()).await;
        output.print(&line).await;
        let mut third = pin!(output.print(&line));
        let mut context = Context::from_waker(Waker::noop());
        assert!(third.as_mut().poll(&mut context).is_pending());
        let reader = thread::spawn(move || pipe.into_iter().take(3).flatten().count());
        third.await;
        output.drained().await;
        let mut expected = Vec::new();
        line.write_json(&mut expected);
        assert_eq!(reader.join().unwrap(), 3 * expected.len());
    }

    #[tokio::test]
    async fn a_reader_that_leaves_is_noticed() {
        let (output, pipe) = pipe(false);
        drop(pipe);
        output.print(&Line::Destroy).await;
        output.broken().await;
        output.drained().await;
        output.print(&Line::Destroy).await;
        assert_eq!(output.take_error().unwrap().kind(), io::ErrorKind::BrokenPipe);
    }

    #[tokio::test]
    async fn quiet_prints_the_essential() {
        let (output, pipe) = pipe(true);
        output.print(&Line::Connect { peer: None }).await;
        output.print(&Line::Message { peer: None, from: None, name: "t", data: None }).await;
        assert_eq!(pipe.recv().unwrap(), b"{\"event\":\"message\",\"type\":\"t\"}\n");
    }
}
