//! A client of `msgpack_server`: asks for a sum, and shows it. Events come as a stream here.
//!
//! `cargo run -p ipc-core --example msgpack_client /tmp/sums.sock`
#![expect(clippy::print_stderr, reason = "its output is for its user")]

use std::path::PathBuf;

use ipc_core::{Client, Incoming, MsgPack};
use ipc_transport::Endpoint;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args_os().nth(1).map(PathBuf::from).ok_or("usage: msgpack_client PATH")?;

    let client = Client::builder(MsgPack::new(), Endpoint::Unix(path).transport()?).build();
    let mut events = client.events();
    client.start()?;
    client.emit("add", &[1_i64, 2, 39])?;
    while let Some(event) = events.next().await {
        match event {
            Incoming::Message(message, _) if message.event() == "sum" => {
                eprintln!("the sum is {}", client.decode::<i64>(&message)?);
                break;
            }
            other => eprintln!("{other:?}"),
        }
    }
    client.close().await;
    Ok(())
}
