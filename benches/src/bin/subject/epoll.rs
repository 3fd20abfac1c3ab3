//! The limit for many connections: one thread that asks `epoll` which of them have something to read, and answers
//! all that one read brings with one write. JSON as in `limit`.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};

use ipc_transport::Endpoint;
use memchr::memchr;
use rustix::buffer::spare_capacity;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};

use crate::Result;
use crate::limit::Json;
use crate::net::{BUFFER, ready};

struct Connection {
    socket: UnixStream,
    /// The beginning of a frame whose end has not come yet.
    rest: Vec<u8>,
}

pub(crate) fn serve(endpoint: &Endpoint) -> Result<()> {
    let Endpoint::Unix(path) = endpoint else { return Err("needs a Unix socket".into()) };
    let listener = UnixListener::bind(path)?;
    let epoll = epoll::create(CreateFlags::CLOEXEC)?;
    epoll::add(&epoll, &listener, EventData::new_u64(LISTENER), EventFlags::IN)?;
    ready(endpoint);
    let mut connections: Vec<Option<Connection>> = Vec::new();
    let mut events = Vec::with_capacity(1024);
    let (mut buffer, mut out) = (vec![0; BUFFER], Vec::with_capacity(2 * BUFFER));
    loop {
        epoll::wait(&epoll, spare_capacity(&mut events), None)?;
        for event in events.drain(..) {
            let token = event.data.u64();
            if token == LISTENER {
                let (socket, _) = listener.accept()?;
                let token = EventData::new_u64(connections.len() as u64);
                epoll::add(&epoll, &socket, token, EventFlags::IN)?;
                connections.push(Some(Connection { socket, rest: Vec::new() }));
                continue;
            }
            let Some(place) = connections.get_mut(usize::try_from(token)?) else { continue };
            let Some(connection) = place else { continue };
            // An error is the end, too: the client has noticed itself what went wrong.
            if !matches!(connection.turn(&mut buffer, &mut out), Ok(true)) {
                *place = None;
            }
        }
    }
}

impl Connection {
    /// Reads once, answers all that is whole, and returns whether the client is still there.
    fn turn(&mut self, buffer: &mut [u8], out: &mut Vec<u8>) -> Result<bool> {
        let n = self.socket.read(buffer)?;
        let mut read = buffer.get(..n).unwrap_or_default();
        let joined;
        if !self.rest.is_empty() {
            self.rest.extend_from_slice(read);
            joined = std::mem::take(&mut self.rest);
            read = &joined;
        }
        while let Some(end) = memchr(0x0c, read) {
            let message = read.get(..end).and_then(|frame| Json::Serde.parse(frame));
            let message = message.ok_or("a frame of another kind")?;
            Json::Serde.put(out, "echo", message.data.seq, &message.data.body);
            read = read.get(end + 1..).unwrap_or_default();
        }
        self.rest.extend_from_slice(read);
        // With epoll a socket is only read when there is something; writing may wait for the client.
        self.socket.write_all(out)?;
        out.clear();
        Ok(n > 0)
    }
}

const LISTENER: u64 = u64::MAX;
