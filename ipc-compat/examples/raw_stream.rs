//! A server for a peer in C: the plain stream of a node-ipc socket, with numbers in both byte orders.
//!
//! It serves one connection of `raw_stream.c` at the path that node-ipc gives the id `world`, and
//! ends. The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use bytes::{BufMut, BytesMut};
use ipc_compat::{Config, Ipc};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.id = "world".to_owned();
    support::apply_arguments(&mut config)?;

    // The same path, mode and care for the socket file as `serve`, but no messages: the stream is
    // an ordinary `AsyncRead + AsyncWrite`. A client's is `transport_to("world")?.dial().await?`.
    let mut listener = Ipc::new(config).transport(())?.listen().await?;
    eprintln!("listening on {}", listener.endpoint());
    let mut stream = listener.accept().await?;

    // A command of the device: number and value in network byte order, then a little-endian float.
    let number = stream.read_u16().await?;
    let value = stream.read_i32().await?;
    let reading = stream.read_f64_le().await?;
    eprintln!("got number {number}, value {value}, reading {reading}");

    let mut answer = BytesMut::with_capacity(14);
    answer.put_u16(number);
    answer.put_i32_le(-value);
    answer.put_f64(reading * 2.0);
    stream.write_all(&answer).await?;
    // Waits until the peer has closed its side, so that it has read all of the reply.
    stream.shutdown().await?;
    stream.read_to_end(&mut Vec::new()).await?;
    listener.close().await?;
    Ok(())
}
