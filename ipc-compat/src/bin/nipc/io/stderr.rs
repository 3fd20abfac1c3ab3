//! Diagnostics on stderr.

use std::fmt::Arguments;
use std::io::Write;

use crate::io::streams::Stderr;

/// What is said on stderr.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Diagnostics {
    verbose: bool,
    quiet: bool,
}

impl Diagnostics {
    pub(crate) fn new(verbose: bool, quiet: bool) -> Self {
        Self { verbose, quiet }
    }

    /// Tells what happens, to those who want to know.
    pub(crate) fn note(self, text: Arguments<'_>) {
        if self.verbose {
            say(text);
        }
    }

    /// Tells why the exit status is not 0.
    pub(crate) fn fail(self, text: Arguments<'_>) {
        if !self.quiet || self.verbose {
            say(text);
        }
    }
}

/// Writes a line. Nobody is left to be told if that fails.
pub(crate) fn say(text: Arguments<'_>) {
    // In one piece, so that lines of several processes do not mix.
    let _ = Stderr.write_all(format!("nipc: {text}\n").as_bytes());
}
