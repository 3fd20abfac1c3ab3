//! Calls that end without an answer, and peers that give none.

use std::time::Instant;

use super::super::matrix::Role;
use super::super::room::Room;
use super::calls::{
    HELPER, LINES, Pair, ask, at_once, call, call_many, call_within, ended, failed, in_profile,
    many, meet, profiles, says, was_sent,
};
use crate::json::Json;
use xtask::error::Result;

pub(super) fn deadline(room: &Room<'_>) -> Result<()> {
    meet(room, HELPER, |pair| {
        pair.ways(|asker, answerer| {
            call_within(asker, "a", "slow", "\"a\"", "50");
            // Both sides measure the time, and the answerer may be first to say that it is over.
            failed(asker, "a", "deadline", "Deadline|PeerDeadline")?;
            says(answerer, "aborted", "a")?;
            ask(asker, "sum", "[1]", "1")
        })
    })?;
    // The lines know no time: who asks gives up alone, and an answer that comes later is ignored.
    if room.combo.role == Role::Client && room.setup.nipc.is_some() {
        meet(room, LINES, |pair| {
            call_within(&pair.ours, "a", "slow", "\"a\"", "50");
            failed(&mut pair.ours, "a", "deadline", "Deadline")?;
            call_within(&pair.ours, "b", "late", "100", "50");
            failed(&mut pair.ours, "b", "deadline", "Deadline")?;
            says(&mut pair.theirs, "answered", "late")?;
            ask(&mut pair.ours, "sum", "[1]", "1")
        })?;
    }
    Ok(())
}

pub(super) fn cancelled(room: &Room<'_>) -> Result<()> {
    meet(room, HELPER, |pair| {
        pair.ways(|asker, answerer| {
            for key in ["a", "b"] {
                call(asker, key, "slow", &format!("\"{key}\""));
                says(answerer, "started", key)?;
            }
            asker.say("{\"do\":\"drop\",\"key\":\"a\"}");
            says(answerer, "aborted", "a")?;
            ask(asker, "sum", "[1]", "1")?;
            asker.say("{\"do\":\"drop\",\"key\":\"b\"}");
            says(answerer, "aborted", "b")
        })
    })
}

/// Who is killed in mid-call fails the other's calls, and stops those that the other runs for it.
pub(super) fn lost(room: &Room<'_>) -> Result<()> {
    for profile in profiles(room) {
        theirs_is_killed(room, profile).map_err(|error| in_profile(profile, &error))?;
        for options in [HELPER, LINES] {
            ours_is_killed(room, options, profile).map_err(|error| in_profile(profile, &error))?;
        }
    }
    Ok(())
}

fn theirs_is_killed(room: &Room<'_>, profile: &[&str]) -> Result<()> {
    at_once(|| {
        let mut pair = Pair::start(room, HELPER, profile)?;
        call(&pair.ours, "a", "slow", "\"a\"");
        call(&pair.theirs, "b", "slow", "\"b\"");
        says(&mut pair.theirs, "started", "a")?;
        says(&mut pair.ours, "started", "b")?;
        pair.theirs.kill();
        let killed = Instant::now();
        let line = failed(&mut pair.ours, "a", "disconnected", "Disconnected")?;
        let took = killed.elapsed();
        says(&mut pair.ours, "aborted", "b")?;
        was_sent(&line).map(|()| took)
    })
}

fn ours_is_killed(room: &Room<'_>, options: &[&str], profile: &[&str]) -> Result<()> {
    let lines = options == LINES;
    // The lines for a client ask; there are none for a server that does.
    if lines && room.combo.role == Role::Client {
        return Ok(());
    }
    let mut pair = Pair::start(room, options, profile)?;
    call(&pair.theirs, "a", "slow", "\"a\"");
    says(&mut pair.ours, "started", "a")?;
    pair.ours.kill();
    if !lines {
        return failed(&mut pair.theirs, "a", "disconnected", "").map(drop);
    }
    let line = ended(&mut pair.theirs, "a")?;
    match line.text_of("message").as_deref() {
        Some("disconnected") => Ok(()),
        _ => Err(format!("the connection was lost, but: {line}").into()),
    }
}

pub(super) fn star(room: &Room<'_>) -> Result<()> {
    meet(room, HELPER, |pair| {
        pair.theirs.say("{\"do\":\"star\",\"on\":true}");
        pair.theirs.event("star")?;
        pair.ways(|asker, answerer| {
            ask(asker, "sum", "[1,2]", "3")?;
            call_many(asker, 100);
            many(asker, 100)?;
            answerer.say("{\"type\":\"event\",\"data\":{}}");
            asker.expect("event", "{}").map(drop)
        })?;
        pair.theirs.say("{\"do\":\"star\",\"on\":false}");
        pair.theirs.event("star").map(drop)
    })
}

/// Whoever knows nothing of calls sees two events, and answers neither.
pub(super) fn plain(room: &Room<'_>) -> Result<()> {
    meet(room, &[], |pair| {
        let Pair { ours, theirs, .. } = pair;
        for star in [false, true] {
            if star {
                theirs.say("{\"do\":\"star\",\"on\":true}");
                theirs.event("star")?;
            }
            call_within(ours, "a", "whoami", "", "200");
            let message = theirs.message()?;
            let named = message.data.as_ref().and_then(|data| data.text_of("call"));
            if message.event != "$call" || named.as_deref() != Some("whoami") {
                return Err(format!("wanted the call, got {message:?}").into());
            }
            failed(ours, "a", "deadline", "Deadline")?;
            let number = message.data.as_ref().and_then(|data| data.get("n")).map(Json::to_string);
            let cancel = format!("{{\"n\":{},\"cancel\":true}}", number.unwrap_or_default());
            theirs.expect("$call", &cancel)?;
            ours.say("{\"type\":\"still.there\",\"data\":{}}");
            theirs.expect("still.there", "{}")?;
            theirs.say("{\"type\":\"yes\",\"data\":2}");
            ours.expect("yes", "2")?;
        }
        theirs.say("{\"do\":\"star\",\"on\":false}");
        theirs.event("star").map(drop)
    })
}
