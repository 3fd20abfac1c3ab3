//! Connections that share a rate, the same for every server. Each message goes over the next connection when it is due,
//! alone, and comes back. The client's thread never sleeps: one that did would be late, and send several together,
//! which is less work for a server with few connections.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use ipc_benches::meter::now;
use ipc_benches::pace::{PacedMeter, due};
use ipc_benches::{FIRST_SEQ, Outcome, Task, frame_with, text};
use ipc_transport::Endpoint;
use memchr::memchr_iter;

use crate::Result;
use crate::net::BUFFER;

pub(crate) fn measure(endpoint: &Endpoint, task: &Task) -> Result<Outcome> {
    let Endpoint::Unix(path) = endpoint else { return Err("needs a Unix socket".into()) };
    let frame = frame_with("echo", FIRST_SEQ, &text(task.body));
    let mut ready = Readiness::new()?;
    let mut connections = Vec::with_capacity(task.connections);
    for token in 0..task.connections {
        let mut socket = UnixStream::connect(path)?;
        // The server knows it when it has answered.
        socket.write_all(&frame)?;
        socket.read_exact(&mut vec![0; frame.len()])?;
        socket.set_nonblocking(true)?;
        ready.add(&socket, token)?;
        connections.push(Connection { socket, on_their_way: VecDeque::new(), unsent: Vec::new() });
    }
    let start = now() + Duration::from_millis(1);
    let mut meter = PacedMeter::new(task, start);
    let mut buffer = vec![0; BUFFER];
    let (mut sent, mut late) = (0, Vec::new());
    loop {
        // Answers have their turn also when the client is late.
        for _ in 0..AT_ONCE {
            if sent == task.total() || due(task, start, sent) > now() {
                break;
            }
            let token = usize::try_from(sent)? % connections.len().max(1);
            let Some(connection) = connections.get_mut(token) else { break };
            connection.on_their_way.push_back(due(task, start, sent));
            if !connection.send(&frame)? {
                late.push(token);
            }
            sent += 1;
        }
        for token in std::mem::take(&mut late) {
            let Some(connection) = connections.get_mut(token) else { continue };
            if !connection.flush()? {
                late.push(token);
            }
        }
        for token in ready.tokens()? {
            let Some(connection) = connections.get_mut(token) else { continue };
            for due in connection.receive(&mut buffer)? {
                if meter.on_one_due(due) {
                    return Ok(meter.finish());
                }
            }
        }
    }
}

struct Connection {
    socket: UnixStream,
    /// When each message was due that has not come back.
    on_their_way: VecDeque<Instant>,
    /// What the socket had no room for.
    unsent: Vec<u8>,
}

impl Connection {
    /// Sends a message after what waits, and returns `false` if from now on something waits.
    fn send(&mut self, frame: &[u8]) -> Result<bool> {
        if !self.unsent.is_empty() {
            self.unsent.extend_from_slice(frame);
            return Ok(true);
        }
        let n = self.write(frame)?;
        self.unsent.extend_from_slice(frame.get(n..).unwrap_or_default());
        Ok(self.unsent.is_empty())
    }

    /// Sends what waits, and returns whether the socket had room for all of it.
    fn flush(&mut self) -> Result<bool> {
        let waits = std::mem::take(&mut self.unsent);
        let n = self.write(&waits)?;
        self.unsent = waits;
        self.unsent.drain(..n);
        Ok(self.unsent.is_empty())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        match self.socket.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(0),
            written => Ok(written?),
        }
    }

    /// Reads once and returns when the messages were due that have come back.
    fn receive(&mut self, buffer: &mut [u8]) -> Result<impl Iterator<Item = Instant>> {
        let n = match self.socket.read(buffer) {
            Ok(0) => return Err("the server closed a connection".into()),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            read => read?,
        };
        let frames = memchr_iter(0x0c, buffer.get(..n).unwrap_or_default()).count();
        let frames = frames.min(self.on_their_way.len());
        Ok(self.on_their_way.drain(..frames))
    }
}

/// What is sent between two looks at the answers, at the most.
const AT_ONCE: usize = 64;

/// Tells which sockets have something to read, without waiting.
#[cfg(target_os = "linux")]
struct Readiness {
    epoll: std::os::fd::OwnedFd,
    events: Vec<rustix::event::epoll::Event>,
}

#[cfg(target_os = "linux")]
impl Readiness {
    fn new() -> Result<Self> {
        let epoll = rustix::event::epoll::create(rustix::event::epoll::CreateFlags::CLOEXEC)?;
        Ok(Self { epoll, events: Vec::with_capacity(256) })
    }

    fn add(&self, socket: &UnixStream, token: usize) -> Result<()> {
        use rustix::event::epoll::{EventData, EventFlags, add};
        Ok(add(&self.epoll, socket, EventData::new_u64(token as u64), EventFlags::IN)?)
    }

    fn tokens(&mut self) -> Result<impl Iterator<Item = usize>> {
        use rustix::event::{Timespec, epoll::wait};
        let no_time = Timespec { tv_sec: 0, tv_nsec: 0 };
        wait(&self.epoll, rustix::buffer::spare_capacity(&mut self.events), Some(&no_time))?;
        let events = self.events.drain(..);
        Ok(events.filter_map(|event| usize::try_from(event.data.u64()).ok()))
    }
}

#[cfg(not(target_os = "linux"))]
struct Readiness;

#[cfg(not(target_os = "linux"))]
impl Readiness {
    fn new() -> Result<Self> {
        Err("needs Linux's epoll".into())
    }

    fn add(&self, _: &UnixStream, _: usize) -> Result<()> {
        Ok(())
    }

    fn tokens(&mut self) -> Result<impl Iterator<Item = usize>> {
        Ok(std::iter::empty())
    }
}
