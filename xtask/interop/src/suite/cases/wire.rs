//! The wire: unusual but valid frames, and bytes that are no frames.

use super::super::room::Room;
use crate::json::Json;
use xtask::error::Result;

pub(super) fn envelopes(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&[])?;
    let mut socket = room.raw_client()?;
    let variants = [
        ("{\"data\":1,\"type\":\"e\"}", "1"),
        (" \t\r\n{ \"type\" : \"e\" , \"data\" : [ 2 ] }\n ", "[2]"),
        ("{\"v\":9,\"type\":\"e\",\"id\":{\"type\":\"no\"},\"data\":3,\"x\":[]}", "3"),
        ("{\"type\":\"no\",\"data\":0,\"type\":\"e\",\"data\":4}", "4"),
        ("{\"\\u0074ype\":\"\\u0065\",\"d\\u0061ta\":5}", "5"),
        ("{\"type\":\"e\",\"data\":\"\\ud83d\\ude00\"}", "\"\u{1f600}\""),
    ];
    for (frame, data) in variants {
        socket.write(format!("{frame}\u{c}"))?;
        server.expect("e", data)?;
    }
    socket.write("{\"type\":\"no.data\"}\u{c}")?;
    let message = server.message()?;
    if message.event == "no.data" && message.data.is_none() {
        Ok(())
    } else {
        Err(format!("wanted an event without data, got {message:?}").into())
    }
}

pub(super) fn invalid_utf8(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&[])?;
    let mut socket = room.raw_client()?;
    socket.write(b"{\"type\":\"u\",\"data\":\"a\xffb\"}\x0c")?;
    server.expect("u", "\"a\u{fffd}b\"")?;
    // A character that begins and never ends, cut between two writes.
    socket.write(b"{\"type\":\"u\",\"data\":\"c\xe2")?;
    socket.write(b"\x98d\"}\x0c")?;
    server.expect("u", "\"c\u{fffd}d\"").map(drop)
}

// Tests W13, W14.
pub(super) fn garbage_to_server(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&["--echo"])?;
    let mut client = room.connect(&[])?;
    let mut socket = room.raw_client()?;
    socket.write("this is no JSON\u{c}")?;
    server.event("error")?;
    client.say("{\"type\":\"still\",\"data\":1}");
    client.expect("still", "1")?;
    if !room.combo.version.is_classic() {
        // 14.x ends the connection of a peer that sends garbage.
        return socket.closed();
    }
    socket.write("\u{c}")?;
    server.event("error")?;
    socket.write("{\"type\":\"better\",\"data\":2}\u{c}")?;
    let echo = socket.json()?;
    if echo == Json::parse("{\"type\":\"better\",\"data\":2}")? {
        Ok(())
    } else {
        Err(format!("the echo after garbage is {echo}").into())
    }
}

// Tests W13, W14.
pub(super) fn garbage_to_client(room: &Room<'_>) -> Result<()> {
    let listener = room.raw_server()?;
    let mut client = room.client("connect", &["--retry", "50"])?;
    let mut socket = listener.accept(room.limits)?;
    client.event("connect")?;
    socket.write("{\"type\":\"good\",\"data\":1}\u{c}{\"type\":\u{c}")?;
    client.expect("good", "1")?;
    client.event("error")?;
    if !room.combo.version.is_classic() {
        socket.closed()?;
        return client.event("disconnect").map(drop);
    }
    socket.write("{\"type\":\"better\",\"data\":2}\u{c}")?;
    client.expect("better", "2").map(drop)
}

// Tests W18.
pub(super) fn cut_frame(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&["--echo"])?;
    let mut socket = room.raw_client()?;
    socket.write("{\"type\":\"half\",\"data\":")?;
    drop(socket);
    server.event("socket.disconnected")?;
    let mut client = room.connect(&[])?;
    client.say("{\"type\":\"whole\",\"data\":1}");
    // The first message of all is this one.
    server.expect("whole", "1")?;
    client.expect("whole", "1").map(drop)
}

// Tests W19.
pub(super) fn half_close(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&["--echo"])?;
    let mut socket = room.raw_client()?;
    let frame = "{\"type\":\"last\",\"data\":[1]}";
    socket.write(format!("{frame}\u{c}"))?;
    socket.end()?;
    server.expect("last", "[1]")?;
    let echo = String::from_utf8_lossy(&socket.frame()?).into_owned();
    if echo != frame {
        return Err(format!("the answer is {echo}").into());
    }
    socket.closed()?;
    server.event("socket.disconnected").map(drop)
}
