//! `Program`: a running example, and what it has printed so far.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::proc;

/// A running program. It is killed when this is dropped.
#[derive(Debug)]
pub(super) struct Program {
    name: String,
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
    pub(super) fn start(command: &mut Command) -> Result<Self> {
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
        Ok(Self { name, child, printed })
    }

    /// Waits until `done` says so of all that was printed.
    ///
    /// # Errors
    ///
    /// If it does not happen by the deadline; the error names `what`.
    pub(super) fn until(
        &self,
        what: &str,
        deadline: Instant,
        done: impl Fn(&str) -> bool,
    ) -> Result<()> {
        let mut text = self.printed.text.lock().unwrap_or_else(PoisonError::into_inner);
        while !done(&text) {
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
        let _ = self.child.kill();
        let _ = self.child.wait();
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
