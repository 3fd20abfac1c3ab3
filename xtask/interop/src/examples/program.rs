//! `Program`: a running example, and what it has printed so far.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::side::Side;
use xtask::error::{Error, Result};
use xtask::proc;

/// A running program. It is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Program {
    name: String,
    side: &'static Side,
    child: Child,
    printed: Arc<Printed>,
}

#[derive(Debug, Default)]
struct Printed {
    text: Mutex<String>,
    more: Condvar,
}

impl Program {
    /// Starts the command.
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub(super) fn start(side: &'static Side, command: &mut Command) -> Result<Self> {
        let name = proc::describe(command);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| Error::while_doing(&name, error))?;
        let printed = Arc::new(Printed::default());
        if let Some(pipe) = child.stdout.take() {
            gather(pipe, &printed);
        }
        if let Some(pipe) = child.stderr.take() {
            gather(pipe, &printed);
        }
        Ok(Self { name, side, child, printed })
    }

    /// Waits until it has printed `words`.
    ///
    /// # Errors
    ///
    /// If it does not by the deadline.
    pub(super) fn until(&mut self, words: &str, deadline: Instant) -> Result<()> {
        self.wait(words, deadline, |text, _| text.contains(words))
    }

    /// Waits until it has printed all that it should.
    ///
    /// # Errors
    ///
    /// If it does not by the deadline.
    pub(super) fn until_all_said(&mut self, deadline: Instant) -> Result<()> {
        self.side.says.iter().try_for_each(|words| self.until(words, deadline))
    }

    /// Waits until it has ended, if it is one of those that end by themselves.
    ///
    /// # Errors
    ///
    /// If it does not by the deadline, or says that it failed.
    pub(super) fn until_ended(&mut self, deadline: Instant) -> Result<()> {
        if !self.side.ends() {
            return Ok(());
        }
        let mut ended = None;
        self.wait("its end", deadline, |_, child| {
            ended = child.try_wait().ok().flatten();
            ended.is_some()
        })?;
        match ended {
            Some(status) if !status.success() => Err(Error::while_doing(&self.name, status)),
            _ => Ok(()),
        }
    }

    /// Ends it, however it is.
    pub(super) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    fn wait(
        &mut self,
        what: &str,
        deadline: Instant,
        mut done: impl FnMut(&str, &mut Child) -> bool,
    ) -> Result<()> {
        let mut text = self.printed.text.lock().unwrap_or_else(PoisonError::into_inner);
        while !done(&text, &mut self.child) {
            if Instant::now() >= deadline {
                let message = format!("{}: waited in vain for `{what}`", self.name);
                return Err(Error::Failed(message));
            }
            // What is waited for may show elsewhere than in the text.
            let waited = self.printed.more.wait_timeout(text, LOOK_AGAIN);
            text = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        Ok(())
    }

    /// Returns what was printed, for people.
    pub(super) fn transcript(&self) -> String {
        let text = self.printed.text.lock().unwrap_or_else(PoisonError::into_inner);
        format!("  --- {}\n{text}\n", self.name)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}

fn gather(mut pipe: impl Read + Send + 'static, printed: &Arc<Printed>) {
    let printed = Arc::clone(printed);
    thread::spawn(move || {
        let mut chunk = [0; 4096];
        while let Ok(n @ 1..) = pipe.read(&mut chunk) {
            let text = String::from_utf8_lossy(chunk.get(..n).unwrap_or_default()).into_owned();
            printed.text.lock().unwrap_or_else(PoisonError::into_inner).push_str(&text);
            printed.more.notify_all();
        }
    });
}

const LOOK_AGAIN: Duration = Duration::from_millis(20);
