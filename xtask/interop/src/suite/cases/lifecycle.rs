//! Ends that were meant: close, stop, a signal, enough messages, no time left.

use super::super::matrix::Role;
use super::super::peer::Peer;
use super::super::place::Place;
use super::super::room::Room;
use crate::json::Json;
use xtask::error::Result;

// Tests W21.
pub(super) fn client_closes(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&["--echo"])?;
    let mut client = room.connect(&[])?;
    let number = server.event("connect")?.peer();
    client.say("{\"do\":\"close\"}");
    ends_with(&mut client, 0)?;
    for event in ["socket.disconnected", "close"] {
        let line = server.event(event)?;
        if line.peer() != number {
            return Err(format!("another peer left: {}", line.text).into());
        }
    }
    let mut next = room.connect(&[])?;
    next.say("{\"type\":\"next\",\"data\":1}");
    next.expect("next", "1").map(drop)
}

// Tests W22.
pub(super) fn peer_identity(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&[])?;
    let client = room.connect(&[])?;
    client.say("{\"type\":\"i.am\",\"data\":{\"id\":\"me\"}}");
    server.expect("i.am", "{\"id\":\"me\"}")?;
    client.say("{\"do\":\"close\"}");
    let line = server.event("socket.disconnected")?;
    let id = line.json.as_ref().and_then(|json| json.get("id")).map(Json::to_string);
    let wanted = if room.combo.version.is_classic() { "\"me\"" } else { "false" };
    if id.as_deref() == Some(wanted) {
        Ok(())
    } else {
        Err(format!("wanted the id {wanted}: {}", line.text).into())
    }
}

// Tests W25.
pub(super) fn server_stops(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&[])?;
    let mut client = room.connect(&["--max-retries", "0"])?;
    // A client may know before the server does, as with TLS.
    server.event("connect")?;
    server.say("{\"do\":\"stop\"}");
    client.event("disconnect")?;
    client.event("destroy")?;
    ends_with(&mut server, 0)?;
    match room.place() {
        Place::Unix(path) if path.exists() => Err("the socket file is still there".into()),
        _ => Ok(()),
    }
}

pub(super) fn interrupted(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&[])?;
    let mut client = room.connect(&[])?;
    client.interrupt()?;
    ends_with(&mut client, 0)?;
    server.event("socket.disconnected")?;
    let mut client = room.connect(&["--max-retries", "0"])?;
    server.interrupt()?;
    client.event("disconnect")?;
    ends_with(&mut server, 0)
}

pub(super) fn time_runs_out(room: &Room<'_>) -> Result<()> {
    let (of_server, of_client): (&[&str], &[&str]) = match room.combo.role {
        Role::Server => (&["--timeout", "1000"], &[]),
        Role::Client => (&[], &["--timeout", "1000"]),
    };
    let mut server = room.serve(of_server)?;
    let mut client = room.connect(of_client)?;
    match room.combo.role {
        Role::Server => ends_with(&mut server, 3),
        Role::Client => ends_with(&mut client, 3),
    }
}

pub(super) fn count_reached(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&["--echo", "--count", "3"])?;
    let mut client = room.connect(&["--count", "3"])?;
    for data in ["1", "2", "3"] {
        client.say(&format!("{{\"type\":\"count\",\"data\":{data}}}"));
        client.expect("count", data)?;
    }
    ends_with(&mut client, 0)?;
    ends_with(&mut server, 0)
}

pub(super) fn request(room: &Room<'_>) -> Result<()> {
    let _server = room.serve(&["--echo"])?;
    let mut client = room.client("request", &["question", "{\"n\":42}"])?;
    let answer = client.take("the answer's data", |line| line.text == "{\"n\":42}");
    ends_with(&mut client, 0)?;
    answer.map(drop)
}

fn ends_with(peer: &mut Peer, status: i32) -> Result<()> {
    let got = peer.exit()?;
    if got == status { Ok(()) } else { Err(format!("exit status {got}, not {status}").into()) }
}
