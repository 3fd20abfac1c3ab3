//! Opens stdout for the lines of a command.

use crate::cli::common::Printing;
use crate::commands::failures;
use crate::exit::Exit;
use crate::io::stderr::Diagnostics;
use crate::io::stdout::{Output, Style};
use crate::io::streams::Stdout;

/// Opens stdout, in the style that the options ask for.
///
/// # Errors
///
/// How the command ends if no thread can be started; it is reported.
pub(crate) fn open(args: &Printing, log: Diagnostics) -> Result<Output, Exit> {
    Output::start(Stdout, Style::chosen(args.json, args.pretty), args.quiet)
        .map_err(|error| failures::cannot_start(log, &error))
}
