//! Calls that are answered with items.

use std::thread;
use std::time::{Duration, Instant};

use super::super::peer::{Line, Peer};
use super::super::room::Room;
use super::calls::{
    HELPER, Pair, ask, at_once, call, ended, failed, in_profile, meet, profiles, result, says,
    was_sent,
};
use super::payloads::SHAPES;
use crate::json::Json;
use xtask::error::Result;

pub(super) fn items(room: &Room<'_>) -> Result<()> {
    let shapes = format!("[{}]", SHAPES.join(","));
    meet(room, HELPER, |pair| {
        pair.ways(|asker, _| {
            for count in [0, 1, 8, 9, 1000] {
                stream(asker, "rows", "rows", &count.to_string(), "");
                numbers(&ended(asker, "rows")?, "result", count)?;
            }
            stream(asker, "each", "each", &shapes, "");
            listed(&ended(asker, "each")?, &shapes)?;
            // A method of one answer is a stream of one item.
            stream(asker, "sum", "sum", "[1,2,3]", "");
            listed(&ended(asker, "sum")?, "[6]")?;
            stream(asker, "none", "rows", "0", "");
            listed(&ended(asker, "none")?, "[]")?;
            stream(asker, "breaks", "breaks", "20", "");
            numbers(&failed(asker, "breaks", "not_found", "Remote")?, "failed", 20)?;
            stream(asker, "no_such", "no_such", "null", "");
            failed(asker, "no_such", "unknown_method", "UnknownMethod")?;
            ask(asker, "sum", "[1]", "1")
        })
    })
}

pub(super) fn ten_thousand(room: &Room<'_>) -> Result<()> {
    meet(room, HELPER, |pair| {
        let Pair { ours, theirs, .. } = pair;
        for asker in [&*ours, &*theirs] {
            stream(asker, "a", "rows", "10000", "");
            stream(asker, "b", "rows", "1000", ",\"credit\":1");
            call(asker, "c", "sum", "[1]");
        }
        for asker in [ours, theirs] {
            result(asker, "c", "1")?;
            numbers(&ended(asker, "b")?, "result", 1000)?;
            numbers(&ended(asker, "a")?, "result", 10_000)?;
        }
        Ok(())
    })
}

/// A reader that waits holds its stream up, and nothing else.
pub(super) fn credit(room: &Room<'_>) -> Result<()> {
    meet(room, HELPER, |pair| {
        // Ours asks first.
        let mut is_node = room.is_node(room.combo.role);
        pair.ways(|asker, answerer| {
            if is_node {
                // The helper gives credit for every item, so this asks without it.
                let frame =
                    |rest| format!("{{\"type\":\"$call\",\"data\":{{\"n\":\"x\",{rest}}}}}");
                asker.say(&frame("\"call\":\"endless\",\"args\":\"held\",\"stream\":3"));
                says(answerer, "started", "held")?;
                // What it has begun to send includes the item that waits.
                produced(room, asker, "held", 4)?;
                asker.say(&frame("\"credit\":2"));
                produced(room, asker, "held", 6)?;
                asker.say(&frame("\"cancel\":true"));
            } else {
                stream(asker, "held", "endless", "\"held\"", ",\"wait\":true");
                says(answerer, "started", "held")?;
                produced(room, asker, "held", 9)?;
                asker.say("{\"do\":\"read\"}");
                of_stream(asker, "item", "held")?;
                asker.say("{\"do\":\"drop\",\"key\":\"held\"}");
            }
            says(answerer, "aborted", "held")?;
            is_node = true;
            ask(asker, "sum", "[1]", "1")
        })
    })
}

/// A peer that knows nothing of credit may send what fits the budget of ours, and no more.
pub(super) fn overrun(room: &Room<'_>) -> Result<()> {
    meet(room, HELPER, |pair| {
        let Pair { ours: asker, theirs: answerer, .. } = pair;
        let mut pushed = |asker: &mut Peer, key: &str, args: &str| {
            stream(asker, key, "pushes", args, ",\"wait\":true,\"list\":false");
            answerer.event("pushed")?;
            // Its answer comes after all items, and the reader begins then.
            ask(asker, "sum", "[1]", "1")?;
            asker.say("{\"do\":\"read\"}");
            ended(asker, key)
        };
        let line = pushed(asker, "a", "{\"items\":1000,\"bytes\":10}")?;
        count(&line, "result", 1000..=1000)?;
        let line = pushed(asker, "b", "{\"items\":140,\"bytes\":65536}")?;
        if room.is_node(room.combo.role) {
            // The helper has no budget, as its reader cannot wait.
            return count(&line, "result", 140..=140);
        }
        if line.text_of("code").as_deref() != Some("stream_overrun") {
            return Err(format!("wanted stream_overrun, got {line}").into());
        }
        // 8 MiB of them came before.
        count(&line, "failed", 120..=128)?;
        ask(asker, "sum", "[3]", "3")
    })
}

