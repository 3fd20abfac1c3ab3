//! `SocketLink`: one connection's socket with its machine, for a thread that waits.

use std::io::{self, ErrorKind, IoSlice};
use std::time::{Duration, Instant};

use bytes::{Buf, Bytes};
use ipc_codec::DecodeError;
use ipc_transport::{BlockingStream, Interest};

use super::read_limit::ReadLimit;
use super::spinning::Spinning;
use crate::Spin;
use crate::protocol::connection::{Input, Machine};
use crate::protocol::queue::SendQueue;
use crate::runtime::clock;

/// A connection's socket, its machine, and the frame that comes next.
#[derive(Debug)]
pub(super) struct SocketLink {
    stream: BlockingStream,
    pub(super) machine: Machine,
    /// What is left of what is written before anything of the queue.
    first: Bytes,
    /// How long the socket may take for that.
    first_until: Option<Instant>,
    /// The frame after the one that was taken last: while there is one, the program is in a
    /// burst, and what it sends gathers.
    ahead: Option<Result<Bytes, DecodeError>>,
    /// Whether the last write found the socket full.
    blocked: bool,
    /// Since when the socket has been full and has taken nothing.
    full_since: Option<Instant>,
    /// How many bytes were written so far.
    written: u64,
    spinning: Spinning,
    read_limit: ReadLimit,
}

/// What waiting brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Woken {
    /// Something was read or written, or may have been.
    Progress,
    /// The peer has ended its side.
    Ended,
    /// Nothing can be written any more, and nothing waits to be read.
    Broken,
    /// The time is over.
    TimedOut,
    /// The time was over before anything was looked for.
    Late,
}

/// Whether a read waits for something to read.
#[derive(Debug, Clone, Copy)]
enum Wait {
    Yes,
    No,
}

impl SocketLink {
    pub(super) fn new(stream: BlockingStream, machine: Machine, spin: Option<Spin>) -> Self {
        Self {
            stream,
            machine,
            first: Bytes::new(),
            first_until: None,
            ahead: None,
            blocked: false,
            full_since: None,
            written: 0,
            spinning: Spinning::new(spin),
            read_limit: ReadLimit::default(),
        }
    }

    pub(super) fn stream(&self) -> &BlockingStream {
        &self.stream
    }

    /// Returns the next whole frame that was received, if there is one.
    pub(super) fn next_frame(&mut self) -> Result<Option<Bytes>, DecodeError> {
        let next = match self.ahead.take() {
            Some(next) => Some(next),
            None => self.machine.inbound().next_frame().transpose(),
        };
        if matches!(next, Some(Ok(_))) {
            self.ahead = self.machine.inbound().next_frame().transpose();
        }
        next.transpose()
    }

    /// Returns whether another frame has been received already.
    pub(super) fn is_busy(&self) -> bool {
        self.ahead.is_some()
    }

    /// Returns whether the last write found the socket full: the peer has to read first.
    pub(super) fn is_blocked(&self) -> bool {
        self.blocked && self.machine.is_writable()
    }

    /// Returns since when the socket has been full and has taken nothing.
    pub(super) fn full_since(&self) -> Option<Instant> {
        self.full_since
    }

    /// Returns how many bytes were written so far.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Writes this before anything of the queue, as far as the socket takes it now. The rest has until
    /// then.
    pub(super) fn say_first(&mut self, first: Bytes, until: Option<Instant>) {
        (self.first, self.first_until) = (first, until);
        self.write_first();
    }

    /// Returns until when the socket has to take what comes before the queue, if it has not.
    pub(super) fn says_first_until(&self) -> Option<Instant> {
        self.first_until.filter(|_| !self.has_said_first())
    }

    /// Returns whether nothing is left of what comes before the queue.
    pub(super) fn has_said_first(&self) -> bool {
        self.first.is_empty()
    }

    /// Handles that the socket has not taken in time what comes before the queue.
    pub(super) fn give_up_first(&mut self) {
        self.first_until = None;
        self.fail_to_write(ErrorKind::TimedOut.into());
    }

    /// Ends the writing direction: the peer sees the end of the stream.
    pub(super) fn shut_down(&mut self) {
        // An error here shows as the end of the stream, which is what is wanted.
        let _ = self.stream.shutdown_write();
        self.machine.handle(Input::ShutDown { now: clock::now() });
    }

    /// Writes what waits, as far as the socket takes it. An error is the machine's.
    pub(super) fn write(&mut self, queue: &mut SendQueue) {
        self.blocked = false;
        if !self.first.is_empty() {
            self.write_first();
        }
        // What is left of it leaves nothing to write here: the socket is full, or broken.
        while !self.blocked
            && !queue.is_held()
            && self.has_said_first()
            && self.machine.is_writable()
        {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let used = queue.gather(&mut slices);
            let written = self.stream.try_write_vectored(slices.get(..used).unwrap_or_default());
            let n = self.taken(written);
            queue.advance(n);
            self.written = self.written.wrapping_add(n as u64);
        }
    }

    #[cold]
    fn write_first(&mut self) {
        while !self.blocked && !self.has_said_first() && self.machine.is_writable() {
            let written = self.stream.try_write_vectored(&[IoSlice::new(&self.first)]);
            let n = self.taken(written);
            self.first.advance(n);
        }
    }

