//! Datagrams: both sides serve, and say with each message whom it is for.

use super::super::matrix::Role;
use super::super::peer::{Message, Peer};
use super::super::place::Place;
use super::super::room::Room;
use super::{needs, payloads};
use crate::json::{self, Json};
use xtask::error::Result;

pub(super) fn both_ways(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&[])?;
    let (mut other, port) = room.serve_beside(&[])?;
    let at = room.place().port()?;
    for number in 0..20 {
        let data = number.to_string();
        say(room, &other, at, "there", &data);
        is_from(room, &server.expect("there", &data)?, port)?;
        say(room, &server, port, "back", &data);
        is_from(room, &other.expect("back", &data)?, at)?;
    }
    Ok(())
}

pub(super) fn answer(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&["--echo"])?;
    let (mut other, port) = room.serve_beside(&[])?;
    let third = room.bare_datagrams()?;
    let at = room.place().port()?;
    for number in 0..20 {
        let data = format!("[{number}]");
        third.send(format!("{{\"type\":\"mine\",\"data\":{data}}}\u{c}"))?;
        is_from(room, &server.expect("mine", &data)?, third.port()?)?;
        say(room, &other, at, "ask", &data);
        is_from(room, &server.expect("ask", &data)?, port)?;
        is_from(room, &other.expect("ask", &data)?, at)?;
        let echo = third.json()?;
        if echo.text_of("type").as_deref() != Some("mine") {
            return Err(format!("an answer for another: {echo}").into());
        }
    }
    Ok(())
}

pub(super) fn payloads(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&["--echo"])?;
    let (mut other, _) = room.serve_beside(&[])?;
    let at = room.place().port()?;
    for data in payloads::SHAPES.iter().chain(payloads::STRINGS).chain(payloads::ABSENT) {
        let sent = payloads::parse(data)?;
        say(room, &other, at, "payload", data);
        payloads::check(room, "the server", sent.as_ref(), &server.message()?)?;
        payloads::check(room, "the other", sent.as_ref(), &other.message()?)?;
    }
    Ok(())
}

/// To every address that was heard from; the classic dialect knows none.
pub(super) fn broadcast(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&[])?;
    let (mut other, _) = room.serve_beside(&[])?;
    let bare = [room.bare_datagrams()?, room.bare_datagrams()?];
    for socket in &bare {
        socket.send("{\"type\":\"here\",\"data\":1}\u{c}")?;
        server.expect("here", "1")?;
    }
    say(room, &other, room.place().port()?, "here", "1");
    server.expect("here", "1")?;
    for number in 0..5 {
        server.say(&format!("{{\"type\":\"all\",\"data\":{number}}}"));
    }
    for number in 0..5 {
        other.expect("all", &number.to_string())?;
        for socket in &bare {
            let message = socket.json()?;
            if message.get("data").map(Json::to_string) != Some(number.to_string()) {
                return Err(format!("wanted {number} for all, got {message}").into());
            }
        }
    }
    Ok(())
}

pub(super) fn no_receiver(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&["--echo"])?;
    let (mut other, _) = room.serve_beside(&[])?;
    let unused = Place::fresh(room.combo.kind, &room.dir)?.port()?;
    let at = room.place().port()?;
    for number in 0..5 {
        let data = number.to_string();
        say(room, &other, unused, "anybody", &data);
        say(room, &server, unused, "anybody", &data);
        say(room, &other, at, "still", &data);
        server.expect("still", &data)?;
        other.expect("still", &data)?;
    }
    // A sender that is gone before the answer.
    let gone = room.bare_datagrams()?;
    gone.send("{\"type\":\"bye\",\"data\":1}\u{c}")?;
    drop(gone);
    server.expect("bye", "1")?;
    say(room, &other, at, "still", "2");
    server.expect("still", "2")?;
    other.expect("still", "2").map(drop)
}

pub(super) fn large(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&["--echo"])?;
    let (mut other, _) = room.serve_beside(&[])?;
    let data = format!("\"{}\"", "0123456789".repeat(6_000));
    for _ in 0..3 {
        say(room, &other, room.place().port()?, "large", &data);
        server.expect("large", &data)?;
        other.expect("large", &data)?;
    }
    Ok(())
}

/// A datagram has at most 65,507 bytes. Classic node-ipc dies of one that has more; 14.x sends
/// nothing and says nothing.
pub(super) fn too_large(room: &Room<'_>) -> Result<()> {
    needs(!room.is_node(Role::Client), "only nipc says that a datagram is too large")?;
    let mut server = room.serve(&["--echo"])?;
    let (mut other, _) = room.serve_beside(&[])?;
    let at = room.place().port()?;
    let data = format!("\"{}\"", "0123456789".repeat(7_000));
    say(room, &other, at, "too.large", &data);
    other.event("error")?;
    say(room, &other, at, "small", "1");
    server.expect("small", "1")?;
    other.expect("small", "1").map(drop)
}

pub(super) fn names(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&["--echo"])?;
    let (mut other, _) = room.serve_beside(&[])?;
    for (number, name) in super::names::LIFECYCLE.iter().enumerate() {
        let data = format!("{{\"number\":{number}}}");
        say(room, &other, room.place().port()?, name, &data);
        server.expect(name, &data)?;
        other.expect(name, &data)?;
    }
    Ok(())
}

pub(super) fn stop(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&[])?;
    let (mut other, port) = room.serve_beside(&[])?;
    for number in 0..10 {
        say(room, &server, port, "last.words", &number.to_string());
    }
    server.say("{\"do\":\"stop\"}");
    for number in 0..10 {
        other.expect("last.words", &number.to_string())?;
    }
    let status = server.exit()?;
    if status != 0 {
        return Err(format!("exit status {status}").into());
    }
    // Its port can be had again.
    let mut server = room.serve(&[])?;
    say(room, &other, room.place().port()?, "again", "1");
    server.expect("again", "1").map(drop)
}

/// Tells `peer` to send this to a port of this machine. Without `data` there is no such member.
fn say(room: &Room<'_>, peer: &Peer, port: u16, event: &str, data: &str) {
    let (host, event) = (room.combo.kind.host(), json::escape(event));
    let member = if data.is_empty() { String::new() } else { format!(",\"data\":{data}") };
    let to = format!("{{\"address\":\"{host}\",\"port\":{port}}}");
    peer.say(&format!("{{\"to\":{to},\"type\":{event}{member}}}"));
}

fn is_from(room: &Room<'_>, message: &Message, port: u16) -> Result<()> {
    let wanted = Some((room.combo.kind.host().to_owned(), port));
    if message.from == wanted {
        Ok(())
    } else {
        Err(format!("wanted a message from {wanted:?}, got {message:?}").into())
    }
}
