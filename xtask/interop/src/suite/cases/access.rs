//! Whom a server of ours lets in, and what clients of node-ipc may do there.

use std::process::Command;

use super::super::matrix::Role;
use super::super::peer::Peer;
use super::super::room::Room;
use super::calls::{in_profile, profiles};
use super::needs;
use crate::json::Json;
use xtask::error::Result;
use xtask::proc;

/// What is not in a list is dropped, or answered `denied`, and the rest is as without lists.
pub(super) fn allow(room: &Room<'_>) -> Result<()> {
    let methods = room.dir.join("methods.json");
    std::fs::write(&methods, "{\"sum\":{\"ok\":3},\"stop\":{\"ok\":4}}")?;
    let methods = methods.to_string_lossy().into_owned();
    let lists = ["events:app.*", "calls:sum", "topics:price.>"];
    let lists = lists.map(|list| ["--allow-pattern", list]).concat();
    serve(room, &[&["--echo", "--methods", &methods], &lists[..]].concat(), |server, client| {
        client.say("{\"type\":\"stop\",\"data\":{\"n\":1}}");
        let denied = server.event("denied")?;
        has(
            &denied.text,
            "{\"event\":\"denied\",\"peer\":1,\"what\":\"event\",\"name\":\"stop\"}",
        )?;
        for (call, answer) in [
            ("{\"n\":1,\"call\":\"sum\",\"args\":[1,2]}", "{\"n\":1,\"ok\":3}"),
            (
                "{\"n\":2,\"call\":\"$sub\",\"args\":[\"price.*\"]}",
                "{\"n\":2,\"ok\":{\"topics\":1}}",
            ),
        ] {
            client.say(&format!("{{\"type\":\"$call\",\"data\":{call}}}"));
            client.expect("$answer", answer)?;
        }
        for call in ["\"n\":3,\"call\":\"stop\"", "\"n\":4,\"call\":\"$sub\",\"args\":[\">\"]"] {
            client.say(&format!("{{\"type\":\"$call\",\"data\":{{{call}}}}}"));
            let answer = client.message()?;
            let error = answer.data.as_ref().and_then(|data| data.get("error")?.text_of("code"));
            if answer.event != "$answer" || error.as_deref() != Some("denied") {
                return Err(format!("{call}: wanted `denied`, got {answer:?}").into());
            }
        }
        // Nothing came back of what was dropped before.
        client.say("{\"type\":\"app.a\",\"data\":{\"n\":2}}");
        client.expect("app.a", "{\"n\":2}")?;
        server.say("{\"to\":\"subscribers\",\"type\":\"price.EUR\",\"data\":1}");
        client.expect("price.EUR", "1")?;
        client.say("{\"do\":\"close\"}");
        limited(server, "\"throttled\":0,\"dropped\":0,\"denied\":3")
    })
}

/// The first that is denied ends the connection, and node-ipc comes back.
pub(super) fn denied_close(room: &Room<'_>) -> Result<()> {
    let options = ["--echo", "--allow-pattern", "app.*", "--on-denied", "close"];
    serve(room, &options, |server, client| {
        client.say("{\"type\":\"stop\",\"data\":{}}");
        server.event("denied")?;
        client.event("disconnect")?;
        limited(server, "\"throttled\":0,\"dropped\":0,\"denied\":1")?;
        client.event("connect")?;
        server.event("connect")?;
        client.say("{\"type\":\"app.a\",\"data\":{}}");
        client.expect("app.a", "{}").map(drop)
    })
}

/// A client over its rate waits, and all that it sent arrives in order, also what it sent right before
/// it ended; it is sent to all the same, and so is another client served.
pub(super) fn throttled(room: &Room<'_>) -> Result<()> {
    serve(room, &["--rate", "50/s", "--burst", "20"], |server, client| {
        for n in 0..60 {
            client.say(&format!("{{\"type\":\"t\",\"data\":{n}}}"));
        }
        client.say("{\"type\":\"last\",\"data\":{}}");
        let other = room.connect(&[])?;
        other.say("{\"type\":\"other\",\"data\":{}}");
        server.say("{\"type\":\"all\",\"data\":{\"n\":1}}");
        client.expect("all", "{\"n\":1}")?;
        client.say("{\"do\":\"close\"}");
        let (mut next, mut others) = (0, 0);
        while next <= 60 || others == 0 {
            let message = server.message()?;
            match (message.event.as_str(), message.data.as_ref().map(Json::to_string)) {
                ("t", Some(n)) if n == next.to_string() && next < 60 => next += 1,
                ("last", _) if next == 60 => next += 1,
                ("other", _) => others += 1,
                _ => return Err(format!("after {next} messages came {message:?}").into()),
            }
        }
        let line = server.event("limited")?;
        let member = |name| line.json.as_ref()?.get(name).map(Json::to_string);
        match (member("throttled").as_deref(), member("dropped").as_deref()) {
            (Some(times), Some("0")) if times != "0" => Ok(()),
            _ => Err(format!("it was not throttled: {}", line.text).into()),
        }
    })
}

