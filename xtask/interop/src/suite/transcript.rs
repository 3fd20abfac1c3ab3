//! `Transcript`: what went to a process and came from it, kept to be shown if a case fails.

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// The last lines of one process, shared with the threads that read it.
#[derive(Debug, Clone)]
pub(crate) struct Transcript {
    name: String,
    since: Instant,
    lines: Arc<Mutex<Lines>>,
}

#[derive(Debug, Default)]
struct Lines {
    kept: VecDeque<String>,
    dropped: usize,
}

impl Transcript {
    /// Returns an empty transcript of the process `name` in a case that began at `since`.
    pub(crate) fn new(name: impl Into<String>, since: Instant) -> Self {
        Self { name: name.into(), since, lines: Arc::default() }
    }

    /// Notes a line; `mark` says where it came from or went to.
    pub(crate) fn note(&self, mark: char, line: &str) {
        let mut shown: String = line.chars().take(MAX_CHARS).collect();
        if shown.len() < line.len() {
            let _ = write!(shown, "... ({} bytes)", line.len());
        }
        let at = self.since.elapsed().as_millis();
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.kept.len() == MAX_LINES {
            lines.kept.pop_front();
            lines.dropped += 1;
        }
        lines.kept.push_back(format!("{at:>6} ms {mark} {shown}"));
    }

    /// Returns the transcript for people, each line indented.
    pub(crate) fn show(&self) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = format!("  --- {}\n", self.name);
        if lines.dropped > 0 {
            let _ = writeln!(out, "      ({} lines before these)", lines.dropped);
        }
        for line in &lines.kept {
            let _ = writeln!(out, "    {line}");
        }
        out
    }
}

const MAX_LINES: usize = 40;
const MAX_CHARS: usize = 240;
