//! A worker of the coordinator: answers calls until it is told to end.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use std::sync::Arc;

use ipc_compat::{Config, Ipc};
use ipc_core::Failure;
use tokio::sync::Notify;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.id = "Rust".to_owned();
    support::apply_arguments(&mut config)?;
    let me = config.id.clone();

    let world = Ipc::new(config).connect_to("world")?;
    world.on_call("load", |(): (), _| async { Ok::<u32, Failure>(1) });
    world.on_call("multiply", |factors: Vec<u64>, _| async move {
        eprintln!("multiplying {factors:?}");
        Ok::<u64, Failure>(factors.iter().product())
    });
    let end = Arc::new(Notify::new());
    let told = Arc::clone(&end);
    world.on_call("end", move |(): (), _| {
        told.notify_one();
        async { Ok::<(), Failure>(()) }
    });
    world.emit("register", &me)?;

    end.notified().await;
    world.close().await;
    Ok(())
}
