//! The commands of `xtask-interop`, which is built only when one of them runs.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitCode};

use crate::error::{Error, Result, UNAVAILABLE};
use crate::{proc, repo};

/// The commands that `xtask-interop` has.
pub const COMMANDS: [&str; 6] = ["interop", "examples", "patterns", "demo", "windows", "vectors"];

/// The variable with the path of the file that takes the note of a step of CI: what passed, or why it failed.
const NOTE: &str = "XTASK_NOTE";

/// Runs a command with our terminal, and returns its exit status.
pub(crate) fn run(command: &str, words: &[OsString]) -> Result<ExitCode> {
    let mut program = program(&[command]);
    let status = program.args(words).status();
    let status = status.map_err(|error| Error::while_doing(proc::describe(&program), error))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Runs a command as a step of CI and returns its note.
///
/// # Errors
///
/// With the note, if the command failed or cannot run here.
pub(crate) fn step(words: &[&str]) -> Result<String> {
    let file = repo::target_dir()?.join("ci/note");
    let _ = fs::remove_file(&file);
    let mut program = program(words);
    program.env(NOTE, &file);
    let status = program.status();
    let status = status.map_err(|error| Error::while_doing(proc::describe(&program), error))?;
    let note = fs::read_to_string(&file);
    match (status.code().map(u8::try_from), note) {
        (Some(Ok(0)), note) => Ok(note.unwrap_or_default()),
        (Some(Ok(UNAVAILABLE)), Ok(note)) => Err(Error::Unavailable(note)),
        (_, Ok(note)) => Err(Error::Failed(note)),
        (_, Err(_)) => Err(Error::while_doing(proc::describe(&program), status)),
    }
}

/// Leaves the note of a command for CI, if CI runs it.
pub fn leave_note(note: &str) {
    if let Some(file) = std::env::var_os(NOTE) {
        if let Err(error) = fs::write(Path::new(&file), note) {
            eprintln!("{}: {error}", file.to_string_lossy());
        }
    }
}

fn program(words: &[&str]) -> Command {
    let mut cargo = repo::cargo();
    cargo.args(["run", "--quiet", "--package", "xtask-interop", "--"]).args(words);
    cargo
}
