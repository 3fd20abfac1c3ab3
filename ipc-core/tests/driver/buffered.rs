//! A stream that keeps written bytes itself, as TLS and any buffered writer do, is flushed.

use async_trait::async_trait;
use ipc_core::Client;
use ipc_transport::{
    Endpoint, Listener, MemoryTransport, PeerInfo, Stream, Transport, TransportError,
};
use tokio::io::BufWriter;

use crate::support::{Lines, Raw, memory, narrow, soon};

/// A transport whose client side passes bytes on only when it is flushed.
#[derive(Debug, Clone)]
struct Buffered(MemoryTransport);

#[async_trait]
impl Transport for Buffered {
    fn endpoint(&self) -> Endpoint {
        self.0.endpoint()
    }

    async fn dial(&self) -> Result<Stream, TransportError> {
        let info = PeerInfo::new(self.endpoint());
        Ok(Stream::from_io(BufWriter::with_capacity(64 * 1024, self.0.dial().await?), info))
    }

    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        self.0.listen().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_single_message_arrives_without_another_behind_it() {
    let memory = memory();
    let mut listener = memory.listen().await.unwrap();
    let client = Client::builder(Lines, Buffered(memory)).build();
    client.start().unwrap();
    let mut server = soon(Raw::accept(&mut listener)).await;
    for text in ["first", "second"] {
        client.emit("e", text).unwrap();
        assert_eq!(soon(server.line()).await, format!("e {text}"));
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_full_socket_held_up_is_flushed_when_there_is_room() {
    let memory = narrow(16);
    let mut listener = memory.listen().await.unwrap();
    let client = Client::builder(Lines, Buffered(memory)).build();
    client.start().unwrap();
    let mut server = soon(Raw::accept(&mut listener)).await;
    let text = "x".repeat(1000);
    client.emit("e", &*text).unwrap();
    let flushed = tokio::spawn({
        let peer = client.peer().clone();
        async move { peer.flush().await }
    });
    tokio::task::yield_now().await;
    assert!(!flushed.is_finished(), "the peer has not read, so most of it is still on this side");
    assert_eq!(soon(server.line()).await, format!("e {text}"));
    assert!(soon(flushed).await.unwrap());
}
