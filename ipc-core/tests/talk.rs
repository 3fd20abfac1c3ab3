//! A client and a server talk.

mod support;

use std::time::Duration;

use ipc_core::{Client, ClientEvent, Incoming, Server};
use support::{Lines, memory};

#[tokio::test(start_paused = true)]
async fn an_echo_comes_back_in_order() {
    let transport = memory();
    let server = Server::builder(Lines, transport.clone()).build();
    server.on("say", |text: String, peer| peer.emit("echo", text.as_str()).unwrap());
    server.listen().await.unwrap();
    let client = Client::builder(Lines, transport).build();
    let mut events = client.events();
    client.connect();
    for n in 0..1000 {
        client.emit("say", n.to_string().as_str()).unwrap();
    }
    assert!(matches!(events.next().await, Some(Incoming::Lifecycle(ClientEvent::Connect))));
    for n in 0..1000_u64 {
        let Some(Incoming::Message(message, peer)) = events.next().await else { panic!("ended") };
        assert_eq!(message.event(), "echo");
        assert_eq!(peer.decode::<u64>(&message).unwrap(), n);
    }
    let report = client.close().await;
    assert!(report.undelivered.is_empty());
    assert!(matches!(events.next().await, Some(Incoming::Lifecycle(ClientEvent::Disconnect(_)))));
    assert!(matches!(events.next().await, Some(Incoming::Lifecycle(ClientEvent::Destroy))));
    assert!(events.next().await.is_none());
    let report = server.shutdown(Duration::from_secs(1)).await;
    assert_eq!(report.cut, 0);
}
