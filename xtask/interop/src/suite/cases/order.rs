//! Order and amount: many messages, large ones, many senders.

use super::super::peer::Peer;
use super::super::room::Room;
use xtask::error::Result;

pub(super) fn ten_thousand(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&["--echo"])?;
    let mut client = room.connect(&[])?;
    for number in 0..10_000 {
        client.say(&format!("{{\"type\":\"count\",\"data\":{number}}}"));
    }
    for number in 0..10_000 {
        let data = number.to_string();
        server.expect("count", &data)?;
        client.expect("count", &data)?;
    }
    for number in 0..10_000 {
        server.say(&format!("{{\"type\":\"push\",\"data\":{number}}}"));
    }
    for number in 0..10_000 {
        client.expect("push", &number.to_string())?;
    }
    Ok(())
}

pub(super) fn big_message(room: &Room<'_>) -> Result<()> {
    // Two bytes for each é, so that characters are cut by reads.
    let text = "é0123456789".repeat(5_000_000 / 12);
    let data = format!("{{\"text\":\"{text}\"}}");
    let mut server = room.serve(&["--echo"])?;
    let mut client = room.connect(&[])?;
    client.say(&format!("{{\"type\":\"big\",\"data\":{data}}}"));
    for peer in [&mut server, &mut client] {
        let message = peer.message()?;
        let got = message.data.and_then(|data| data.text_of("text")).unwrap_or_default();
        if message.event != "big" || got != text {
            return Err(format!("{} of {} bytes came back", got.len(), text.len()).into());
        }
    }
    client.say("{\"type\":\"small\",\"data\":1}");
    client.expect("small", "1").map(drop)
}

pub(super) fn interleaved(room: &Room<'_>) -> Result<()> {
    let _server = room.serve(&["--echo"])?;
    let mut clients: Vec<Peer> = (0..5).map(|_| room.connect(&[])).collect::<Result<_>>()?;
    for number in 0..200 {
        for (name, client) in clients.iter().enumerate() {
            client.say(&format!("{{\"type\":\"turn\",\"data\":[{name},{number}]}}"));
        }
    }
    for number in 0..200 {
        for (name, client) in clients.iter_mut().enumerate() {
            client.expect("turn", &format!("[{name},{number}]"))?;
        }
    }
    Ok(())
}

// Tests W60.
/// In sync mode a client waits for an answer before it sends the next message.
pub(super) fn sync_mode(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&["--echo"])?;
    let mut client = room.connect(&["--sync"])?;
    for number in 0..100 {
        client.say(&format!("{{\"type\":\"ask\",\"data\":{number}}}"));
    }
    for number in 0..100 {
        let data = number.to_string();
        server.expect("ask", &data)?;
        client.expect("ask", &data)?;
    }
    Ok(())
}
