//! The client of node-ipc's example of `cluster`: a new connection for each message.
//!
//! The first argument is settings in JSON, spelt as in node-ipc: `{"socketRoot":"/tmp/x/"}`.
#![expect(clippy::print_stderr, reason = "its output is for its user")]

use ipc_compat::{Config, Ipc};
use serde_json::json;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    if let Some(settings) = std::env::args().nth(1) {
        config.apply_json(&settings.parse()?)?;
    }
    let ipc = Ipc::new(config);

    for turn in 1..=4 {
        let world = ipc.connect_to("world")?;
        world.emit("currentDate", &json!({ "message": format!("turn {turn}") }))?;
        // What was sent is written before the end.
        let report = world.close().await;
        eprintln!("turn {turn}: {} messages were not written", report.undelivered.len());
    }
    Ok(())
}
