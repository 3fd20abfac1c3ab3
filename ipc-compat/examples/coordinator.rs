//! Coordinates workers, Rust or JavaScript: asks all of them how busy they are, in one call, and gives
//! the work to the least busy one.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use std::time::Duration;

use ipc_compat::{Config, Ipc};
use tokio::sync::watch;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.id = "world".to_owned();
    support::apply_arguments(&mut config)?;

    let server = Ipc::new(config).serve(())?;
    let registered = watch::Sender::new(0);
    let mut registrations = registered.subscribe();
    server.on("register", move |name: String, socket| match socket.join("workers") {
        Ok(_) => {
            eprintln!("{name} is a worker");
            registered.send_modify(|workers| *workers += 1);
        }
        Err(error) => eprintln!("{name}: {error}"),
    });
    eprintln!("listening on {}", server.start().await?);
    registrations.wait_for(|workers| *workers == 2).await?;

    let workers = server.to("workers");
    let survey = workers.call("load", &()).within(Duration::from_secs(2)).survey::<u32>();
    let mut least: Option<(u32, _)> = None;
    for (worker, load) in survey.gather().await {
        match load {
            Ok(load) if least.as_ref().is_none_or(|(least, _)| load < *least) => {
                least = Some((load, worker));
            }
            Ok(_) => {}
            Err(error) => eprintln!("worker {worker}: {error}"),
        }
    }
    if let Some((load, worker)) = least {
        if let Some(worker) = server.core().peer(worker) {
            let product: u64 = worker.call("multiply", &[6, 7]).await?;
            eprintln!("the worker with load {load} says {product}");
        }
    }
    workers.notice("end", &())?;
    server.stop().await;
    Ok(())
}
