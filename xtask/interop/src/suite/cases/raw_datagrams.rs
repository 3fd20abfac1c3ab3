//! Raw mode over datagrams: each is one event, with its bytes.

use super::super::peer::Peer;
use super::super::room::Room;
use xtask::error::Result;

pub(super) fn one_event_each(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&["--raw"])?;
    let (mut other, port) = room.serve_beside(&["--raw"])?;
    let at = room.place().port()?;
    // Classic node-ipc makes text of what it reads, by UTF-8 whatever the encoding.
    let mut datagrams = vec!["00", "0c", "67c3bc0ce29883", "7b7d0c7b7d0c"];
    let every: String = (0..=255_u8).map(|byte| format!("{byte:02x}")).collect();
    if !room.combo.version.is_classic() {
        datagrams.push(&every);
    }
    for hex in datagrams {
        say(room, &other, at, hex);
        expect(room, &mut server, port, hex)?;
        say(room, &server, port, hex);
        expect(room, &mut other, at, hex)?;
    }
    Ok(())
}

fn say(room: &Room<'_>, peer: &Peer, port: u16, hex: &str) {
    let host = room.combo.kind.host();
    let to = format!("{{\"address\":\"{host}\",\"port\":{port}}}");
    peer.say(&format!("{{\"to\":{to},\"hex\":\"{hex}\"}}"));
}

fn expect(room: &Room<'_>, peer: &mut Peer, port: u16, hex: &str) -> Result<()> {
    let line = peer.event("data")?;
    let text = |name| line.json.as_ref().and_then(|json| json.text_of(name));
    let from = line.json.as_ref().and_then(|json| json.get("port")).map(ToString::to_string);
    let right = text("hex").as_deref() == Some(hex)
        && text("address").as_deref() == Some(room.combo.kind.host())
        && from == Some(port.to_string());
    if right {
        Ok(())
    } else {
        Err(format!("wanted {hex} from port {port}, got {}", line.text).into())
    }
}
