//! socketioxide on axum over a Unix socket, with WebSockets only and its rooms in the memory of the process, which is
//! its default adapter. Sending to a room never waits: beyond `max_buffer_size` it is an error, so the
//! buffer is as large as a round, and other tasks have their turn after each 64 messages.

use std::time::Duration;

use axum::Router;
use ipc_benches::{FIRST_SEQ, OwnedBody};
use socketioxide::extract::{Data, SocketRef};
use socketioxide::{SocketIo, TransportType};
use tokio::net::UnixListener;

use crate::Result;
use crate::net::ready;

pub async fn serve(path: &str) -> Result<()> {
    let builder = SocketIo::builder().transports([TransportType::Websocket]);
    // No client is asked in the middle of a round.
    let builder = builder.ping_interval(Duration::from_secs(600)).max_buffer_size(ROUND);
    let (layer, io) = builder.build_layer();
    io.ns("/", async |socket: SocketRef| {
        socket.on("join", async |socket: SocketRef| {
            socket.join(ROOM);
            give_up(socket.emit("joined", &()));
        });
        socket.on("to group", async |Data(order): Data<OwnedBody>, io: SocketIo| {
            for seq in FIRST_SEQ..FIRST_SEQ + order.seq {
                let news = OwnedBody::with(seq, order.body.clone());
                give_up(io.to(ROOM).emit("news", &news).await);
                if seq % 64 == 0 {
                    tokio::task::yield_now().await;
                }
            }
        });
    });
    let listener = UnixListener::bind(path)?;
    ready(&format!("unix:{path}"));
    Ok(axum::serve(listener, Router::new().layer(layer)).await?)
}

/// A message that cannot be sent would leave the other side waiting.
fn give_up<T, E: std::fmt::Display>(result: Result<T, E>) {
    if let Err(error) = result {
        eprintln!("socketioxide: {error}");
        std::process::exit(1);
    }
}

const ROOM: &str = "members";

/// More messages than a round has.
const ROUND: usize = 500_000;
