//! Says hello to a server and prints what it answers.

use zeromq::{ReqSocket, Socket, SocketRecv, SocketSend};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut world = ReqSocket::new();
    world.connect("ipc:///tmp/app.world").await?;
    world.send("hello".into()).await?;
    println!("{:?}", world.recv().await?);
    Ok(())
}
