//! Names of events: every string is one.

use super::super::room::Room;
use crate::json;
use xtask::error::Result;

pub(super) fn any_string(room: &Room<'_>) -> Result<()> {
    let long = "n".repeat(256);
    echo_each(
        room,
        &[
            "app.message",
            "with space",
            " ",
            "",
            "ünïcödé ☃ \u{1f600}",
            "quo\"te back\\slash",
            "line\nbreak\ttab",
            "form\u{c}feed nul\0",
            "\u{2028}",
            "constructor",
            "toString",
            "__proto__",
            "hasOwnProperty",
            "0",
            "*",
            &long,
        ],
    )
}

/// A peer may send events that are named like lifecycle events: they are messages, no more.
pub(super) fn lifecycle(room: &Room<'_>) -> Result<()> {
    echo_each(room, LIFECYCLE)
}

pub(super) const LIFECYCLE: &[&str] = &[
    "error",
    "connect",
    "disconnect",
    "destroy",
    "close",
    "socket.disconnected",
    "data",
    "start",
    "after.all.of.them",
];

fn echo_each(room: &Room<'_>, names: &[&str]) -> Result<()> {
    let mut server = room.serve(&["--echo"])?;
    let mut client = room.connect(&[])?;
    for (number, name) in names.iter().enumerate() {
        let data = format!("{{\"number\":{number}}}");
        client.say(&format!("{{\"type\":{},\"data\":{data}}}", json::escape(name)));
        server.expect(name, &data)?;
        client.expect(name, &data)?;
    }
    Ok(())
}