    /// Returns how many bytes the socket has taken: none if it is full, or broken.
    fn taken(&mut self, written: io::Result<usize>) -> usize {
        match written {
            Ok(0) => self.fail_to_write(ErrorKind::WriteZero.into()),
            Ok(n) => {
                self.full_since = None;
                return n;
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.blocked = true;
                self.full_since.get_or_insert_with(clock::now);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => self.fail_to_write(error),
        }
        0
    }

    fn fail_to_write(&mut self, error: io::Error) {
        self.machine.handle(Input::WriteFailed(error));
    }

    /// Writes what waits, then waits until something can be read or, if the socket is full, written.
    /// `until` ends it, and so may less: what is due then is looked at and waited for again. It does not wait if the socket was full and now takes everything: that may be
    /// what the caller waits for.
    pub(super) fn wait(
        &mut self,
        queue: &mut SendQueue,
        until: Option<Instant>,
    ) -> io::Result<Woken> {
        let was_full = self.blocked;
        self.write(queue);
        if was_full && !self.blocked && self.machine.is_writable() {
            return Ok(Woken::Progress);
        }
        drop(queue.release(KEPT_BYTES));
        let timeout = match until.map(|until| until.saturating_duration_since(clock::now())) {
            Some(Duration::ZERO) => return Ok(Woken::Late),
            timeout => timeout,
        };
        if !self.machine.is_writable() {
            if !self.stream.wait(Interest::Read, Some(Duration::ZERO))?.read {
                return Ok(Woken::Broken);
            }
        } else if self.blocked {
            let ready = self.stream.wait(Interest::Both, timeout)?;
            if ready.write {
                self.write(queue);
            }
            if !ready.read {
                return Ok(if ready.write { Woken::Progress } else { Woken::TimedOut });
            }
        } else {
            return self.wait_to_read(until, timeout);
        }
        self.read()
    }

    /// Waits until something can be read or `until` has come, which is in `timeout`, and reads.
    fn wait_to_read(
        &mut self,
        until: Option<Instant>,
        timeout: Option<Duration>,
    ) -> io::Result<Woken> {
        let Some(limit) = self.spinning.begin() else {
            return self.read_within(timeout);
        };
        let found = self.spin(timeout.map_or(limit, |timeout| timeout.min(limit)));
        self.spinning.ended(!matches!(found, Ok(Woken::TimedOut)));
        if !matches!(found, Ok(Woken::TimedOut)) {
            return found;
        }
        // The spin has used some of the time, or all of it.
        let timeout = until.map(|until| until.saturating_duration_since(clock::now()));
        if timeout == Some(Duration::ZERO) {
            return Ok(Woken::TimedOut);
        }
        self.read_within(timeout)
    }

    /// Reads, and waits for at most `timeout`, or less.
    fn read_within(&mut self, timeout: Option<Duration>) -> io::Result<Woken> {
        if let Some(limit) = self.read_limit.before(timeout) {
            self.stream.set_read_timeout(limit)?;
        }
        let woken = self.read();
        if let Ok(Woken::TimedOut) = woken {
            self.read_limit.reached();
        }
        woken
    }

    /// Reads as soon as there is something, and looks for it without sleeping, for `limit` at most.
    fn spin(&mut self, limit: Duration) -> io::Result<Woken> {
        let begun = clock::now();
        loop {
            match self.read_if(Wait::No)? {
                Woken::TimedOut if clock::now().saturating_duration_since(begun) < limit => {
                    std::hint::spin_loop();
                }
                woken => return Ok(woken),
            }
        }
    }

    /// Waits until the socket takes something or `until` has come, and writes what waits. Reads
    /// nothing.
    pub(super) fn wait_to_write(
        &mut self,
        queue: &mut SendQueue,
        until: Option<Instant>,
    ) -> io::Result<Woken> {
        let timeout = until.map(|until| until.saturating_duration_since(clock::now()));
        let ready = self.stream.wait(Interest::Write, timeout)?;
        self.write(queue);
        Ok(match ready.write {
            _ if !self.machine.is_writable() => Woken::Broken,
            true => Woken::Progress,
            false => Woken::TimedOut,
        })
    }

    /// Reads if there is something to read.
    pub(super) fn read_now(&mut self) -> io::Result<Woken> {
        if !self.stream.wait(Interest::Read, Some(Duration::ZERO))?.read {
            return Ok(Woken::TimedOut);
        }
        self.read()
    }

    fn read(&mut self) -> io::Result<Woken> {
        self.read_if(Wait::Yes)
    }

    fn read_if(&mut self, wait: Wait) -> io::Result<Woken> {
        let mut spare = self.machine.inbound().spare();
        let read = match wait {
            Wait::Yes => self.stream.read_buf(&mut spare),
            Wait::No => self.stream.try_read_buf(&mut spare),
        };
        match read {
            Ok(0) => Ok(Woken::Ended),
            Ok(n) => {
                drop(spare);
                self.machine.inbound().on_read(n);
                Ok(Woken::Progress)
            }
            Err(error) => match error.kind() {
                // How the time that is over shows, by system.
                ErrorKind::WouldBlock | ErrorKind::TimedOut => Ok(Woken::TimedOut),
                // The caller looks at its deadline and comes back.
                ErrorKind::Interrupted => Ok(Woken::Progress),
                _ => Err(error),
            },
        }
    }
}

/// A connection that waits keeps a send buffer of this many bytes at the most: its thread needs it again
/// for the next message, which is seldom larger.
const KEPT_BYTES: usize = 256 * 1024;

/// The slices of one write: beyond this many a system call costs more than it saves.
const SLICES: usize = 16;
