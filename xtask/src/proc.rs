//! Running other programs: to the end, with a time limit, with their output caught.

use std::ffi::OsStr;
use std::fs::File;
use std::io::IsTerminal;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// Returns whether `program --version` runs.
pub fn is_there(program: impl AsRef<OsStr>) -> bool {
    Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// Runs `command` and returns what it printed.
///
/// # Errors
///
/// If it cannot be started or fails; the error ends with its stderr.
pub fn capture(command: &mut Command) -> Result<String> {
    let Output { status, stdout, stderr } = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Error::while_doing(describe(command), error))?;
    if !status.success() {
        let said = String::from_utf8_lossy(&stderr);
        return Err(Error::while_doing(describe(command), format!("{status}\n{}", said.trim())));
    }
    Ok(String::from_utf8_lossy(&stdout).into_owned())
}

/// Runs `command` with its output on ours.
///
/// # Errors
///
/// If it cannot be started or fails.
pub fn show(command: &mut Command) -> Result<()> {
    let status = command
        .stdin(Stdio::null())
        .status()
        .map_err(|error| Error::while_doing(describe(command), error))?;
    if status.success() { Ok(()) } else { Err(Error::while_doing(describe(command), status)) }
}

/// Runs `command` with its output appended to the file `log`, and ends it when `limit` has passed.
///
/// # Errors
///
/// If it cannot be started, fails or takes too long.
pub fn logged(command: &mut Command, log: &Path, limit: Duration) -> Result<()> {
    let file = File::options().create(true).append(true).open(log)?;
    command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file);
    // A log is read without a terminal.
    command.envs([("CARGO_TERM_COLOR", "never"), ("NO_COLOR", "1"), ("TERM", "dumb")]);
    let grouped = group(command);
    let mut child =
        command.spawn().map_err(|error| Error::while_doing(describe(command), error))?;
    match wait(&mut child, limit)? {
        Some(status) if status.success() => Ok(()),
        Some(status) => Err(Error::while_doing(describe(command), status)),
        None => {
            end(&mut child, grouped);
            let seconds = limit.as_secs();
            Err(Error::while_doing(describe(command), format!("not done after {seconds} s")))
        }
    }
}

/// Waits for `child` to end, at most for `limit`.
///
/// # Errors
///
/// If the child's status cannot be read.
pub fn wait(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= deadline {
            return Ok(None);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Returns the same command with a limit of files and sockets that it may have open at once.
pub fn with_max_files(command: &Command, max: u32) -> Command {
    let mut limited = Command::new("sh");
    limited.args(["-c", "ulimit -n \"$0\" && exec \"$@\"", &max.to_string()]);
    limited.arg(command.get_program()).args(command.get_args());
    limited.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    limited
}

/// Returns the command as a person would type it.
pub fn describe(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let mut words =
        vec![program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned()];
    words.extend(command.get_args().map(|word| word.to_string_lossy().into_owned()));
    words.join(" ")
}

/// Puts the command into a process group of its own, so that what it starts can be ended with it.
///
/// Not at a terminal: there Ctrl-C must reach everything.
#[cfg(unix)]
fn group(command: &mut Command) -> bool {
    use std::os::unix::process::CommandExt;
    let grouped = !std::io::stdin().is_terminal();
    if grouped {
        command.process_group(0);
    }
    grouped
}

#[cfg(not(unix))]
fn group(_: &mut Command) -> bool {
    let _ = std::io::stdin().is_terminal();
    false
}

fn end(child: &mut Child, grouped: bool) {
    if grouped {
        let group = format!("-{}", child.id());
        let _ = Command::new("kill").args(["-KILL", "--", &group]).status();
    }
    let _ = child.kill();
    let _ = child.wait();
}
