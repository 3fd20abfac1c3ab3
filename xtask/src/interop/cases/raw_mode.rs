//! Raw mode: no frames, no JSON, only bytes.

use super::super::peer::Peer;
use super::super::room::Room;
use crate::error::Result;
use crate::json::Json;

/// With `hex` even the classic dialect keeps every byte: it passes what it reads through a string.
pub(super) fn every_byte(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&["--raw", "--encoding", "hex", "--echo"])?;
    let mut client = room.connect(&["--raw", "--encoding", "hex"])?;
    let every: String = (0..=255_u8).map(|byte| format!("{byte:02x}")).collect();
    let large = every.repeat(1024);
    for bytes in [&every, &large] {
        client.say(&format!("{{\"hex\":\"{bytes}\"}}"));
        gather(&mut server, bytes)?;
        gather(&mut client, bytes)?;
    }
    server.say("{\"hex\":\"0c000aff\"}");
    gather(&mut client, "0c000aff")
}

/// Takes `data` events until their bytes are as many as in `wanted`; how they are cut is open.
fn gather(peer: &mut Peer, wanted: &str) -> Result<()> {
    let mut got = String::new();
    while got.len() < wanted.len() {
        let line = peer.event("data")?;
        let hex = line.json.as_ref().and_then(|json: &Json| json.text_of("hex"));
        got.push_str(&hex.ok_or("a data event without hex")?);
    }
    if got == wanted { Ok(()) } else { Err("other bytes arrived than were sent".into()) }
}
