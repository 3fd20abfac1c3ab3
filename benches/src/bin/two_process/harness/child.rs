//! The other side: this same program, started as a server.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, Sender};
use std::time::Duration;

use ipc_transport::Endpoint;

use super::Result;
use super::subject::Subject;

/// A server in a process of its own. It ends when this is dropped, or with this process.
#[derive(Debug)]
pub(super) struct Child {
    subject: Subject,
    endpoint: Endpoint,
    process: std::process::Child,
}

impl Child {
    pub(super) fn start(
        subject: Subject,
        endpoint: &Endpoint,
        core: Option<usize>,
    ) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--serve", subject.name(), "--at", &endpoint.to_string()]);
        if let Some(core) = core {
            command.args(["--core", &core.to_string()]);
        }
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        if let Some(out) = process.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let endpoint = line.trim_end().parse().map_err(|error| {
            format!("the server of {subject} says {line:?} instead of where it listens: {error}")
        })?;
        Ok(Self { subject, endpoint, process })
    }

    pub(super) fn subject(&self) -> Subject {
        self.subject
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// In a server: tells the parent where it listens.
pub(super) fn ready(endpoint: &Endpoint) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{endpoint}")?;
    out.flush()?;
    Ok(())
}

/// In a server: ends it when the parent closes its standard input, or is gone.
pub(super) fn end_with_parent() {
    std::thread::spawn(|| {
        let mut rest = [0; 64];
        let mut input = std::io::stdin().lock();
        while matches!(input.read(&mut rest), Ok(n) if n > 0) {}
        std::process::exit(0);
    });
}

/// Ends this process when a round takes so long that it will never end. Each message through the
/// channel begins a round.
pub(super) fn watch() -> Sender<()> {
    let (begun, rounds) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        loop {
            match rounds.recv_timeout(LONGEST_ROUND) {
                Ok(()) => {}
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => give_up(&"a round does not end"),
            }
        }
    });
    begun
}

/// Ends a process that cannot go on, from where no error can be returned.
pub(super) fn give_up(error: &dyn std::fmt::Display) -> ! {
    let _ = writeln!(std::io::stderr(), "two_process: {error}");
    std::process::exit(1)
}

/// So long takes no round that is alive, however busy the machine.
const LONGEST_ROUND: Duration = Duration::from_secs(60);
