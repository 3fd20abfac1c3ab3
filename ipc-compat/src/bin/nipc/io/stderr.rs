//! Diagnostics on stderr.

use std::fmt::Arguments;
use std::io::Write;

use crate::io::streams::Stderr;

/// Writes diagnostics to stderr, as far as the options ask for them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Diagnostics {
    verbose: bool,
    quiet: bool,
}

impl Diagnostics {
    pub(crate) fn new(verbose: bool, quiet: bool) -> Self {
        Self { verbose, quiet }
    }

    /// Reports what happens, if the run is verbose.
    pub(crate) fn note(self, text: Arguments<'_>) {
        if self.verbose {
            say(text);
        }
    }

    /// Reports why the exit status is not 0, unless the run is quiet.
    pub(crate) fn fail(self, text: Arguments<'_>) {
        if !self.quiet || self.verbose {
            say(text);
        }
    }
}

/// Writes a line. A failure is ignored: there is nowhere to report it.
pub(crate) fn say(text: Arguments<'_>) {
    // In one piece, so that lines of several processes do not mix.
    let _ = Stderr.write_all(format!("nipc: {text}\n").as_bytes());
}

/// Writes a line of JSON. A failure is ignored: there is nowhere to report it.
pub(crate) fn print_json(line: &impl serde::Serialize) {
    let mut json = serde_json::to_vec(line).unwrap_or_default();
    json.push(b'\n');
    let _ = Stderr.write_all(&json);
}
