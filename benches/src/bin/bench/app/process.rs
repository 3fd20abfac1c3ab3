//! `Running`: a subject's process, of which no line is waited for without end.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use super::{Result, pin};

/// A running process. It ends when this is dropped, or with this program.
#[derive(Debug)]
pub(super) struct Running {
    name: String,
    child: Child,
    lines: Receiver<String>,
    errors: Receiver<String>,
}

impl Running {
    /// Starts a process on a core.
    pub(super) fn start(command: &mut Command, core: Option<usize>) -> Result<Self> {
        let name = format!("{command:?}");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child =
            pin::on(core, || command.spawn())?.map_err(|error| format!("{name}: {error}"))?;
        let lines = child.stdout.take().map_or_else(|| channel().1, each_line);
        let errors = child.stderr.take().map_or_else(|| channel().1, each_line);
        Ok(Self { name, child, lines, errors })
    }

    /// Returns the number of the process.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns the next line it prints.
    pub(super) fn line(&self) -> Result<String> {
        self.lines.recv_timeout(LONGEST).map_err(|error| {
            let said: Vec<String> = self.errors.try_iter().collect();
            let what = match error {
                RecvTimeoutError::Timeout => "says nothing",
                RecvTimeoutError::Disconnected => "ended too early",
            };
            format!("{} {what}: {}", self.name, said.join("; ")).into()
        })
    }

    /// Returns what it says after `word` in the next line.
    pub(super) fn word(&self, word: &str) -> Result<String> {
        let line = self.line()?;
        let rest = line.strip_prefix(word).and_then(|rest| rest.strip_prefix(' '));
        let rest = rest.ok_or_else(|| format!("{} says {line:?}, not {word:?}", self.name))?;
        Ok(rest.to_owned())
    }

    /// Kills the process, as `kill -9` does, and waits until it is gone.
    pub(super) fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // By itself first: it may have a socket file to remove.
        for _ in 0..200 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            ipc_benches::pace::sleep(Duration::from_millis(10));
        }
        let _ = self.kill();
    }
}

fn each_line(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines() {
            let Ok(line) = line else { break };
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

/// So long takes no part of a round that is alive, however busy the machine.
const LONGEST: Duration = Duration::from_secs(120);
