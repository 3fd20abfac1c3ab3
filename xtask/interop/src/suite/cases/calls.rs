//! What the cases of calls share: two programs that call each other, and what they say of it.

use std::time::Duration;

use super::super::matrix::Role;
use super::super::peer::{Line, Peer};
use super::super::room::Room;
use crate::json::Json;
use xtask::error::{Error, Result};

/// The options of node-ipc's side: the helper, with its default limits.
pub(super) const HELPER: &[&str] = &["--calls", "helper"];
/// The lines that docs/calls.md prints: a server that answers, or a client that asks.
pub(super) const LINES: &[&str] = &["--calls", "lines"];

/// The two programs of a case, each of which may call the other.
#[derive(Debug)]
pub(super) struct Pair {
    /// Ours; in a self-check, the one in its role.
    pub(super) ours: Peer,
    pub(super) theirs: Peer,
    ours_serves: bool,
}

/// Lets two programs meet, node-ipc with these options, in each profile that the version has; what
/// they say in `talk` must leave both able to end in order.
pub(super) fn meet(
    room: &Room<'_>,
    options: &[&str],
    talk: impl Fn(&mut Pair) -> Result<()>,
) -> Result<()> {
    for profile in profiles(room) {
        let mut pair = Pair::start(room, options, profile)?;
        talk(&mut pair).and_then(|()| pair.end()).map_err(|error| in_profile(profile, &error))?;
    }
    Ok(())
}

/// Returns the options of each profile of this version.
pub(super) fn profiles(room: &Room<'_>) -> &'static [&'static [&'static str]] {
    if room.combo.version.is_classic() {
        &[&[]]
    } else {
        &[&["--profile", "fast"], &["--profile", "guarded"]]
    }
}

pub(super) fn in_profile(profile: &[&str], error: &Error) -> Error {
    format!("{} {error}", profile.join(" ")).into()
}

impl Pair {
    /// Starts both and waits until they are connected.
    ///
    /// # Errors
    ///
    /// If they do not connect.
    pub(super) fn start(room: &Room<'_>, options: &[&str], profile: &[&str]) -> Result<Self> {
        room.set_calls();
        // In a self-check our side is node-ipc, too, and has to be able to call.
        let calls = if options.is_empty() { HELPER } else { options };
        let (calls, theirs) = ([calls, profile].concat(), [options, profile].concat());
        let ours_serves = room.combo.role == Role::Server;
        let [of_server, of_client] =
            if ours_serves { [&calls, &theirs] } else { [&theirs, &calls] };
        let mut server = room.serve(of_server)?;
        let client = room.connect(of_client)?;
        server.event("connect")?;
        let (ours, theirs) = if ours_serves { (server, client) } else { (client, server) };
        Ok(Self { ours, theirs, ours_serves })
    }

    /// Returns the server and the client.
    pub(super) fn by_role(&mut self) -> (&mut Peer, &mut Peer) {
        if self.ours_serves {
            (&mut self.ours, &mut self.theirs)
        } else {
            (&mut self.theirs, &mut self.ours)
        }
    }

    /// Returns who asks and who answers: ours and theirs, then the other way round.
    pub(super) fn ways(
        &mut self,
        mut talk: impl FnMut(&mut Peer, &mut Peer) -> Result<()>,
    ) -> Result<()> {
        talk(&mut self.ours, &mut self.theirs)?;
        talk(&mut self.theirs, &mut self.ours)
    }

    /// Ends both in order.
    ///
    /// # Errors
    ///
    /// If one does not.
    pub(super) fn end(&mut self) -> Result<()> {
        let (server, client) = self.by_role();
        client.say("{\"do\":\"close\"}");
        server.event("socket.disconnected")?;
        server.say("{\"do\":\"stop\"}");
        match (client.exit()?, server.exit()?) {
            (0, 0) => Ok(()),
            both => Err(format!("client and server ended with {both:?}").into()),
        }
    }
}

/// Makes a call under a name of the case's own; the arguments are JSON, or absent if empty.
pub(super) fn call(asker: &Peer, key: &str, method: &str, args: &str) {
    call_within(asker, key, method, args, "");
}

