//! Groups of a server of ours, whose members are clients of node-ipc.

use super::super::matrix::Role;
use super::super::peer::Peer;
use super::super::room::Room;
use super::calls::{HELPER, in_profile, profiles, says};
use super::needs;
use crate::json::Json;
use xtask::error::Result;

/// Clients with these options, in these groups, and their server.
struct Members {
    server: Peer,
    clients: Vec<Peer>,
}

/// A client that answers with the lines of docs/groups.md.
const ANSWERS: &[&str] = &["--calls", "answers"];
/// A client that knows nothing of calls.
const PLAIN: &[&str] = &[];

/// Each member hears what is sent to its group, and no other client does.
pub(super) fn members(room: &Room<'_>) -> Result<()> {
    let groups = [&["room", "staff"][..], &["room"], &["staff", "muted"], &[]];
    meet(room, &groups.map(|groups| (PLAIN, groups)), |members| {
        let Members { server, clients } = members;
        for (name, to, except, heard) in [
            ("room", "[\"room\"]", "[]", &[0, 1][..]),
            ("both", "[\"room\",\"staff\"]", "[]", &[0, 1, 2]),
            ("except", "[\"room\",\"staff\"]", "[\"muted\"]", &[0, 1]),
            ("empty", "[\"empty\"]", "[]", &[]),
            ("others", "null", "[\"staff\"]", &[1, 3]),
        ] {
            let order = format!("\"do\":\"to\",\"to\":{to},\"except\":{except}");
            server.say(&format!("{{{order},\"type\":\"{name}\",\"data\":{{\"n\":1}}}}"));
            sent(server, heard.len())?;
            server.say("{\"do\":\"to\",\"type\":\"end\",\"data\":{\"n\":2}}");
            sent(server, clients.len())?;
            for (number, client) in clients.iter_mut().enumerate() {
                if heard.contains(&number) {
                    client.expect(name, "{\"n\":1}")?;
                }
                // The next one is for all, so no client got what was meant for others.
                client.expect("end", "{\"n\":2}")?;
            }
        }
        // Who is gone is in no group.
        clients.remove(0).kill();
        server.event("socket.disconnected")?;
        server.say("{\"do\":\"to\",\"to\":[\"room\"],\"type\":\"room\",\"data\":{}}");
        sent(server, 1)?;
        clients[0].expect("room", "{}").map(drop)
    })
}

/// A member that is kicked hears all that was sent before, and why; it comes back, since it knows no
/// better, and is in no group until it joins again.
pub(super) fn kicked(room: &Room<'_>) -> Result<()> {
    meet(room, &[(&["--retry", "50"], &["room"]), (PLAIN, &["room"])], |members| {
        let Members { server, clients } = members;
        server.say("{\"do\":\"to\",\"to\":[\"room\"],\"type\":\"last\",\"data\":{}}");
        sent(server, 2)?;
        server.say("{\"do\":\"kick\"}");
        clients[0].expect("last", "{}")?;
        let bye = clients[0].message()?;
        let method = bye.data.as_ref().and_then(|data| data.text_of("call"));
        if bye.event != "$call" || method.as_deref() != Some("$bye") {
            return Err(format!("wanted the bye, got {bye:?}").into());
        }
        clients[0].event("disconnect")?;
        server.event("socket.disconnected")?;
        clients[0].event("connect")?;
        server.event("connect")?;
        server.say("{\"do\":\"to\",\"to\":[\"room\"],\"type\":\"without\",\"data\":{}}");
        sent(server, 1)?;
        clients[0].say("{\"type\":\"group.join\",\"data\":\"room\"}");
        clients[0].expect("group.joined", "[\"room\"]")?;
        server.say("{\"do\":\"to\",\"to\":[\"room\"],\"type\":\"again\",\"data\":{}}");
        sent(server, 2)?;
        clients[0].expect("again", "{}")?;
        clients[1].expect("last", "{}")?;
        clients[1].expect("without", "{}")?;
        clients[1].expect("again", "{}").map(drop)
    })
}

