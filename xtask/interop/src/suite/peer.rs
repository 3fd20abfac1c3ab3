//! `Peer`: a running `nipc` or JavaScript peer, driven by JSON lines.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Instant;

use super::limits::Limits;
use super::transcript::Transcript;
use crate::json::Json;
use xtask::error::{Error, Result};
use xtask::proc;

/// A process that prints JSON lines and takes JSON commands. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Peer {
    name: String,
    child: Child,
    stdin: Sender<String>,
    lines: Receiver<Line>,
    /// Lines that were read while another one was looked for.
    backlog: Vec<Line>,
    transcript: Transcript,
    limits: Limits,
}

/// A line of stdout.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) text: String,
    /// What the line says, if it is JSON.
    pub(crate) json: Option<Json>,
}

/// A message that a peer says it received.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) event: String,
    pub(crate) data: Option<Json>,
    /// The address and port of its sender, if it came as a datagram.
    pub(crate) from: Option<(String, u16)>,
}

impl Peer {
    /// Starts `command`; no wait for it exceeds `limits`.
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub(crate) fn start(
        name: &str,
        command: &mut Command,
        transcript: Transcript,
        limits: Limits,
    ) -> Result<Self> {
        transcript.note('$', &proc::describe(command));
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| Error::while_doing(proc::describe(command), error))?;
        let (stdin, commands) = mpsc::channel::<String>();
        if let Some(mut pipe) = child.stdin.take() {
            // Of its own, so that a process that does not read cannot hold up the case.
            thread::spawn(move || {
                for line in commands {
                    if pipe.write_all(line.as_bytes()).is_err() {
                        break;
                    }
                }
            });
        }
        let (sender, lines) = mpsc::channel();
        if let Some(pipe) = child.stdout.take() {
            let transcript = transcript.clone();
            thread::spawn(move || {
                each_line(pipe, |text| {
                    transcript.note('<', &text);
                    let json = Json::parse(&text).ok();
                    let _ = sender.send(Line { text, json });
                });
            });
        }
        if let Some(pipe) = child.stderr.take() {
            let transcript = transcript.clone();
            thread::spawn(move || each_line(pipe, |text| transcript.note('!', &text)));
        }
        let name = name.to_owned();
        Ok(Self { name, child, stdin, lines, backlog: Vec::new(), transcript, limits })
    }

    /// Writes a line to the process's stdin.
    pub(crate) fn say(&self, line: &str) {
        self.transcript.note('>', line);
        let _ = self.stdin.send(format!("{line}\n"));
    }

    /// Returns the first line, among those not taken yet, that says `event`.
    ///
    /// # Errors
    ///
    /// If none comes in time.
    pub(crate) fn event(&mut self, event: &str) -> Result<Line> {
        self.take(event, |line| line.event().as_deref() == Some(event))
    }

    /// Returns the first message, among those not taken yet.
    ///
    /// # Errors
    ///
    /// If none comes in time.
    pub(crate) fn message(&mut self) -> Result<Message> {
        let line = self.event("message")?;
        Message::of(&line).ok_or_else(|| format!("{}: odd line {}", self.name, line.text).into())
    }

    /// Checks that the next message is this one and returns it.
    ///
    /// # Errors
    ///
    /// If none comes in time, or another one.
    pub(crate) fn expect(&mut self, event: &str, data: &str) -> Result<Message> {
        let message = self.message()?;
        let wanted = Json::parse(data)?;
        if message.event == event && message.data.as_ref() == Some(&wanted) {
            return Ok(message);
        }
        Err(format!("{}: wanted `{event}` with {data}, got {message:?}", self.name).into())
    }

    /// Returns the first line, among those not taken yet, that `fits`.
    ///
    /// # Errors
    ///
    /// If none comes in time; then the error names `what`.
    pub(crate) fn take(&mut self, what: &str, fits: impl Fn(&Line) -> bool) -> Result<Line> {
        if let Some(at) = self.backlog.iter().position(&fits) {
            return Ok(self.backlog.remove(at));
        }
        let deadline = self.limits.deadline();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) if fits(&line) => return Ok(line),
                Ok(line) => self.backlog.push(line),
                Err(RecvTimeoutError::Timeout) => {
                    return Err(format!("{}: waited in vain for `{what}`", self.name).into());
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(format!("{}: ended without `{what}`", self.name).into());
                }
            }
        }
    }

    /// Waits for the process to end by itself and returns its exit status.
    ///
    /// # Errors
    ///
    /// If it does not end in time, or was killed.
    pub(crate) fn exit(&mut self) -> Result<i32> {
        match proc::wait(&mut self.child, self.limits.left())? {
            Some(status) => {
                self.transcript.note('.', &status.to_string());
                let killed = || format!("{}: {status}", self.name).into();
                status.code().ok_or_else(killed)
            }
            None => Err(format!("{}: did not end", self.name).into()),
        }
    }

    /// Returns all lines that are left, after the process has ended.
    pub(crate) fn rest(&mut self) -> Vec<Line> {
        let mut rest = std::mem::take(&mut self.backlog);
        while let Ok(line) = self.lines.recv_timeout(self.limits.left()) {
            rest.push(line);
        }
        rest
    }

    /// Kills the process, as `kill -9` does, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        self.transcript.note('.', "killed by the case");
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks the process to end, as Ctrl-C does.
    ///
    /// # Errors
    ///
    /// If the system has no `kill`.
    pub(crate) fn interrupt(&self) -> Result<()> {
        self.transcript.note('.', "interrupted by the case");
        proc::capture(Command::new("kill").args(["-INT", &self.child.id().to_string()])).map(drop)
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Line {
    /// Returns what the line's `event` member says.
    pub(crate) fn event(&self) -> Option<String> {
        self.json.as_ref()?.text_of("event")
    }

    /// Returns the line's `peer` member.
    pub(crate) fn peer(&self) -> Option<u64> {
        self.json.as_ref()?.get("peer")?.to_string().parse().ok()
    }
}

impl Message {
    /// Returns the message of a line with `"event":"message"`.
    pub(crate) fn of(line: &Line) -> Option<Self> {
        let json = line.json.as_ref()?;
        let event = json.text_of("type")?;
        let port = json.get("port").and_then(|port| port.to_string().parse().ok());
        let from = json.text_of("address").zip(port);
        Some(Self { event, data: json.get("data").cloned(), from })
    }
}

fn each_line(pipe: impl Read, mut with: impl FnMut(String)) {
    let mut reader = BufReader::with_capacity(64 * 1024, pipe);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|bytes| bytes > 0) {
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        with(String::from_utf8_lossy(&line).into_owned());
        line.clear();
    }
}
