//! `Line`: one connection's socket with what it has received, for a thread that waits.

use std::io::{self, ErrorKind, IoSlice, Read};
use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes};
use ipc_codec::{DecodeError, Framing};
use ipc_transport::{BlockingStream, Interest};

use crate::LooksLike;
use crate::options::ConnectionConfig;
use crate::protocol::connection::inbound::Inbound;
use crate::protocol::queue::SendQueue;
use crate::runtime::clock;

/// A connection's socket, its decoder, and the frame that comes next.
#[derive(Debug)]
pub(super) struct Line {
    stream: BlockingStream,
    inbound: Inbound,
    /// The frame behind the one that was taken last: while there is one, the program is in a
    /// burst, and what it sends gathers.
    ahead: Option<Result<Bytes, DecodeError>>,
    /// Whether the last write found the socket full.
    blocked: bool,
    /// Since when the socket has been full and has taken nothing.
    full_since: Option<Instant>,
    /// How many bytes were written so far.
    written: u64,
    /// Why nothing can be written any more. What the peer sent before is read first.
    write_error: Option<io::Error>,
    room: Box<[u8]>,
}

/// What waiting brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Woken {
    /// Bytes were received.
    Received,
    /// Room to write, which is used already.
    Written,
    /// The peer has ended its side.
    Ended,
    /// The time is over.
    TimedOut,
}

impl Line {
    pub(super) fn new(stream: BlockingStream, framing: Framing, config: &ConnectionConfig) -> Self {
        Self {
            stream,
            inbound: Inbound::new(framing, config.limits, config.frame_timeout),
            ahead: None,
            blocked: false,
            full_since: None,
            written: 0,
            write_error: None,
            room: vec![0; ROOM].into_boxed_slice(),
        }
    }

    pub(super) fn stream(&self) -> &BlockingStream {
        &self.stream
    }

    /// Returns the next whole frame that was received, if there is one.
    pub(super) fn next_frame(&mut self) -> Result<Option<Bytes>, DecodeError> {
        let next = match self.ahead.take() {
            Some(next) => Some(next),
            None => self.inbound.next_frame().transpose(),
        };
        if matches!(next, Some(Ok(_))) {
            self.ahead = self.inbound.next_frame().transpose();
        }
        next.transpose()
    }

    /// Returns whether another frame is there already.
    pub(super) fn is_busy(&self) -> bool {
        self.ahead.is_some()
    }

    /// Returns whether the last write found the socket full, so that the peer has to read first.
    pub(super) fn is_blocked(&self) -> bool {
        self.blocked && self.write_error.is_none()
    }

    /// Returns since when the socket has been full and has taken nothing.
    pub(super) fn full_since(&self) -> Option<Instant> {
        self.full_since
    }

    /// Returns how many bytes were written so far.
    pub(super) fn written(&self) -> u64 {
        self.written
    }

    /// Takes note that nothing is read for now.
    pub(super) fn pause(&mut self) {
        self.inbound.pause();
    }

    /// Returns what the unfinished frame, or the one that was refused just now, looks like.
    pub(super) fn looks_like(&self) -> Option<LooksLike> {
        self.inbound.looks_like()
    }

    /// Returns when the unfinished frame has to have made progress, if there is one.
    pub(super) fn frame_deadline(&mut self) -> Option<Instant> {
        self.inbound.deadline(clock::now)
    }

    /// Takes note of the stream's end.
    pub(super) fn finish(&mut self) -> Result<(), DecodeError> {
        self.inbound.finish()
    }

    /// Writes what waits, as far as there is room. An error shows when nothing can be read.
    pub(super) fn write(&mut self, queue: &mut SendQueue) {
        self.blocked = false;
        while !queue.is_held() && self.write_error.is_none() {
            let mut slices = [IoSlice::new(&[]); SLICES];
            let used = queue.gather(&mut slices);
            match self.stream.try_write_vectored(slices.get(..used).unwrap_or_default()) {
                Ok(0) => self.write_error = Some(ErrorKind::WriteZero.into()),
                Ok(n) => {
                    queue.advance(n);
                    self.written = self.written.wrapping_add(n as u64);
                    self.full_since = None;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.blocked = true;
                    self.full_since.get_or_insert_with(clock::now);
                    return;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => self.write_error = Some(error),
            }
        }
    }

    /// Writes what waits, then waits: for bytes, for the peer's end, or, if the socket is full,
    /// for room. `until` ends it.
    pub(super) fn wait(
        &mut self,
        queue: &mut SendQueue,
        until: Option<Instant>,
    ) -> io::Result<Woken> {
        self.write(queue);
        let timeout = match until.map(|until| until.saturating_duration_since(clock::now())) {
            Some(Duration::ZERO) => return Ok(Woken::TimedOut),
            timeout => timeout,
        };
        if self.write_error.is_some() {
            if !self.stream.wait(Interest::Read, Some(Duration::ZERO))?.read {
                return Err(self
                    .write_error
                    .take()
                    .unwrap_or_else(|| ErrorKind::BrokenPipe.into()));
            }
        } else if self.blocked {
            let ready = self.stream.wait(Interest::Both, timeout)?;
            if ready.write {
                self.write(queue);
            }
            if !ready.read {
                return Ok(if ready.write { Woken::Written } else { Woken::TimedOut });
            }
        } else {
            self.stream.set_read_timeout(timeout)?;
        }
        self.read()
    }

    /// Writes what waits; waits for room until something is written or `until` has come. Reads
    /// nothing.
    pub(super) fn wait_for_room(
        &mut self,
        queue: &mut SendQueue,
        until: Option<Instant>,
    ) -> io::Result<Woken> {
        let woken = self.wait_to_write(queue, until)?;
        self.write_error.take().map_or(Ok(woken), Err)
    }

    /// The same, but an error of writing shows only when nothing can be read.
    pub(super) fn wait_to_write(
        &mut self,
        queue: &mut SendQueue,
        until: Option<Instant>,
    ) -> io::Result<Woken> {
        let timeout = until.map(|until| until.saturating_duration_since(clock::now()));
        let ready = self.stream.wait(Interest::Write, timeout)?;
        self.write(queue);
        Ok(if ready.write { Woken::Written } else { Woken::TimedOut })
    }

    fn read(&mut self) -> io::Result<Woken> {
        let mut spare = self.inbound.spare();
        let size = spare.remaining_mut().min(self.room.len());
        let room = self.room.get_mut(..size).unwrap_or_default();
        match self.stream.read(room) {
            Ok(0) => Ok(Woken::Ended),
            Ok(n) => {
                spare.put_slice(room.get(..n).unwrap_or_default());
                drop(spare);
                self.inbound.on_read(n);
                Ok(Woken::Received)
            }
            Err(error) => match error.kind() {
                // How the time that is over shows, by system.
                ErrorKind::WouldBlock | ErrorKind::TimedOut => Ok(Woken::TimedOut),
                // The caller looks at its deadline and comes back.
                ErrorKind::Interrupted => Ok(Woken::Written),
                _ => Err(error),
            },
        }
    }
}

/// The most bytes of one read: as the async driver has it.
const ROOM: usize = 64 * 1024;

/// The slices of one write: beyond this many a system call costs more than it saves.
const SLICES: usize = 16;
