//! Fragments: bytes come cut and joined as the network likes, and mean the same.

use super::super::matrix::Role;
use super::super::peer::Peer;
use super::super::raw::RawSocket;
use super::super::room::Room;
use crate::json::Json;
use xtask::error::Result;

// Tests W15.
pub(super) fn to_server(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&["--echo"])?;
    let mut socket = room.raw_client()?;
    every_way(&mut socket, &mut server, room.takes_frames_at_once(Role::Server))?;
    for number in NUMBERS {
        let echo = socket.json()?;
        if echo.get("data") != Some(&Json::parse(&data(number))?) {
            return Err(format!("echo {number} is {echo}").into());
        }
    }
    Ok(())
}

// Tests W15.
pub(super) fn to_client(room: &Room<'_>) -> Result<()> {
    let listener = room.raw_server()?;
    let mut client = room.client("connect", &[])?;
    let mut socket = listener.accept(room.limits)?;
    client.event("connect")?;
    every_way(&mut socket, &mut client, room.takes_frames_at_once(Role::Client))
}

pub(super) fn exact_bytes(room: &Room<'_>) -> Result<()> {
    let listener = room.raw_server()?;
    let mut client = room.client("connect", &[])?;
    let mut socket = listener.accept(room.limits)?;
    client.event("connect")?;
    let frames = [
        r#"{"type":"hello","data":{"a":[1,"é"]}}"#,
        r#"{"type":"quote\"back\\slash","data":"line\nfeed\f"}"#,
        "{\"type\":\"☃\",\"data\":\"\u{2028}/\u{1f600}\"}",
        r#"{"type":"n","data":-1.5}"#,
    ];
    for frame in frames {
        client.say(frame);
        let got = String::from_utf8_lossy(&socket.frame()?).into_owned();
        if got != frame {
            return Err(format!("sent {got} for {frame}").into());
        }
    }
    client.say("{\"type\":\"nothing\"}");
    let got = String::from_utf8_lossy(&socket.frame()?).into_owned();
    // `{}` is what node-ipc sends for an absent payload.
    if got == "{\"type\":\"nothing\",\"data\":{}}" || got == "{\"type\":\"nothing\"}" {
        Ok(())
    } else {
        Err(format!("sent {got} for an absent payload").into())
    }
}

/// Writes the frames 0 to 9 in every way there is. `at_once` says that the reader takes a whole
/// frame although more has begun; 9.x waits until what it has ends with a delimiter.
fn every_way(socket: &mut RawSocket, reader: &mut Peer, at_once: bool) -> Result<()> {
    let mut expect = |number| reader.expect("piece", &data(number)).map(drop);
    // Byte by byte, so that characters are cut in all their places.
    socket.write_pieces(frame(0), 1)?;
    expect(0)?;
    // Several in one write.
    socket.write([frame(1), frame(2), frame(3)].concat())?;
    expect(1)?;
    expect(2)?;
    expect(3)?;
    // One and a half.
    let next = frame(5);
    let (head, tail) = next.split_at(next.len() / 2);
    socket.write([frame(4), head.to_vec()].concat())?;
    if at_once {
        expect(4)?;
    }
    socket.write(tail)?;
    if !at_once {
        expect(4)?;
    }
    expect(5)?;
    // Everything but the delimiter, then the delimiter with the next frame.
    let (body, next) = (frame(6), frame(7));
    socket.write(body.get(..body.len() - 1).unwrap_or_default())?;
    socket.write([&body[body.len() - 1..], &next].concat())?;
    expect(6)?;
    expect(7)?;
    // Pieces that fit nothing.
    socket.write_pieces([frame(8), frame(9)].concat(), 7)?;
    expect(8)?;
    expect(9)
}

const NUMBERS: std::ops::Range<usize> = 0..10;

fn frame(number: usize) -> Vec<u8> {
    format!("{{\"type\":\"piece\",\"data\":{}}}\u{c}", data(number)).into_bytes()
}

fn data(number: usize) -> String {
    format!("{{\"number\":{number},\"text\":\"aé☃\u{1f600}\\f\"}}")
}
