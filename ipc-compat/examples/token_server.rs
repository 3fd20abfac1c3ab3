//! Lets in clients that show a token with their hello, Rust or JavaScript, and passes on what they say.
//!
//! The first argument is settings in JSON; see `support`. With `tokenFile` among them, the tokens are those of
//! the file.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use ipc_compat::{Config, Ipc};
use ipc_core::{Allow, ServerEvent, Tokens};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.id = "world".to_owned();
    support::apply_arguments(&mut config)?;
    if config.token_file.is_none() {
        config.token = Some(Tokens::new([("alice", "s3cret"), ("bob", "hunter2")])?.into());
    }

    let server = Ipc::new(config).serve(())?;
    // What a client may do depends on who it is.
    let everything_but_stop = Allow::new().events(["say"])?;
    server.allow_by(move |socket| match socket.proven_identity() {
        Some(identity) if &*identity.name == "alice" => Allow::new(),
        _ => everything_but_stop.clone(),
    });
    let everybody = server.clone();
    server.on("say", move |text: String, socket| {
        let Some(identity) = socket.proven_identity() else { return };
        eprintln!("{} says {text}", identity.name);
        let said = format!("{}: {text}", identity.name);
        if let Err(error) = everybody.broadcast("said", &said) {
            eprintln!("not passed on: {error}");
        }
    });
    server.core().on_lifecycle(|event| {
        if let ServerEvent::Refused { info, why } = event {
            eprintln!("refused a client at {}: {why}", info.endpoint);
        }
    });
    eprintln!("listening on {}; end with ctrl-c", server.start().await?);

    tokio::signal::ctrl_c().await?;
    server.stop().await;
    Ok(())
}
