//! The client of node-ipc's example of `cluster`: a new connection for each message.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use ipc_compat::{Config, Ipc};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    support::apply_arguments(&mut config)?;
    let ipc = Ipc::new(config);

    for turn in 1..=4 {
        let world = ipc.connect_to("world")?;
        world.emit("currentDate", &json!({ "message": format!("turn {turn}") }))?;
        // It flushes first.
        let report = world.close().await;
        eprintln!("turn {turn}: {} messages were not written", report.undelivered.len());
    }
    Ok(())
}
