//! Says hello to a server and prints what it answers.

use tarpc::serde_transport::unix;
use tarpc::tokio_serde::formats::Json;
use tarpc::{client, context};

#[tarpc::service]
trait World {
    async fn hello(text: String) -> String;
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let transport = unix::connect("/tmp/app.world", Json::default).await?;
    let world = WorldClient::new(client::Config::default(), transport).spawn();
    println!("{}", world.hello(context::current(), "hello".to_owned()).await?);
    Ok(())
}
