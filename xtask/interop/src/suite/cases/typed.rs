//! Enums of Rust whose variants are events, methods and errors, and JavaScript that has them by name.

use super::super::peer::{Line, Message, Peer};
use super::super::room::Room;
use super::calls::{HELPER, Pair, call, ended, failed, meet};
use super::{call_results::check_message, calls};
use crate::json::Json;
use xtask::error::Result;

/// Each sends the other a variant of every kind, which comes back.
pub(super) fn events(room: &Room<'_>) -> Result<()> {
    meet(room, HELPER, |pair| {
        let Pair { ours, theirs, .. } = pair;
        // Data that the classic dialect sends unchanged.
        for (name, data) in EVENTS {
            for asker in [&mut *ours, &mut *theirs] {
                asker.say(&format!("{{\"type\":\"typed.{name}\",\"data\":{data}}}"));
                back(asker, name, data)?;
            }
        }
        // What JavaScript sends without data is a variant without content.
        theirs.say("{\"type\":\"typed.quit\"}");
        back(theirs, "quit", "{}")?;
        if room.is_node(room.combo.role) {
            return Ok(());
        }
        // An alias is one more name, and what does not fit is an error that ends nothing.
        theirs.say("{\"type\":\"typed.alias\",\"data\":\"a\"}");
        back(theirs, "text", "\"a\"")?;
        theirs.say("{\"type\":\"typed.move\",\"data\":{\"x\":\"1\"}}");
        let line = ours.event("error")?;
        let message =
            line.json.as_ref().and_then(|json| json.text_of("message")).unwrap_or_default();
        if !message.contains("typed.move") {
            return Err(format!("another error: {}", line.text).into());
        }
        theirs.say("{\"type\":\"typed.text\",\"data\":\"b\"}");
        back(theirs, "text", "\"b\"")
    })
}

/// Each calls the other's methods, one of which fails with a variant of an enum.
pub(super) fn methods(room: &Room<'_>) -> Result<()> {
    meet(room, HELPER, |pair| {
        pair.ways(|asker, _| {
            calls::ask(asker, "typed.sum", "[1,2,3]", "6")?;
            fails(asker, "a", "NotFound", "no such key: a", "NotFound { key: \"a\" }")?;
            fails(asker, "full", "Full", "no room", "Full")
        })?;
        if room.is_node(room.combo.role) {
            return Ok(());
        }
        call(&pair.theirs, "b", "typed.sum", "\"text\"");
        failed(&mut pair.theirs, "b", "invalid_args", "").map(drop)?;
        call(&pair.ours, "c", "none", "");
        match ended(&mut pair.ours, "c")?.get("typed") {
            None | Some(Json::Null) => Ok(()),
            Some(other) => Err(format!("`unknown_method` is no error of the enum: {other}").into()),
        }
    })
}

/// Waits until an event is back, and checks its data; what the other asks for comes between.
fn back(asker: &mut Peer, name: &str, data: &str) -> Result<()> {
    let event = format!("back.{name}");
    let of_event = |line: &Line| Message::of(line).is_some_and(|message| message.event == event);
    let line = asker.take(&event, of_event)?;
    match Message::of(&line).and_then(|message| message.data) {
        Some(got) if got == Json::parse(data)? => Ok(()),
        _ => Err(format!("{event} is not {data}: {}", line.text).into()),
    }
}

/// Asks for a key, and checks the failure and, of ours, the variant that it is read as.
fn fails(asker: &mut Peer, key: &str, code: &str, message: &str, variant: &str) -> Result<()> {
    call(asker, key, "typed.get", &format!("{{\"key\":\"{key}\"}}"));
    let line = failed(asker, key, code, "Remote")?;
    check_message(&line, message)?;
    match line.text_of("typed") {
        Some(typed) if typed != variant => Err(format!("read as {typed}, not {variant}").into()),
        None if line.get("kind").is_some() => Err(format!("not read as {variant}: {line}").into()),
        _ => Ok(()),
    }
}

/// The events, with data that comes back as it is.
const EVENTS: [(&str, &str); 4] =
    [("text", "\"grüße\""), ("pair", "[1,\"b\"]"), ("move", "{\"x\":1,\"y\":-2}"), ("quit", "{}")];
