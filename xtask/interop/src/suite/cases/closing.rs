//! Leaving right after sending: nothing may be lost.

use super::super::matrix::Role;
use super::super::room::Room;
use super::readme;
use xtask::error::Result;

/// `nipc emit world message '"hello"'` against the server of node-ipc's README, many times; the
/// other way round fewer times, since each takes a whole start of node.
pub(super) fn emit_then_close(room: &Room<'_>) -> Result<()> {
    let fast = room.setup.nipc.is_some() && room.combo.role == Role::Client;
    let runs = if fast { room.setup.runs.unwrap_or(200) } else { 20 };
    let mut server = match room.combo.role {
        Role::Client => readme::start_server(room)?,
        Role::Server => room.serve(&[])?,
    };
    for run in 1..=runs {
        let mut emitted = match room.combo.role {
            Role::Client => readme::emit_to_server(room)?,
            Role::Server => room.client("emit", &["message", "\"hello\""])?,
        };
        let status = emitted.exit()?;
        if status != 0 {
            return Err(format!("run {run}: exit status {status}").into());
        }
        server.expect("message", "\"hello\"")?;
    }
    Ok(())
}

pub(super) fn client_flushes(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&[])?;
    let mut client = room.connect(&[])?;
    for number in 0..1000 {
        client.say(&message(number));
    }
    client.say("{\"do\":\"close\"}");
    for number in 0..1000 {
        server.expect("last.words", &data(number))?;
    }
    server.event("socket.disconnected")?;
    let status = client.exit()?;
    if status == 0 { Ok(()) } else { Err(format!("exit status {status}").into()) }
}

pub(super) fn server_flushes(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&[])?;
    let mut client = room.connect(&[])?;
    server.event("connect")?;
    for number in 0..1000 {
        server.say(&message(number));
    }
    server.say("{\"do\":\"stop\"}");
    for number in 0..1000 {
        client.expect("last.words", &data(number))?;
    }
    client.event("disconnect")?;
    let status = server.exit()?;
    if status == 0 { Ok(()) } else { Err(format!("exit status {status}").into()) }
}

fn message(number: usize) -> String {
    format!("{{\"type\":\"last.words\",\"data\":{}}}", data(number))
}

/// A kilobyte, so that a thousand fill every buffer between the two.
fn data(number: usize) -> String {
    format!("\"{number:01000}\"")
}
