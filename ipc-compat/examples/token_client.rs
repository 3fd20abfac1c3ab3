//! Shows a wrong token and is sent away, then the right one, says something and hears it.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use ipc_compat::{Config, Ipc, IpcClient};
use ipc_core::{ClientEvent, Hello};
use tokio::sync::mpsc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let world = client("a guess")?;
    world.core().on_lifecycle(|event| {
        if let ClientEvent::Dismissed(bye) = event {
            eprintln!("sent away: {} ({})", bye.message, bye.code);
        }
    });
    world.start()?;
    // It does not try again by itself.
    world.core().closed().await;

    let world = client("s3cret")?;
    let (say, mut said) = mpsc::channel(1);
    world.on("said", move |text: String, _| {
        // Only the first is waited for.
        let _ = say.try_send(text);
    });
    world.emit("say", "hello from Rust")?;
    if let Some(text) = said.recv().await {
        eprintln!("heard {text}");
    }
    world.close().await;
    Ok(())
}

fn client(token: &str) -> Result<IpcClient, Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    support::apply_arguments(&mut config)?;
    config.hello = Some(Hello::new("alice").token(token));
    Ok(Ipc::new(config).connect_to("world")?)
}
