//! Raw mode: no frames, no JSON, only bytes.

use super::super::matrix::Role;
use super::super::peer::Peer;
use super::super::room::Room;
use crate::json::Json;
use xtask::error::Result;

// Tests W93
/// With `hex` even classic keeps every byte, though it passes what it reads through text.
pub(super) fn bytes_in_hex(room: &Room<'_>) -> Result<()> {
    every_byte(room, "hex")
}

/// The same is true of `latin1`.
pub(super) fn bytes_in_latin1(room: &Room<'_>) -> Result<()> {
    every_byte(room, "latin1")
}

/// With `utf8`, the default, it is true of v14 only.
pub(super) fn bytes_in_utf8(room: &Room<'_>) -> Result<()> {
    every_byte(room, "utf8")
}

/// Every byte value, then much, both ways, then a few more the other way round.
fn every_byte(room: &Room<'_>, encoding: &str) -> Result<()> {
    let mut server = room.serve(&["--raw", "--encoding", encoding, "--echo"])?;
    let mut client = room.connect(&["--raw", "--encoding", encoding])?;
    let every = hex((0..=255).collect());
    // Once for each dialect and kind is enough of what takes a second to print and to compare.
    let size: u32 = if room.combo.is_full() { 4 << 20 } else { 256 << 10 };
    let large = hex((0..size).map(|at| (at * 31 + (at >> 8)) as u8).collect());
    for bytes in [every, large] {
        client.say(&format!("{{\"hex\":\"{bytes}\"}}"));
        gather(&mut server, &bytes)?;
        gather(&mut client, &bytes)?;
    }
    server.say("{\"hex\":\"0c000aff\"}");
    gather(&mut client, "0c000aff")
}

// Tests W90
/// Text becomes the same bytes on both sides, under every encoding.
pub(super) fn text(room: &Room<'_>) -> Result<()> {
    // What is sent has to survive classic's way through text, and come out of it at once.
    for (encoding, text, bytes) in [
        ("utf8", "grüße ☃", "6772c3bcc39f6520e29883"),
        ("ascii", "hello\\u0001\\u017f", "68656c6c6f017f"),
        ("latin1", "é\\u00ff\\u0130", "e9ff30"),
        ("utf16le", "é☃\\ud83d\\ude00", "e90003263dd800de"),
        ("ucs2", "ab", "61006200"),
        ("base64", "+-_/ Y=WJj", "fbefff"),
        ("base64", "YW Jj-_+/", "616263fbffbf"),
        ("hex", "0a0B0", "0a0b"),
        ("hex", "00ff0g11", "00ff"),
    ] {
        let mut server = room.serve(&["--raw", "--encoding", encoding])?;
        let mut client = room.connect(&["--raw", "--encoding", encoding])?;
        client.say(&format!("{{\"text\":\"{text}\"}}"));
        gather_as_read(room, Role::Server, encoding, &mut server, bytes)?;
        server.say(&format!("{{\"to\":1,\"text\":\"{text}\"}}"));
        gather_as_read(room, Role::Client, encoding, &mut client, bytes)?;
        stop(server, client)?;
    }
    Ok(())
}

// Tests W60
/// In sync mode a client waits for any bytes before it writes again.
pub(super) fn sync(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&["--raw", "--encoding", "hex", "--echo"])?;
    let mut client = room.connect(&["--raw", "--encoding", "hex", "--sync"])?;
    let all: Vec<u8> = (0..100).collect();
    for byte in &all {
        client.say(&format!("{{\"hex\":\"{byte:02x}\"}}"));
    }
    // Each write waits for the chunk before it, so each is a chunk of its own.
    for byte in &all {
        for peer in [&mut server, &mut client] {
            let chunk = chunk(peer)?;
            if chunk != format!("{byte:02x}") {
                return Err(format!("wanted {byte:02x} alone, got {chunk}").into());
            }
        }
    }
    Ok(())
}

/// One broadcast reaches every client.
pub(super) fn broadcast(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&["--raw", "--encoding", "hex"])?;
    let options = ["--raw", "--encoding", "hex"];
    let mut clients: Vec<Peer> = (0..3).map(|_| room.connect(&options)).collect::<Result<_>>()?;
    for _ in &clients {
        server.event("connect")?;
    }
    server.say("{\"hex\":\"00ff0c\"}");
    clients.iter_mut().try_for_each(|client| gather(client, "00ff0c"))
}

/// Takes `data` events until their bytes are as many as in `wanted`; how they are cut is open.
fn gather(peer: &mut Peer, wanted: &str) -> Result<()> {
    let mut got = String::new();
    while got.len() < wanted.len() {
        got.push_str(&chunk(peer)?);
    }
    if got == wanted { Ok(()) } else { Err("other bytes arrived than were sent".into()) }
}

/// As [`gather`], but without the bytes that classic in this role holds back under base64.
fn gather_as_read(
    room: &Room<'_>,
    role: Role,
    encoding: &str,
    peer: &mut Peer,
    wanted: &str,
) -> Result<()> {
    let classic = room.combo.version.is_classic() && room.is_node(role);
    let held = if classic && encoding == "base64" { wanted.len() % 6 } else { 0 };
    gather(peer, &wanted[..wanted.len() - held])
}

fn chunk(peer: &mut Peer) -> Result<String> {
    let line = peer.event("data")?;
    let hex = line.json.as_ref().and_then(|json: &Json| json.text_of("hex"));
    hex.ok_or_else(|| "a data event without hex".into())
}

/// Ends both, so that the place is free for the next.
fn stop(mut server: Peer, mut client: Peer) -> Result<()> {
    client.say("{\"do\":\"close\"}");
    client.exit()?;
    server.say("{\"do\":\"stop\"}");
    server.exit().map(drop)
}

fn hex(bytes: Vec<u8>) -> String {
    let digit = |bits: u8| char::from_digit(u32::from(bits), 16).unwrap_or_default();
    bytes.into_iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}
