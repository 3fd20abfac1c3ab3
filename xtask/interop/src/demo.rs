//! `cargo xtask demo`: two short conversations between Rust and real node-ipc, as they happen.

use std::time::Duration;

use crate::nipc;
use crate::suite::{Combo, Kind, Peer, Role, Room, Setup};
use xtask::args::{self, Args};
use xtask::error::{Error, Result};
use xtask::node::{Node, Version};
use xtask::repo;

/// Runs the command of two conversations, each shown as it happens.
///
/// # Errors
///
/// If something does not build, start or answer.
pub(crate) fn command(args: Args) -> Result<String> {
    args::none(args)?;
    println!("Building nipc, the command-line tool of this project ...");
    let target = repo::target_dir()?;
    let nipc = nipc::build(&target)?;
    println!("Fetching node-ipc from npm, if it is not here yet ...");
    let nodes: Result<Vec<Node>> =
        Version::DIALECTS.into_iter().map(|version| Node::with(version, &target)).collect();
    let nodes = match nodes {
        Ok(nodes) => nodes,
        Err(Error::Unavailable(reason)) => {
            println!("\nThere is no node-ipc here ({reason}), so both sides are Rust.");
            Vec::new()
        }
        Err(error) => return Err(error),
    };
    let setup = Setup { nipc: Some(nipc), call_peer: None, nodes, certificates: None, runs: None };
    rust_server(&room(&setup, Version::V9, Role::Server)?)?;
    rust_client(&room(&setup, Version::V14, Role::Client)?)?;
    println!(
        "\nThat is all: the same frames, `{{\"type\":...,\"data\":...}}` and a form feed, both ways."
    );
    println!("`cargo xtask interop` does this in more than a thousand other ways.");
    Ok(String::new())
}

fn rust_server(room: &Room<'_>) -> Result<()> {
    title(room, 1, "A Rust server", "client");
    println!("   $ nipc serve world --echo");
    let client = if room.has_node() { "node client" } else { "rust client" };
    let mut server = room.serve(&["--echo"])?;
    show("rust server", "listening");
    let mut peer = room.connect(&[])?;
    show(client, "connected");
    show("rust server", &server.event("connect")?.text);

    note("The client emits two events; the server sends each back.");
    for line in [
        r#"{"type":"app.message","data":{"id":"hello","message":"grüße ☃"}}"#,
        r#"{"type":"numbers","data":[0,-1.5,1e21,true,null]}"#,
    ] {
        say(client, &peer, line);
        hears("rust server", &mut server)?;
        hears(client, &mut peer)?;
    }

    note("The server speaks to that client, then to every client.");
    say("rust server", &server, r#"{"to":1,"type":"for.you","data":"only you"}"#);
    hears(client, &mut peer)?;
    say("rust server", &server, r#"{"type":"news","data":{"to":"all"}}"#);
    hears(client, &mut peer)?;

    note("The client is killed with -9; the server notices and continues.");
    peer.kill();
    show("rust server", &server.event("socket.disconnected")?.text);

    note("The server stops; its socket file is gone.");
    say("rust server", &server, r#"{"do":"stop"}"#);
    ended("rust server", &mut server)
}

fn rust_client(room: &Room<'_>) -> Result<()> {
    title(room, 2, "A Rust client", "server");
    let server_name = if room.has_node() { "node server" } else { "rust server" };
    let mut server = room.serve(&["--echo"])?;
    show(server_name, "listening");
    println!("   $ nipc connect world --retry 100");
    let mut client = room.connect(&["--retry", "100"])?;
    show("rust client", "connected");
    say("rust client", &client, r#"{"type":"message","data":"hello"}"#);
    hears(server_name, &mut server)?;
    hears("rust client", &mut client)?;

    note("The server is killed with -9 and started again; the client comes back by itself.");
    server.kill();
    show("rust client", &client.event("disconnect")?.text);
    let mut server = room.serve(&["--echo"])?;
    show("rust client", &client.event("connect")?.text);
    say("rust client", &client, r#"{"type":"message","data":"still me"}"#);
    hears(server_name, &mut server)?;
    hears("rust client", &mut client)?;

    note("Another client sends one event and leaves at once; nothing is lost.");
    println!("   $ nipc emit world message '\"last words\"'");
    let mut emit = room.client("emit", &["message", "\"last words\""])?;
    ended("nipc emit", &mut emit)?;
    hears(server_name, &mut server)
}

/// Returns a place for one conversation.
fn room(setup: &Setup, version: Version, role: Role) -> Result<Room<'_>> {
    let kind = if cfg!(unix) { Kind::Unix } else { Kind::Tcp };
    let step = Duration::from_secs(15);
    Room::new(Combo { version, kind, role }, setup, step, Duration::from_secs(60))
}

fn title(room: &Room<'_>, number: u32, rust: &str, other: &str) {
    let version = room.combo.version;
    let whose = if room.has_node() { format!("node-ipc {version}") } else { "Rust".into() };
    println!("\n{number}. {rust}, a {other} of {whose}\n");
}

fn note(text: &str) {
    println!("\n   {text}");
}

fn say(who: &str, peer: &Peer, line: &str) {
    println!("   {who:<12}> {line}");
    peer.say(line);
}

fn hears(who: &str, peer: &mut Peer) -> Result<()> {
    show(who, &peer.event("message")?.text);
    Ok(())
}

fn ended(who: &str, peer: &mut Peer) -> Result<()> {
    match peer.exit()? {
        0 => {
            show(who, "ended, status 0");
            Ok(())
        }
        status => Err(format!("{who} ended with status {status}").into()),
    }
}

fn show(who: &str, line: &str) {
    println!("   {who:<12}  {line}");
}