/// Each member answers with the helper or with five lines, or not at all, and is reported once.
pub(super) fn survey(room: &Room<'_>) -> Result<()> {
    let member = &["room"][..];
    let clients = [(ANSWERS, member), (HELPER, member), (PLAIN, member), (HELPER, &[])];
    meet(room, &clients, |members| {
        let Members { server, clients } = members;
        let survey = |what: &str| format!("{{\"do\":\"survey\",\"to\":[\"room\"],{what}}}");
        server.say(&survey("\"method\":\"sum\",\"args\":[1,2,3],\"ms\":1500"));
        answers(server, "[{\"ok\":6},{\"ok\":6},{\"code\":\"deadline\"}]")?;
        // What a client without calls hears is an event like any other: the call, and its cancel.
        for member in ["call", "cancel"] {
            let heard = clients[2].message()?;
            let is_it = heard.data.as_ref().is_some_and(|data| data.get(member).is_some());
            if heard.event != "$call" || !is_it {
                return Err(format!("wanted a {member}, got {heard:?}").into());
            }
        }
        let except = "\"except\":[\"plain\"],";
        clients[2].say("{\"type\":\"group.join\",\"data\":\"plain\"}");
        clients[2].expect("group.joined", "[\"plain\",\"room\"]")?;
        server.say(&survey(&format!("{except}\"method\":\"fails\"")));
        answers(server, "[{\"code\":\"not_found\"},{\"code\":\"not_found\"}]")?;
        server.say(&survey(&format!("{except}\"method\":\"whoami\"")));
        answers(server, "[{\"ok\":\"JavaScript\"},{\"ok\":\"JavaScript\"}]")?;
        // One is killed while it answers.
        server.say(&survey(&format!("{except}\"method\":\"slow\",\"args\":\"a\",\"ms\":1500")));
        for client in &mut clients[..2] {
            says(client, "started", "a")?;
        }
        clients[0].kill();
        answers(server, "[{\"code\":\"disconnected\"},{\"code\":\"deadline\"}]")
    })
}

/// A notice reaches each member, and is not answered.
pub(super) fn notice(room: &Room<'_>) -> Result<()> {
    let member = &["room"][..];
    meet(room, &[(ANSWERS, member), (HELPER, member), (HELPER, &[])], |members| {
        let Members { server, clients } = members;
        server.say("{\"do\":\"notice\",\"to\":[\"room\"],\"method\":\"log\",\"args\":\"a\"}");
        sent(server, 2)?;
        server.say("{\"do\":\"notice\",\"method\":\"log\",\"args\":\"b\"}");
        sent(server, 3)?;
        for (number, client) in clients.iter_mut().enumerate() {
            if number < 2 {
                says(client, "logged", "a")?;
            }
            says(client, "logged", "b")?;
        }
        // An answer to none would be an error of the server's.
        server.say("{\"do\":\"survey\",\"method\":\"whoami\"}");
        answers(
            server,
            "[{\"ok\":\"JavaScript\"},{\"ok\":\"JavaScript\"},{\"ok\":\"JavaScript\"}]",
        )?;
        server.say("{\"do\":\"stop\"}");
        match server.exit()? {
            0 if server.rest().iter().all(|line| line.event().as_deref() != Some("error")) => {
                Ok(())
            }
            code => Err(format!("errors, or the status {code}").into()),
        }
    })
}

/// Lets clients with these options join these groups, in each profile that the version has.
fn meet(
    room: &Room<'_>,
    clients: &[(&[&str], &[&str])],
    talk: impl Fn(&mut Members) -> Result<()>,
) -> Result<()> {
    needs(!room.is_node(Role::Server), "node-ipc has no groups")?;
    room.set_calls();
    for profile in profiles(room) {
        let talked = Members::start(room, clients, profile).and_then(|mut all| talk(&mut all));
        talked.map_err(|error| in_profile(profile, &error))?;
    }
    Ok(())
}

impl Members {
    fn start(room: &Room<'_>, members: &[(&[&str], &[&str])], profile: &[&str]) -> Result<Self> {
        let mut server = room.serve(profile)?;
        let mut clients = Vec::new();
        for (options, groups) in members {
            let mut client = room.connect(&[options, profile].concat())?;
            server.event("connect")?;
            for group in *groups {
                client.say(&format!("{{\"type\":\"group.join\",\"data\":\"{group}\"}}"));
            }
            for _ in *groups {
                client.event("message")?;
            }
            clients.push(client);
        }
        Ok(Self { server, clients })
    }
}

/// Waits until the server says that it has sent something, and to how many.
fn sent(server: &mut Peer, wanted: usize) -> Result<()> {
    let line = server.event("sent")?;
    let number = |name| line.json.as_ref().and_then(|json| json.get(name)).map(Json::to_string);
    match (number("sent"), number("failed")) {
        (Some(sent), Some(failed)) if sent == wanted.to_string() && failed == "0" => Ok(()),
        _ => Err(format!("wanted {wanted}, got {}", line.text).into()),
    }
}

/// Waits for the answers to a survey, in the order in which the clients came.
fn answers(server: &mut Peer, wanted: &str) -> Result<()> {
    let line = server.event("survey")?;
    match line.json.as_ref().and_then(|json| json.get("answers")) {
        Some(answers) if *answers == Json::parse(wanted)? => Ok(()),
        _ => Err(format!("wanted {wanted}, got {}", line.text).into()),
    }
}
