//! Several clients of one server.

use super::super::peer::Peer;
use super::super::room::Room;
use xtask::error::Result;

// Tests W23.
pub(super) fn broadcast(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&[])?;
    let mut clients = clients(room, &mut server, 5)?;
    for number in 0..10 {
        server.say(&format!("{{\"type\":\"all\",\"data\":{number}}}"));
    }
    for (_, client) in &mut clients {
        for number in 0..10 {
            client.expect("all", &number.to_string())?;
        }
    }
    Ok(())
}

pub(super) fn to_one(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&[])?;
    let mut clients = clients(room, &mut server, 3)?;
    for (number, _) in &clients {
        server.say(&format!("{{\"to\":{number},\"type\":\"you\",\"data\":{number}}}"));
    }
    server.say("{\"type\":\"all\",\"data\":0}");
    for (number, client) in &mut clients {
        client.expect("you", &number.to_string())?;
        // The next one is for all, so no client got what was meant for another.
        client.expect("all", "0")?;
    }
    Ok(())
}

pub(super) fn client_vanishes(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&["--echo"])?;
    let mut clients = clients(room, &mut server, 3)?;
    let (gone, mut victim) = clients.remove(1);
    victim.kill();
    for event in ["socket.disconnected", "close"] {
        let line = server.event(event)?;
        if line.peer() != Some(gone) {
            return Err(format!("peer {gone} was killed, but: {}", line.text).into());
        }
    }
    for (number, client) in &mut clients {
        client.say(&format!("{{\"type\":\"still\",\"data\":{number}}}"));
        client.expect("still", &number.to_string())?;
    }
    server.say("{\"type\":\"all\",\"data\":1}");
    for (_, client) in &mut clients {
        client.expect("all", "1")?;
    }
    Ok(())
}

// Tests W24.
pub(super) fn max_connections(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&["--max-connections", "2", "--echo"])?;
    let mut clients = clients(room, &mut server, 2)?;
    let mut third = room.client("connect", &["--max-retries", "0"])?;
    third.event("disconnect")?;
    for (number, client) in &mut clients {
        client.say(&format!("{{\"type\":\"still\",\"data\":{number}}}"));
        client.expect("still", &number.to_string())?;
    }
    let (_, mut leaving) = clients.remove(0);
    leaving.kill();
    server.event("close")?;
    let mut next = room.connect(&["--retry", "50"])?;
    next.say("{\"type\":\"now\",\"data\":3}");
    next.expect("now", "3").map(drop)
}

/// A server that may have 64 files open meets 150 clients: whom it has it keeps, and when the others
/// have left it takes new ones.
pub(super) fn few_files(room: &Room<'_>) -> Result<()> {
    room.set_max_files(Some(64));
    let mut server = room.serve(&["--echo"])?;
    room.set_max_files(None);
    let mut clients = clients(room, &mut server, 1)?;
    let (_, client) = clients.first_mut().ok_or("no client")?;
    let crowd: Vec<_> = (0..150).map(|_| room.raw_client()).collect::<Result<_>>()?;
    client.say("{\"type\":\"still\",\"data\":1}");
    client.expect("still", "1")?;
    drop(crowd);
    let mut next = room.connect(&["--retry", "50"])?;
    next.say("{\"type\":\"now\",\"data\":2}");
    next.expect("now", "2").map(drop)
}

/// Connects clients one after the other and returns each with the number the server gave it.
fn clients(room: &Room<'_>, server: &mut Peer, count: usize) -> Result<Vec<(u64, Peer)>> {
    let mut clients = Vec::new();
    for _ in 0..count {
        let client = room.connect(&[])?;
        let number = server.event("connect")?.peer().ok_or("a connect event without peer")?;
        clients.push((number, client));
    }
    Ok(clients)
}