/// The same with a time, as `50`.
pub(super) fn call_within(asker: &Peer, key: &str, method: &str, args: &str, ms: &str) {
    let member = |name: &str, value: &str| match value {
        "" => String::new(),
        value => format!(",\"{name}\":{value}"),
    };
    let (args, ms) = (member("args", args), member("ms", ms));
    asker.say(&format!("{{\"do\":\"call\",\"key\":\"{key}\",\"method\":\"{method}\"{args}{ms}}}"));
}

/// Waits for the end of a call, whatever it is.
pub(super) fn ended(asker: &mut Peer, key: &str) -> Result<Json> {
    let of_call = |line: &Line| {
        matches!(line.event().as_deref(), Some("result" | "failed")) && key_of(line) == key
    };
    let line = asker.take(&format!("the end of {key}"), of_call)?;
    line.json.ok_or_else(|| "the end of a call is JSON".into())
}

/// Waits for the result of a call and checks that it is this JSON, or absent if that is empty.
pub(super) fn result(asker: &mut Peer, key: &str, wanted: &str) -> Result<()> {
    let line = ended(asker, key)?;
    let ok = line.get("ok");
    let right = match wanted {
        "" => ok.is_none(),
        wanted => ok == Some(&Json::parse(wanted)?),
    };
    if right && line.text_of("event").as_deref() == Some("result") {
        Ok(())
    } else {
        Err(format!("{key}: wanted the result `{wanted}`, got {line}").into())
    }
}

/// Calls, waits for the result and checks it.
pub(super) fn ask(asker: &mut Peer, method: &str, args: &str, wanted: &str) -> Result<()> {
    call(asker, method, method, args);
    result(asker, method, wanted)
}

/// Waits until a call has failed, and checks its code and, of ours, the variant of `CallError`: one of
/// these, with `|` between them.
pub(super) fn failed(asker: &mut Peer, key: &str, code: &str, kind: &str) -> Result<Json> {
    let line = ended(asker, key)?;
    let of_ours =
        line.text_of("kind").is_none_or(|found| kind.split('|').any(|kind| kind == found));
    let failed = line.text_of("event").as_deref() == Some("failed");
    if failed && of_ours && line.text_of("code").as_deref() == Some(code) {
        Ok(line)
    } else {
        Err(format!("{key}: wanted {kind} with the code {code}, got {line}").into())
    }
}

/// Checks that a lost call of ours may have run, as its error says.
pub(super) fn was_sent(line: &Json) -> Result<()> {
    if line.get("kind").is_some() && line.text_of("sent").as_deref() != Some("maybe") {
        return Err(format!("it was sent: {line}").into());
    }
    Ok(())
}

/// Kills a program as `kill` does, which returns how long the other's call lived on. Once of three times
/// it must have failed in time: on a busy machine any program may wait.
pub(super) fn at_once(mut kill: impl FnMut() -> Result<Duration>) -> Result<()> {
    let mut took = Duration::MAX;
    for _ in 0..3 {
        took = took.min(kill()?);
        if took <= AT_ONCE {
            return Ok(());
        }
    }
    Err(format!("a call failed {took:?} after the other program was killed").into())
}

const AT_ONCE: Duration = Duration::from_millis(100);

/// Waits until the answerer says that this happened to the call with these arguments.
pub(super) fn says(answerer: &mut Peer, event: &str, key: &str) -> Result<()> {
    let of_call = |line: &Line| line.event().as_deref() == Some(event) && key_of(line) == key;
    answerer.take(&format!("{event} {key}"), of_call).map(drop)
}

/// Makes so many calls of `double` at once.
pub(super) fn call_many(asker: &Peer, count: usize) {
    asker.say(&format!(
        "{{\"do\":\"many\",\"key\":\"many\",\"method\":\"double\",\"count\":{count}}}"
    ));
}

/// Waits for the results of so many calls of `double`, each of which must be its own.
pub(super) fn many(asker: &mut Peer, count: usize) -> Result<()> {
    let line = asker.event("many")?;
    let wanted: Vec<_> = (0..count).map(|n| (2 * n).to_string()).collect();
    let wanted = Json::parse(&format!("[{}]", wanted.join(",")))?;
    match line.json.as_ref().and_then(|json| json.get("results")) {
        Some(results) if *results == wanted => Ok(()),
        _ => Err(format!("of {count} calls, some have other results: {}", line.text).into()),
    }
}

fn key_of(line: &Line) -> String {
    line.json.as_ref().and_then(|json| json.text_of("key")).unwrap_or_default()
}
