//! Says hello to a server and prints what it answers.

use ipc_compat::{Config, Ipc};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let world = Ipc::new(Config::classic()).connect_to("world")?;
    let answer: String = world.call("hello", "hello").await?;
    println!("{answer}");
    world.close().await;
    Ok(())
}
