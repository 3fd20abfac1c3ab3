//! Datagrams with bytes of the case's own choice, from bare sockets.

use super::super::datagram::BareDatagrams;
use super::super::matrix::Role;
use super::super::peer::Peer;
use super::super::room::Room;
use super::needs;
use crate::json::Json;
use xtask::error::Result;
use xtask::node::Version;

pub(super) fn several(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&["--echo"])?;
    let socket = room.bare_datagrams()?;
    let frames: String = (0..10).map(|number| frame(&number.to_string())).collect();
    socket.send(frames)?;
    for number in 0..10 {
        expect_from(&mut server, &socket, &number.to_string())?;
    }
    // Each answer is a datagram of its own.
    for number in 0..10 {
        let echo = socket.json()?;
        if echo.get("data").map(Json::to_string) != Some(number.to_string()) {
            return Err(format!("answer {number} is {echo}").into());
        }
    }
    Ok(())
}

pub(super) fn white_space(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&[])?;
    let socket = room.bare_datagrams()?;
    for (number, space) in [" ", "\n", "\r\n\t ", "        "].into_iter().enumerate() {
        socket.send(format!("{space}{{\"type\":{space}\"t\",\"data\":{number}}}{space}\u{c}"))?;
        expect_from(&mut server, &socket, &number.to_string())?;
    }
    Ok(())
}

/// 9.x to 12.x lose such a frame, and have an error for its end.
pub(super) fn split(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&[])?;
    let socket = room.bare_datagrams()?;
    let whole = frame("\"é☃\u{1f600}\"");
    // Not within a character: node-ipc makes text of each datagram alone.
    for piece in [7, 12, 20] {
        let (head, tail) = whole.split_at(piece);
        socket.send(head)?;
        socket.send(tail)?;
        if joins(room) {
            expect_from(&mut server, &socket, "\"é☃\u{1f600}\"")?;
        } else {
            server.event("error")?;
        }
        socket.send(frame("1"))?;
        expect_from(&mut server, &socket, "1")?;
    }
    Ok(())
}

pub(super) fn hundred_kib(room: &Room<'_>) -> Result<()> {
    needs(joins(room), "this node-ipc does not join datagrams")?;
    let mut server = room.serve(&[])?;
    let socket = room.bare_datagrams()?;
    let data = format!("\"{}\"", "x".repeat(100 * 1024));
    for _ in 0..3 {
        for piece in frame(&data).as_bytes().chunks(32 * 1024) {
            socket.send(piece)?;
        }
        expect_from(&mut server, &socket, &data)?;
    }
    Ok(())
}

pub(super) fn interleaved(room: &Room<'_>) -> Result<()> {
    needs(joins(room) && room.keeps_apart(), "this node-ipc does not join datagrams by sender")?;
    let mut server = room.serve(&[])?;
    let sockets = [room.bare_datagrams()?, room.bare_datagrams()?, room.bare_datagrams()?];
    let data = |number: usize| format!("\"{}\"", number.to_string().repeat(5_000));
    let frames = [0, 1, 2].map(|number| frame(&data(number)));
    // But for its last piece: the order between several senders is not guaranteed.
    for at in (0..5_000).step_by(1_000) {
        for (socket, frame) in sockets.iter().zip(&frames) {
            socket.send(&frame.as_bytes()[at..at + 1_000])?;
        }
    }
    for (number, (socket, frame)) in sockets.iter().zip(&frames).enumerate() {
        socket.send(&frame.as_bytes()[5_000..])?;
        expect_from(&mut server, socket, &data(number))?;
    }
    Ok(())
}

pub(super) fn garbage(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&["--echo"])?;
    let socket = room.bare_datagrams()?;
    let other = room.bare_datagrams()?;
    socket.send("this is no JSON\u{c}")?;
    server.event("error")?;
    socket.send("")?;
    // Each of these ends a process of node-ipc, of one version or another.
    if !room.is_node(Role::Server) {
        for frame in DEADLY {
            socket.send(format!("{frame}\u{c}"))?;
        }
    }
    for socket in [&other, &socket] {
        socket.send(frame("[1]"))?;
        expect_from(&mut server, socket, "[1]")?;
        socket.json()?;
    }
    Ok(())
}

const DEADLY: [&str; 8] = [
    "null",
    "5",
    "[1]",
    "{}",
    "{\"type\":5,\"data\":1}",
    "{\"type\":{\"toString\":1},\"data\":1}",
    "{\"type\":[\"t\"],\"data\":1}",
    "",
];

fn frame(data: &str) -> String {
    format!("{{\"type\":\"t\",\"data\":{data}}}\u{c}")
}

fn expect_from(server: &mut Peer, socket: &BareDatagrams, data: &str) -> Result<()> {
    let message = server.expect("t", data)?;
    let (port, wanted) = (message.from.as_ref().map(|(_, port)| *port), socket.port()?);
    if port == Some(wanted) {
        Ok(())
    } else {
        Err(format!("wanted a message from port {wanted}, got {message:?}").into())
    }
}

/// Returns whether the receiver puts frames together that come in several datagrams.
fn joins(room: &Room<'_>) -> bool {
    let version = room.combo.version;
    !room.is_node(Role::Server) || !version.is_classic() || version == Version::V8
}
