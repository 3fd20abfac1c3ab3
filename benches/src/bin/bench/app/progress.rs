//! `Progress`: what is being measured, and how long it will take, on standard error.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use ipc_benches::meter::now;

/// What is being measured, and how long it will take.
#[derive(Debug)]
pub(super) struct Progress {
    total: usize,
    done: usize,
    start: Instant,
    terminal: bool,
    told: Option<Instant>,
}

impl Progress {
    pub(super) fn new(total: usize) -> Self {
        Self { total, done: 0, start: now(), terminal: stderr().is_terminal(), told: None }
    }

    /// Tells what begins: on a terminal each time, else now and then.
    pub(super) fn begin(&mut self, what: &str) {
        let now = now();
        let quiet = self.told.is_some_and(|told| now - told < QUIET);
        if !self.terminal && quiet {
            return;
        }
        self.told = Some(now);
        let left = match u32::try_from(self.done) {
            Ok(done) if done > 0 => {
                let left = u32::try_from(self.total - self.done).unwrap_or(u32::MAX);
                let time = (now - self.start) / done * left;
                format!("about {}:{:02} left", time.as_secs() / 60, time.as_secs() % 60)
            }
            _ => String::new(),
        };
        let line = format!("[{}/{}] {what} {left}", self.done + 1, self.total);
        let (before, after) = if self.terminal { ("\r\x1b[2K", "") } else { ("", "\n") };
        let _ = write!(stderr(), "{before}{line}{after}").and_then(|()| stderr().flush());
    }

    /// Says something that stays.
    pub(super) fn note(&self, what: &str) {
        let before = if self.terminal { "\r\x1b[2K" } else { "" };
        let _ = writeln!(stderr(), "{before}{what}");
    }

    /// Shows that what began is done.
    pub(super) fn end(&mut self) {
        self.done += 1;
        if self.done == self.total && self.terminal {
            let _ = write!(stderr(), "\r\x1b[2K");
        }
    }
}

/// Without a terminal a line is said at most so often.
const QUIET: Duration = Duration::from_secs(10);
