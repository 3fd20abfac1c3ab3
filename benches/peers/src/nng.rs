//! nng over its `ipc` transport: a pair of sockets, with room for what is in flight. They have none unless it is asked for.

use ::nng::options::{Options, RecvBufferSize, SendBufferSize};
use ::nng::{Message, Protocol, Socket};
use bytes::Bytes;
use ipc_benches::{Outcome, Task};

use crate::Result;
use crate::coding::{Coding, Event};
use crate::link::{self, Link};
use crate::net::ready;

struct Pair(Socket);

impl Pair {
    fn new() -> Result<Self> {
        let socket = Socket::new(Protocol::Pair0)?;
        socket.set_opt::<SendBufferSize>(ROOM)?;
        socket.set_opt::<RecvBufferSize>(ROOM)?;
        Ok(Self(socket))
    }
}

impl Link for Pair {
    type Message = Message;

    async fn put(&mut self, coding: Coding, event: Event, seq: u64, body: &str) -> Result<()> {
        if coding != Coding::Native {
            return self.send(coding.encode(event, seq, body)?).await;
        }
        let mut message = Message::with_capacity(body.len() + 9);
        message.push_back(&Coding::head(event, seq));
        message.push_back(body.as_bytes());
        self.0.send(message).map_err(|(_, error)| error.into())
    }

    async fn send(&mut self, bytes: Bytes) -> Result<()> {
        self.0.send(&bytes[..]).map_err(|(_, error)| error.into())
    }

    async fn recv(&mut self) -> Result<Option<Message>> {
        Ok(Some(self.0.recv()?))
    }
}

pub async fn serve(path: &str, coding: Coding) -> Result<()> {
    let pair = Pair::new()?;
    pair.0.listen(&format!("ipc://{path}"))?;
    ready(&format!("unix:{path}"));
    link::serve(pair, coding).await
}

pub async fn measure(path: &str, coding: Coding, task: &Task) -> Result<Outcome> {
    let mut pair = Pair::new()?;
    pair.0.dial(&format!("ipc://{path}"))?;
    link::measure(&mut pair, coding, task).await
}

/// How many messages a socket keeps, each way: more than are ever in flight where each is answered.
const ROOM: i32 = 128;
