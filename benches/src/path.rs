//! A program that takes a path a given number of times, for counting its instructions.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

/// Runs `take` with the path and the number of the command line, `PROGRAM PATH TIMES`. An error is
/// printed after the program's name.
pub fn taken(
    program: &str,
    take: impl FnOnce(&str, u64) -> Result<(), Box<dyn Error>>,
) -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let result = match words.as_slice() {
        [path, times] => times.parse().map_err(Box::from).and_then(|times| take(path, times)),
        _ => Err(format!("{program} PATH TIMES").into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{program}: {error}");
            ExitCode::FAILURE
        }
    }
}
