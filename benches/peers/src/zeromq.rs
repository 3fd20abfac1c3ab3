//! zeromq (pure Rust) over its `ipc` transport: DEALER and ROUTER for round trips, PUSH and PULL
//! for one way, as the ZeroMQ guide advises for pipelines.

use bytes::Bytes;
use ipc_benches::{Outcome, Task, Work};
use zeromq::{
    DealerSocket, PullSocket, PushSocket, RouterSocket, Socket, SocketRecv, SocketSend, ZmqMessage,
};

use crate::Result;
use crate::coding::Coding;
use crate::link::{self, Link};
use crate::net::ready;

pub async fn serve(path: &str, coding: Coding) -> Result<()> {
    let mut router = Router { socket: RouterSocket::new(), client: Bytes::new() };
    router.socket.bind(&format!("ipc://{path}")).await?;
    let mut pipe = Pipe { push: PushSocket::new(), pull: PullSocket::new() };
    pipe.pull.bind(&format!("ipc://{path}.there")).await?;
    pipe.push.bind(&format!("ipc://{path}.back")).await?;
    ready(&format!("unix:{path}"));
    tokio::try_join!(link::serve(router, coding), link::serve(pipe, coding))?;
    Ok(())
}

pub async fn measure(path: &str, coding: Coding, task: &Task) -> Result<Outcome> {
    if task.work == Work::Flood {
        let mut pipe = Pipe { push: PushSocket::new(), pull: PullSocket::new() };
        pipe.push.connect(&format!("ipc://{path}.there")).await?;
        pipe.pull.connect(&format!("ipc://{path}.back")).await?;
        return link::measure(&mut pipe, coding, task).await;
    }
    let mut dealer = Dealer(DealerSocket::new());
    dealer.0.connect(&format!("ipc://{path}")).await?;
    link::measure(&mut dealer, coding, task).await
}

struct Dealer(DealerSocket);

impl Link for Dealer {
    type Message = Bytes;

    async fn send(&mut self, bytes: Bytes) -> Result<()> {
        Ok(self.0.send(bytes.into()).await?)
    }

    async fn recv(&mut self) -> Result<Option<Bytes>> {
        Ok(self.0.recv().await?.into_vec().pop())
    }
}

/// Its messages begin with the client's identity.
struct Router {
    socket: RouterSocket,
    client: Bytes,
}

impl Link for Router {
    type Message = Bytes;

    async fn send(&mut self, bytes: Bytes) -> Result<()> {
        let mut message = ZmqMessage::from(bytes);
        message.push_front(self.client.clone());
        Ok(self.socket.send(message).await?)
    }

    async fn recv(&mut self) -> Result<Option<Bytes>> {
        let mut frames = self.socket.recv().await?.into_vec();
        let bytes = frames.pop();
        self.client = frames.pop().unwrap_or_default();
        Ok(bytes)
    }
}

struct Pipe {
    push: PushSocket,
    pull: PullSocket,
}

impl Link for Pipe {
    type Message = Bytes;

    async fn send(&mut self, bytes: Bytes) -> Result<()> {
        Ok(self.push.send(bytes.into()).await?)
    }

    async fn recv(&mut self) -> Result<Option<Bytes>> {
        Ok(self.pull.recv().await?.into_vec().pop())
    }
}