pub(super) fn ends(room: &Room<'_>) -> Result<()> {
    meet(room, HELPER, |pair| {
        pair.ways(|asker, answerer| {
            stream(asker, "a", "endless", "\"a\"", "");
            of_stream(asker, "item", "a")?;
            asker.say("{\"do\":\"drop\",\"key\":\"a\"}");
            says(answerer, "aborted", "a")?;
            // The time is that between items.
            stream(asker, "b", "stalls", "\"b\"", ",\"ms\":100");
            let line = failed(asker, "b", "deadline", "Deadline|PeerDeadline")?;
            if line.get("items") != Some(&Json::parse("[\"b\"]")?) {
                return Err(format!("wanted the item before the pause, got {line}").into());
            }
            says(answerer, "aborted", "b")?;
            ask(asker, "sum", "[1]", "1")
        })
    })
}

/// Who is killed within a stream ends it: what came can be read, and the error comes after it.
pub(super) fn lost(room: &Room<'_>) -> Result<()> {
    for profile in profiles(room) {
        theirs_is_killed(room, profile).map_err(|error| in_profile(profile, &error))?;
        ours_is_killed(room, profile).map_err(|error| in_profile(profile, &error))?;
    }
    Ok(())
}

fn theirs_is_killed(room: &Room<'_>, profile: &[&str]) -> Result<()> {
    at_once(|| {
        let mut pair = Pair::start(room, HELPER, profile)?;
        stream(&pair.ours, "a", "endless", "\"a\"", "");
        stream(&pair.theirs, "b", "endless", "\"b\"", "");
        of_stream(&mut pair.ours, "item", "a")?;
        of_stream(&mut pair.theirs, "item", "b")?;
        pair.theirs.kill();
        let killed = Instant::now();
        let line = failed(&mut pair.ours, "a", "disconnected", "Disconnected")?;
        let took = killed.elapsed();
        says(&mut pair.ours, "aborted", "b")?;
        in_order(&line)?;
        was_sent(&line).map(|()| took)
    })
}

fn ours_is_killed(room: &Room<'_>, profile: &[&str]) -> Result<()> {
    let mut pair = Pair::start(room, HELPER, profile)?;
    stream(&pair.theirs, "a", "endless", "\"a\"", "");
    of_stream(&mut pair.theirs, "item", "a")?;
    pair.ours.kill();
    in_order(&failed(&mut pair.theirs, "a", "disconnected", "")?)
}

/// Calls for a stream, with `more` members of the command, such as `,"ms":50`.
fn stream(asker: &Peer, key: &str, method: &str, args: &str, more: &str) {
    asker.say(&format!(
        "{{\"do\":\"stream\",\"key\":\"{key}\",\"method\":\"{method}\",\"args\":{args}{more}}}"
    ));
}

/// Waits until the asker says this of its stream.
fn of_stream(asker: &mut Peer, event: &str, key: &str) -> Result<()> {
    let fits = |line: &Line| {
        let is_of = line.json.as_ref().and_then(|json| json.text_of("key")).as_deref() == Some(key);
        is_of && line.event().as_deref() == Some(event)
    };
    asker.take(&format!("{event} of {key}"), fits).map(drop)
}

/// Checks that a stream ended so, after the numbers below `wanted` in order.
fn numbers(line: &Json, event: &str, wanted: usize) -> Result<()> {
    in_order(line).and_then(|()| count(line, event, wanted..=wanted))
}

/// Checks how a stream ended, and how many items there were.
fn count(line: &Json, event: &str, wanted: std::ops::RangeInclusive<usize>) -> Result<()> {
    let count = line.get("count").and_then(|count| count.to_string().parse().ok());
    match line.text_of("event").as_deref() == Some(event)
        && count.is_some_and(|n| wanted.contains(&n))
    {
        true => Ok(()),
        false => {
            let line = line.to_string();
            let start = line.get(..300).unwrap_or(&line);
            Err(format!("wanted {event} after {wanted:?} items, got {count:?}: {start}").into())
        }
    }
}

/// Checks the items of a stream that has ended well.
fn listed(line: &Json, wanted: &str) -> Result<()> {
    let right = line.get("items") == Some(&Json::parse(wanted)?);
    match right && line.text_of("event").as_deref() == Some("result") {
        true => Ok(()),
        false => Err(format!("wanted the items {wanted}, got {line}").into()),
    }
}

/// Checks that the items are 0, 1, 2 and so on.
fn in_order(line: &Json) -> Result<()> {
    let Some(Json::List(items)) = line.get("items") else {
        return Err(format!("no items: {line}").into());
    };
    match items.iter().enumerate().find(|(n, item)| item.number() != Some(*n as f64)) {
        None => Ok(()),
        Some((n, item)) => Err(format!("the item {n} is {item}").into()),
    }
}

/// Waits until so many items of `endless` have been begun, and checks that it stays at that.
fn produced(room: &Room<'_>, asker: &mut Peer, key: &str, wanted: usize) -> Result<()> {
    let (deadline, mut same) = (room.limits.deadline(), 0);
    while same < 5 {
        call(asker, "produced", "produced", &format!("\"{key}\""));
        let line = ended(asker, "produced")?;
        let found = line.get("ok").and_then(|ok| ok.to_string().parse::<usize>().ok());
        same = if found == Some(wanted) { same + 1 } else { 0 };
        if found.is_none_or(|found| found > wanted) || Instant::now() > deadline {
            return Err(format!("wanted {wanted} items for the credit, got {line}").into());
        }
        thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}
