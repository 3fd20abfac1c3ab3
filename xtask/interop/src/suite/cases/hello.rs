//! Clients that say who they are, and servers that send them away.

use super::super::room::Room;
use super::calls::{HELPER, LINES, Pair, ask, call, ended, in_profile, profiles};
use super::needs;
use crate::json::Json;
use xtask::error::Result;

/// A server of node-ipc that is greeted lives on, whatever it knows of calls, and so does its client.
pub(super) fn survived(room: &Room<'_>) -> Result<()> {
    needs(room.setup.nipc.is_some(), "node-ipc says no hello")?;
    for profile in profiles(room) {
        for calls in [HELPER, LINES, &[]] {
            greet(room, calls, profile).map_err(|error| in_profile(profile, &error))?;
        }
    }
    Ok(())
}

fn greet(room: &Room<'_>, calls: &[&str], profile: &[&str]) -> Result<()> {
    room.set_calls();
    let mut server = room.serve(&[calls, profile].concat())?;
    for name in ["alice", "bob"] {
        let mut client = room.connect(&[HELPER, profile, &["--hello", name]].concat())?;
        server.event("connect")?;
        if calls.is_empty() {
            let message = server.message()?;
            let said = message.data.as_ref().and_then(|data| data.text_of("call"));
            if message.event != "$call" || said.as_deref() != Some("$hello") {
                return Err(format!("wanted the hello, got {message:?}").into());
            }
        } else {
            ask(&mut client, "sum", "[1,2]", "3")?;
        }
        client.say("{\"type\":\"still.there\",\"data\":{}}");
        server.expect("still.there", "{}")?;
        client.say("{\"do\":\"close\"}");
        server.event("socket.disconnected")?;
        if client.exit()? != 0 {
            return Err("the client ended with an error".into());
        }
    }
    server.say("{\"do\":\"stop\"}");
    match server.exit()? {
        0 => Ok(()),
        status => Err(format!("the server ended with {status}").into()),
    }
}

/// A client of node-ipc says hello with a call, is known, and comes back when it is kicked.
pub(super) fn kicked(room: &Room<'_>) -> Result<()> {
    needs(room.setup.nipc.is_some(), "node-ipc cannot kick")?;
    for profile in profiles(room) {
        for calls in [HELPER, LINES] {
            kick(room, calls, profile).map_err(|error| in_profile(profile, &error))?;
        }
    }
    Ok(())
}

fn kick(room: &Room<'_>, calls: &[&str], profile: &[&str]) -> Result<()> {
    let mut pair = Pair::start(room, calls, profile)?;
    for round in 0..2 {
        let key = format!("hello {round}");
        call(&pair.theirs, &key, "$hello", "{\"v\":1,\"name\":\"alice\"}");
        let line = ended(&mut pair.theirs, &key)?;
        if line.get("ok").and_then(|ok| ok.get("v")) != Some(&Json::parse("1")?) {
            return Err(format!("the hello was not accepted: {line}").into());
        }
        // The lines that ask answer no calls.
        pair.ours.say("{\"type\":\"still.there\",\"data\":{}}");
        pair.theirs.expect("still.there", "{}")?;
        if round == 0 {
            pair.ours.say("{\"do\":\"kick\"}");
            pair.theirs.event("disconnect")?;
            pair.ours.event("socket.disconnected")?;
            // It comes back, since it knows no better.
            pair.theirs.event("connect")?;
            pair.ours.event("connect")?;
        }
    }
    pair.end()
}
