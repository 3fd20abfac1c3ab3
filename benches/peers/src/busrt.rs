//! busrt: a broker in the server's process, the server as a client inside it, the client over a
//! Unix socket. `QoS::No`, which its own figures show as the fastest.

use busrt::EventChannel;
use busrt::QoS;
use busrt::broker::{Broker, ServerConfig};
use busrt::client::AsyncClient;
use busrt::ipc::{Client, Config};
use bytes::Bytes;
use ipc_benches::{Outcome, Task};

use crate::Result;
use crate::coding::Coding;
use crate::link::{self, Link};
use crate::net::ready;

struct Bus<C> {
    client: C,
    events: EventChannel,
    other: &'static str,
}

impl<C: AsyncClient> Bus<C> {
    fn new(mut client: C, other: &'static str) -> Result<Self> {
        let events = client.take_event_channel().ok_or("no event channel")?;
        Ok(Self { client, events, other })
    }
}

impl<C: AsyncClient> Link for Bus<C> {
    type Message = Bytes;

    async fn send(&mut self, bytes: Bytes) -> Result<()> {
        self.client.send(self.other, Vec::from(bytes).into(), QoS::No).await?;
        Ok(())
    }

    async fn recv(&mut self) -> Result<Option<Bytes>> {
        let frame = self.events.recv().await?;
        Ok(Some(Bytes::copy_from_slice(frame.payload())))
    }
}

pub async fn serve(path: &str, coding: Coding) -> Result<()> {
    let mut broker = Broker::new();
    broker.spawn_unix_server(path, ServerConfig::default()).await?;
    let server = broker.register_client("server").await?;
    ready(&format!("unix:{path}"));
    link::serve(Bus::new(server, "client")?, coding).await
}

pub async fn measure(path: &str, coding: Coding, task: &Task) -> Result<Outcome> {
    let client = Client::connect(&Config::new(path, "client")).await?;
    link::measure(&mut Bus::new(client, "server")?, coding, task).await
}
