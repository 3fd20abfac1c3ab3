//! Topics: node-ipc subscribes with one line, and hears ordinary events.

use super::super::matrix::Role;
use super::super::peer::{Line, Peer};
use super::super::room::Room;
use super::calls::{Pair, failed, in_profile, meet, profiles};
use super::needs;
use crate::json::Json;
use xtask::error::Result;

/// A client subscribes, hears what matches, and ends it.
pub(super) fn subscribe(room: &Room<'_>) -> Result<()> {
    needs(!room.is_node(Role::Server), "node-ipc publishes nothing")?;
    meet(room, &[], |Pair { ours, theirs, .. }| {
        ask(theirs, "{\"n\":1,\"call\":\"$sub\",\"args\":[\"price.*\",\"news.>\"]}");
        answered(theirs, "{\"n\":1,\"ok\":{\"topics\":2}}")?;
        // What does not match is not heard: the next one is.
        publish(ours, "price", "1", 0)?;
        publish(ours, "price.EUR.bid", "2", 0)?;
        publish(ours, "price.EUR", "1.5", 1)?;
        theirs.expect("price.EUR", "1.5")?;
        publish(ours, "news.a.b", "{\"x\":\"grüße\"}", 1)?;
        theirs.expect("news.a.b", "{\"x\":\"grüße\"}")?;
        ask(theirs, "{\"n\":2,\"call\":\"$unsub\",\"args\":[\"news.>\"]}");
        answered(theirs, "{\"n\":2,\"ok\":{\"topics\":1}}")?;
        publish(ours, "news.a.b", "3", 0)?;
        ask(theirs, "{\"n\":3,\"call\":\"$unsub\"}");
        answered(theirs, "{\"n\":3,\"ok\":{\"topics\":0}}")?;
        publish(ours, "price.EUR", "4", 0)?;
        ours.say("{\"type\":\"still.there\",\"data\":5}");
        theirs.expect("still.there", "5").map(drop)
    })
}

/// What is asked for wrongly is answered as that, and changes nothing.
pub(super) fn refused(room: &Room<'_>) -> Result<()> {
    needs(!room.is_node(Role::Server), "node-ipc answers nothing")?;
    meet(room, &[], |Pair { ours, theirs, .. }| {
        let many: Vec<_> = (0..1025).map(|n| format!("\"t.{n}\"")).collect();
        for (n, (args, code)) in (1..).zip([
            ("\"a\"", "invalid_args"),
            ("[\"a\",1]", "invalid_args"),
            ("[\"a\",\"b..c\"]", "invalid_args"),
            ("[\"a\",\">.b\"]", "invalid_args"),
            (&format!("[{}]", many.join(",")), "too_many"),
        ]) {
            ask(theirs, &format!("{{\"n\":{n},\"call\":\"$sub\",\"args\":{args}}}"));
            let answer = theirs.take("the answer", |line: &Line| code_of(line).is_some())?;
            if code_of(&answer).as_deref() != Some(code) {
                return Err(format!("wanted {code}, got {}", answer.text).into());
            }
        }
        publish(ours, "a", "1", 0)?;
        ask(theirs, &format!("{{\"n\":9,\"call\":\"$sub\",\"args\":[{}]}}", many[1..].join(",")));
        answered(theirs, "{\"n\":9,\"ok\":{\"topics\":1024}}")?;
        publish(ours, "t.1024", "2", 1)?;
        theirs.expect("t.1024", "2").map(drop)
    })
}

/// A client that subscribes whenever it connects hears a server that was killed and came back.
pub(super) fn server_killed(room: &Room<'_>) -> Result<()> {
    needs(!room.is_node(Role::Server), "node-ipc publishes nothing")?;
    room.set_calls();
    let mut server = room.serve(&[])?;
    let mut client = room.connect(&["--retry", "50"])?;
    for n in 1..=2 {
        server.event("connect")?;
        ask(&client, &format!("{{\"n\":{n},\"call\":\"$sub\",\"args\":[\"price.*\"]}}"));
        answered(&mut client, &format!("{{\"n\":{n},\"ok\":{{\"topics\":1}}}}"))?;
        publish(&mut server, "price.EUR", &n.to_string(), 1)?;
        client.expect("price.EUR", &n.to_string())?;
        if n == 1 {
            server.kill();
            client.event("disconnect")?;
            server = room.serve(&[])?;
            client.event("connect")?;
        }
    }
    Ok(())
}

/// A client of ours at a server of node-ipc, which knows nothing of topics, lives on; one that answers
/// what it does not know says so at once.
pub(super) fn plain_server(room: &Room<'_>) -> Result<()> {
    needs(!room.is_node(Role::Client), "node-ipc subscribes to nothing by itself")?;
    room.set_calls();
    for profile in profiles(room) {
        for helper in [false, true] {
            let calls: &[&str] = if helper { &["--calls", "helper"] } else { &[] };
            at_plain_server(
                room,
                &[calls, *profile].concat(),
                &[&["--deadline", "300"], *profile].concat(),
                helper,
            )
            .map_err(|error| in_profile(profile, &error))?;
        }
    }
    Ok(())
}

fn at_plain_server(
    room: &Room<'_>,
    of_server: &[&str],
    of_client: &[&str],
    answers: bool,
) -> Result<()> {
    let mut server = room.serve(of_server)?;
    let mut client = room.connect(of_client)?;
    server.event("connect")?;
    client.say("{\"do\":\"subscribe\",\"key\":\"a\",\"patterns\":[\"price.*\"]}");
    failed(&mut client, "a", if answers { "unknown_method" } else { "deadline" }, "")?;
    server.say("{\"type\":\"price.EUR\",\"data\":1}");
    client.expect("price.EUR", "1")?;
    client.say("{\"type\":\"still.there\",\"data\":2}");
    while server.message()?.event != "still.there" {}
    client.say("{\"do\":\"close\"}");
    server.event("socket.disconnected")?;
    server.say("{\"do\":\"stop\"}");
    match (client.exit()?, server.exit()?) {
        (0, 0) => Ok(()),
        both => Err(format!("client and server ended with {both:?}").into()),
    }
}

/// Says what a program of JavaScript says with one line.
fn ask(client: &Peer, call: &str) {
    client.say(&format!("{{\"type\":\"$call\",\"data\":{call}}}"));
}

fn answered(client: &mut Peer, answer: &str) -> Result<()> {
    client.expect("$answer", answer).map(drop)
}

fn code_of(line: &Line) -> Option<String> {
    line.json.as_ref()?.get("data")?.get("error")?.text_of("code")
}

/// Publishes, and checks how many it was sent to.
fn publish(server: &mut Peer, topic: &str, data: &str, sent: u32) -> Result<()> {
    server.say(&format!("{{\"do\":\"publish\",\"type\":\"{topic}\",\"data\":{data}}}"));
    let line = server.event("published")?;
    match line.json.as_ref().and_then(|json| json.get("sent")) {
        Some(number) if *number == Json::parse(&sent.to_string())? => Ok(()),
        _ => Err(format!("wanted {sent}, got {}", line.text).into()),
    }
}
