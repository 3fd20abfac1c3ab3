//! Servers that let a client in by its token, and clients of node-ipc, which say hello in one line or not at all.

use super::super::peer::Peer;
use super::super::room::Room;
use super::calls::{HELPER, LINES, ask, call, ended, failed, in_profile, profiles, result};
use super::needs;
use crate::json::Json;
use xtask::error::Result;

const TOKENS: &[&str] = &["--tokens", "alice=s3cret,bob=hunter2"];

/// A client that says hello with the right token is let in; what it sent before is handled then.
pub(super) fn right(room: &Room<'_>) -> Result<()> {
    each(room, &[], |server, client| {
        call(client, "early", "sum", "[1,2]");
        let_in(client, "alice", "s3cret")?;
        server.event("connect")?;
        result(client, "early", "3")?;
        ask(client, "sum", "[3,4]", "7")?;
        // It says hello once.
        call(client, "again", "$hello", &hello("bob", "hunter2"));
        failed(client, "again", "repeated_hello", "").map(drop)
    })
}

/// A client that shows a wrong token is told so, and comes back: this time with the right one.
pub(super) fn wrong(room: &Room<'_>) -> Result<()> {
    each(room, &[], |server, client| {
        call(client, "early", "sum", "[1,2]");
        call(client, "hello", "$hello", &hello("alice", "hunter2"));
        failed(client, "hello", "denied", "")?;
        client.event("disconnect")?;
        refused(server, "denied")?;
        // It comes back, since it knows no better.
        client.event("connect")?;
        let_in(client, "bob", "hunter2")?;
        server.event("connect")?;
        ask(client, "sum", "[3,4]", "7")
    })
}

/// A client that knows nothing of tokens is refused when its time is over, again and again.
pub(super) fn none(room: &Room<'_>) -> Result<()> {
    each(room, &["--hello-within", "200"], |server, client| {
        for _ in 0..2 {
            call(client, "early", "sum", "[1,2]");
            client.event("disconnect")?;
            refused(server, "late")?;
            client.event("connect")?;
        }
        // Nothing of it was handled, and it may still say who it is.
        let_in(client, "alice", "s3cret")?;
        server.event("connect")?;
        ask(client, "sum", "[3,4]", "7")
    })
}

/// Lets a client meet a server that wants a token, in each profile, with the helper and with the lines of the
/// documentation.
fn each(
    room: &Room<'_>,
    more: &[&str],
    talk: impl Fn(&mut Peer, &mut Peer) -> Result<()>,
) -> Result<()> {
    needs(room.setup.nipc.is_some(), "node-ipc knows no tokens")?;
    room.set_calls();
    for profile in profiles(room) {
        for calls in [HELPER, LINES] {
            let met = meet(room, &[calls, profile, TOKENS, more], &[calls, profile], &talk);
            met.map_err(|error| in_profile(profile, &error))?;
        }
    }
    Ok(())
}

fn meet(
    room: &Room<'_>,
    of_server: &[&[&str]],
    of_client: &[&[&str]],
    talk: impl Fn(&mut Peer, &mut Peer) -> Result<()>,
) -> Result<()> {
    let mut server = room.serve(&of_server.concat())?;
    let mut client = room.connect(&of_client.concat())?;
    talk(&mut server, &mut client)?;
    client.say("{\"do\":\"close\"}");
    server.event("socket.disconnected")?;
    server.say("{\"do\":\"stop\"}");
    match (client.exit()?, server.exit()?) {
        (0, 0) => Ok(()),
        both => Err(format!("client and server ended with {both:?}").into()),
    }
}

fn hello(name: &str, token: &str) -> String {
    format!("{{\"v\":1,\"name\":\"{name}\",\"token\":\"{token}\"}}")
}

fn let_in(client: &mut Peer, name: &str, token: &str) -> Result<()> {
    call(client, "hello", "$hello", &hello(name, token));
    let line = ended(client, "hello")?;
    if line.get("ok").and_then(|ok| ok.get("v")) == Some(&Json::parse("1")?) {
        Ok(())
    } else {
        Err(format!("{name} was not let in: {line}").into())
    }
}

fn refused(server: &mut Peer, code: &str) -> Result<()> {
    let line = server.event("refused")?;
    match line.json.as_ref().and_then(|json| json.text_of("code")) {
        Some(found) if found == code => Ok(()),
        _ => Err(format!("refused, but not for {code}: {}", line.text).into()),
    }
}