/// What is over the rate is dropped and counted, or ends the connection.
pub(super) fn over_rate(room: &Room<'_>) -> Result<()> {
    // A message takes what several seconds bring.
    serve(room, &["--rate", "100/s:4", "--over-rate", "drop"], |server, client| {
        for n in 0..5 {
            client.say(&format!("{{\"type\":\"t\",\"data\":{n}}}"));
        }
        client.say("{\"do\":\"close\"}");
        server.expect("t", "0")?;
        limited(server, "\"throttled\":0,\"dropped\":4,\"denied\":0")
    })?;
    serve(room, &["--rate", "1", "--burst", "3", "--over-rate", "close"], |server, client| {
        for n in 0..20 {
            client.say(&format!("{{\"type\":\"t\",\"data\":{n}}}"));
        }
        for n in 0..3 {
            server.expect("t", &n.to_string())?;
        }
        has(&server.event("error")?.text, "\"code\":\"ERR_IPC_RATE_EXCEEDED\"")?;
        client.event("disconnect")?;
        server.event("close").map(drop)
    })
}

/// A user who may not connect is cut off before a word, and one who may is served.
pub(super) fn users(room: &Room<'_>) -> Result<()> {
    needs(!room.is_node(Role::Server), "node-ipc asks for no users")?;
    let user = proc::capture(Command::new("id").arg("-u"))?;
    let user = user.trim();
    for profile in profiles(room) {
        refused(room, user, profile).map_err(|error| in_profile(profile, &error))?;
    }
    serve(room, &["--echo", "--user", user], |_, client| {
        client.say("{\"type\":\"t\",\"data\":{}}");
        client.expect("t", "{}").map(drop)
    })
}

fn refused(room: &Room<'_>, user: &str, profile: &[&str]) -> Result<()> {
    let other = (user.parse::<u32>().map_err(|error| error.to_string())? + 1).to_string();
    let mut server = room.serve(&[&["--user", &other], profile].concat())?;
    let mut client = room.client("connect", &[&["--max-retries", "0"], profile].concat())?;
    let line = server.event("refused")?.text;
    has(&line, "\"code\":\"ERR_IPC_DENIED\"")?;
    has(&line, &format!("user {user} of group"))?;
    client.event("disconnect")?;
    server.say("{\"do\":\"stop\"}");
    match server.exit()? {
        0 if server.rest().iter().all(|line| line.event().as_deref() != Some("connect")) => Ok(()),
        code => Err(format!("it was let in, or the status is {code}").into()),
    }
}

/// Serves a client of node-ipc with these options, in each profile that the version has.
fn serve(
    room: &Room<'_>,
    options: &[&str],
    talk: impl Fn(&mut Peer, &mut Peer) -> Result<()>,
) -> Result<()> {
    needs(!room.is_node(Role::Server), "node-ipc has no such rules")?;
    for profile in profiles(room) {
        let mut server = room.serve(&[options, profile].concat())?;
        let mut client = room.connect(&[&["--retry", "50"], *profile].concat())?;
        server.event("connect")?;
        talk(&mut server, &mut client).map_err(|error| in_profile(profile, &error))?;
        server.say("{\"do\":\"stop\"}");
        if server.exit()? != 0 {
            return Err(in_profile(profile, &"the server ended with an error".into()));
        }
    }
    Ok(())
}

/// Waits for the counts of a client that has gone.
fn limited(server: &mut Peer, counts: &str) -> Result<()> {
    has(&server.event("limited")?.text, counts)
}

fn has(line: &str, wanted: &str) -> Result<()> {
    if line.contains(wanted) { Ok(()) } else { Err(format!("wanted {wanted}, got {line}").into()) }
}
