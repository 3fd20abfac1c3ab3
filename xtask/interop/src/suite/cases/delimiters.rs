//! Delimiters other than the form feed.

use super::super::room::Room;
use xtask::error::Result;

pub(super) fn newline(room: &Room<'_>) -> Result<()> {
    exchange(room, "\\n", b"\n")
}

pub(super) fn record_separator(room: &Room<'_>) -> Result<()> {
    exchange(room, "\\x1e", b"\x1e")
}

pub(super) fn crlf(room: &Room<'_>) -> Result<()> {
    exchange(room, "\\r\\n", b"\r\n")
}

pub(super) fn seven_bytes(room: &Room<'_>) -> Result<()> {
    exchange(room, "<-END->", b"<-END->")
}

/// `option` is the delimiter as the option spells it, `bytes` as it is on the wire.
fn exchange(room: &Room<'_>, option: &str, bytes: &[u8]) -> Result<()> {
    let option = ["--delimiter", option, "--echo"];
    let mut server = room.serve(&option)?;
    let mut client = room.connect(option.get(..2).unwrap_or_default())?;
    let payloads = ["1", r#"{"text":"\r\n\u001e\f<-EN D->"}"#, "\"plain\"", "[]"];
    for data in payloads {
        client.say(&format!("{{\"type\":\"line\",\"data\":{data}}}"));
    }
    for data in payloads {
        server.expect("line", data)?;
        client.expect("line", data)?;
    }
    server.say("{\"type\":\"push\",\"data\":\"a\\nb\"}");
    client.expect("push", "\"a\\nb\"")?;

    // Two peers that agree on a wrong delimiter would get along so far.
    let mut socket = room.raw_client()?;
    let frame = b"{\"type\":\"raw\",\"data\":[1]}";
    socket.write([frame, bytes].concat())?;
    let echo = socket.frame_until(bytes)?;
    if echo == frame { Ok(()) } else { Err("the bare echo is another frame".into()) }
}
