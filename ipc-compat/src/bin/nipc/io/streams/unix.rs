//! The standard streams of Unix: waited for if they do not block, and read only in the foreground of
//! a terminal.

use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{SigSet, Signal};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::process::getpgrp;
use rustix::termios::{isatty, tcgetpgrp};

/// Keeps the terminal from stopping this process when it is a job in the background: it serves on.
/// Threads that are started later have this too, so it is called before there are any.
///
/// With SIGTTIN blocked, a read in the background fails rather than stopping the job; with SIGTTOU
/// blocked, what is printed there appears, also with `stty tostop`.
pub(crate) fn keep_running_in_background() {
    let stops: SigSet = [Signal::SIGTTIN, Signal::SIGTTOU].into_iter().collect();
    // It fails only for numbers that are no signals.
    let _ = stops.thread_block();
}

/// Standard input.
#[derive(Debug)]
pub(crate) struct Stdin;

impl Read for Stdin {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let stdin = io::stdin();
        loop {
            if isatty(&stdin) {
                if !may_read(&stdin) {
                    pause();
                    continue;
                }
                // Whoever types may put it into the background meanwhile.
                wait(&stdin, PollFlags::IN)?;
                if !may_read(&stdin) {
                    continue;
                }
            }
            match rustix::io::read(&stdin, &mut *buffer) {
                Err(Errno::AGAIN) => wait(&stdin, PollFlags::IN)?,
                Err(Errno::INTR) => {}
                Err(Errno::IO) if !may_read(&stdin) => {}
                read => return Ok(read?),
            }
        }
    }
}

/// Standard output, unbuffered.
#[derive(Debug)]
pub(crate) struct Stdout;

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        write(&io::stdout(), bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Standard error.
#[derive(Debug)]
pub(crate) struct Stderr;

impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        write(&io::stderr(), bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn write(stream: &impl AsFd, bytes: &[u8]) -> io::Result<usize> {
    loop {
        match rustix::io::write(stream, bytes) {
            Err(Errno::AGAIN) => wait(stream, PollFlags::OUT)?,
            Err(Errno::INTR) => {}
            written => return Ok(written?),
        }
    }
}

/// Waits until the stream may be read or written; an end or an error shows when that is done.
fn wait(stream: &impl AsFd, what: PollFlags) -> io::Result<()> {
    match poll(&mut [PollFd::new(stream, what)], None) {
        Ok(_) | Err(Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Returns whether this job may read the stream: it is not its terminal, or the job is in the
/// foreground.
fn may_read(stream: &impl AsFd) -> bool {
    tcgetpgrp(stream).map_or(true, |foreground| foreground == getpgrp())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a job is not notified when it moves to the foreground, unless it was stopped"
)]
fn pause() {
    thread::sleep(FOREGROUND_CHECK);
}

/// How often a job in the background looks whether it may read its terminal: soon enough for who
/// types, seldom enough to cost nothing.
const FOREGROUND_CHECK: Duration = Duration::from_millis(200);
