//! What calls bring: results and failures.

use super::super::matrix::{Kind, Role};
use super::super::peer::Peer;
use super::super::room::Room;
use super::calls::{HELPER, LINES, Pair, ask, call, ended, failed, meet};
use crate::json::Json;
use xtask::error::Result;

pub(super) fn both(room: &Room<'_>) -> Result<()> {
    meet(room, HELPER, |pair| {
        pair.ways(|asker, _| ask(asker, "sum", "[1,2,3]", "6"))?;
        let [theirs, ours] = [name(&mut pair.ours)?, name(&mut pair.theirs)?];
        // A method that calls who called it.
        ask(&mut pair.ours, "back", "", &ours)?;
        ask(&mut pair.theirs, "back", "", &theirs)
    })
}

/// The client asks and the server answers, one of them in the page's lines.
pub(super) fn five_lines(room: &Room<'_>) -> Result<()> {
    meet(room, LINES, |pair| {
        let (_, client) = pair.by_role();
        ask(client, "sum", "[1,2,3]", "6")?;
        ask(client, "shape", "{\"n\":[1,null]}", "{\"n\":[1,null]}")?;
        ask(client, "nothing", "", nothing(room, Role::Server))?;
        call(client, "a", "fails", "");
        let line = failed(client, "a", "not_found", "Remote")?;
        check_message(&line, "no such key")?;
        call(client, "b", "no_such", "");
        let line = ended(client, "b")?;
        // The lines do not look whether there is a method: to call what is none is an error of theirs.
        let code = if room.is_node(Role::Server) { "error" } else { "unknown_method" };
        if line.text_of("code").as_deref() != Some(code) {
            return Err(format!("wanted {code}, got {line}").into());
        }
        ask(client, "sum", "[4]", "4")
    })
}

pub(super) fn shapes(room: &Room<'_>) -> Result<()> {
    let long = format!("\"{}\"", "x".repeat(200_000));
    meet(room, HELPER, |pair| {
        pair.ways(|asker, _| {
            for json in SHAPES.into_iter().chain([long.as_str()]) {
                ask(asker, "shape", json, json)?;
            }
            Ok(())
        })?;
        let (ours, theirs) = (room.combo.role, room.combo.role.other());
        // In JavaScript nothing is sent for `undefined`, and in Rust `null` for `()`.
        let absent = |asker| if room.is_node(asker) { "\"absent\"" } else { "null" };
        ask(&mut pair.ours, "shape", "", absent(ours))?;
        ask(&mut pair.theirs, "shape", "", absent(theirs))?;
        ask(&mut pair.ours, "nothing", "", nothing(room, theirs))?;
        ask(&mut pair.theirs, "nothing", "", nothing(room, ours))
    })
}

pub(super) fn failures(room: &Room<'_>) -> Result<()> {
    meet(room, HELPER, |pair| {
        pair.ways(|asker, _| {
            call(asker, "a", "fails", "");
            let line = failed(asker, "a", "not_found", "Remote")?;
            check_message(&line, "no such key")?;
            if line.get("data") != Some(&Json::parse("{\"key\":\"a\"}")?) {
                return Err(format!("other data: {line}").into());
            }
            call(asker, "b", "throws", "");
            check_message(&failed(asker, "b", "error", "Remote")?, "no number")?;
            for method in ["no_such", "__proto__", "constructor", "toString"] {
                call(asker, method, method, "");
                failed(asker, method, "unknown_method", "UnknownMethod")?;
            }
            Ok(())
        })?;
        let Pair { ours, theirs, .. } = pair;
        what_it_is(room, ours, room.combo.role.other())?;
        what_it_is(room, theirs, room.combo.role)?;
        call(ours, "c", "rows", "");
        failed(ours, "c", "needs_stream", "Remote")?;
        if !room.is_node(room.combo.role) {
            call(theirs, "d", "sum", "[\"x\"]");
            failed(theirs, "d", "invalid_args", "")?;
        }
        // After all this, calls are answered.
        pair.ways(|asker, _| ask(asker, "sum", "[1]", "1"))
    })
}

/// Asks what the other side is: node-ipc has no such method, and ours tells only its own user.
fn what_it_is(room: &Room<'_>, asker: &mut Peer, answerer: Role) -> Result<()> {
    call(asker, "info", "$info", "");
    if room.is_node(answerer) {
        return failed(asker, "info", "unknown_method", "UnknownMethod").map(drop);
    }
    if room.combo.kind != Kind::Unix {
        return failed(asker, "info", "denied", "Denied").map(drop);
    }
    let line = ended(asker, "info")?;
    let told = |member| line.get("ok").is_some_and(|info| info.get(member).is_some());
    match ["name", "version", "pid", "methods", "features"].into_iter().all(told) {
        true => Ok(()),
        false => Err(format!("wanted what it is, got {line}").into()),
    }
}

/// Returns the name that the other side says it has, as JSON.
fn name(asker: &mut Peer) -> Result<String> {
    call(asker, "whoami", "whoami", "");
    let line = ended(asker, "whoami")?;
    line.get("ok").map(ToString::to_string).ok_or_else(|| format!("no name: {line}").into())
}

/// Returns what a method that returns nothing is answered with.
fn nothing(room: &Room<'_>, answerer: Role) -> &'static str {
    if room.is_node(answerer) { "" } else { "null" }
}

pub(super) fn check_message(line: &Json, wanted: &str) -> Result<()> {
    match line.text_of("message") {
        Some(message) if message.contains(wanted) => Ok(()),
        _ => Err(format!("wanted the message `{wanted}`, got {line}").into()),
    }
}

const SHAPES: [&str; 20] = [
    "null",
    "true",
    "false",
    "0",
    "-1.5e300",
    "9007199254740991",
    "\"\"",
    "\"text\"",
    "\"\\u0000\\u000c\\n\\\"\\\\ \u{2603} \u{1f600}\"",
    "[]",
    "[null]",
    "[1,[2,[3,{\"a\":[]}]]]",
    "{}",
    "{\"a\":{\"b\":{\"c\":null}}}",
    // Names that mean something elsewhere in a frame.
    "{\"n\":1,\"ok\":2,\"error\":{\"code\":\"x\"},\"more\":true}",
    "{\"call\":\"x\",\"cancel\":true,\"credit\":1}",
    "{\"type\":\"$answer\",\"data\":{}}",
    "{\"id\":\"x\",\"_maxListeners\":1}",
    "[\"$call\",\"$answer\"]",
    "{\"then\":1,\"toJSON\":2}",
];
