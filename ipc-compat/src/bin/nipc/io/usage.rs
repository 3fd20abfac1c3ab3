//! Prints help, and what is wrong with the command line.

use std::io::{IsTerminal, Write, stderr, stdout};

use crate::io::stderr::say;
use crate::io::streams::{Stderr, Stdout};

/// Prints help that was asked for to stdout, and what is wrong with the command line to stderr. A
/// failure is ignored.
pub(crate) fn print(error: &clap::Error) {
    let text = error.render();
    // A key in the place of a file: the command line must not be printed.
    if text.to_string().contains("-----BEGIN") {
        say(format_args!("PEM text in the command line: options take paths of files"));
        return;
    }
    let _ = match error.use_stderr() {
        true if stderr().is_terminal() => error.print(),
        false if stdout().is_terminal() => error.print(),
        true => Stderr.write_all(text.to_string().as_bytes()),
        false => Stdout.write_all(text.to_string().as_bytes()),
    };
}
