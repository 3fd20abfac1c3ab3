//! Calls methods of a server: two at a time, one that fails, and one that answers with a stream.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use std::future::IntoFuture;
use std::time::Duration;

use ipc_compat::{Config, Ipc};
use ipc_core::CallError;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    support::apply_arguments(&mut config)?;

    let world = Ipc::new(config).connect_to("world")?;
    let length = |text| world.call::<_, usize>("length", text).within(Duration::from_secs(5));
    let (short, long) = tokio::try_join!(
        length("four").into_future(),
        length("twenty-two characters.").into_future(),
    )?;
    eprintln!("{short} and {long} characters");

    match length("").await {
        Err(CallError::Remote(failure)) => eprintln!("failed: {failure}"),
        other => eprintln!("{other:?}"),
    }

    let mut words = world.call_stream::<_, String>("words", "one two three").await?;
    while let Some(word) = words.next().await {
        eprintln!("word: {}", word?);
    }
    world.close().await;
    Ok(())
}
