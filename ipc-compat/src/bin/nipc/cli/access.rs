//! Options of a server about whom it lets in, and what its clients may do.

use std::io;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};
use ipc_compat::{Config, Environment};
use ipc_core::{Access, Allow, OnDenied, OverRate, Pattern, Rate};
use ipc_transport::{group_id, user_id};

/// Whom a server lets in, and what its clients may do.
#[derive(Debug, Args)]
pub(crate) struct AccessOptions {
    /// Let in only this user, and others that are named in the same way, by name or number; for the file
    /// of a local socket, which is then open to others. Whoever is refused is printed.
    #[arg(long, value_name = "NAME|UID", value_parser = user)]
    user: Vec<u32>,
    /// Let in only members of this group, and of others that are named in the same way, by name or
    /// number; as --user, and beside it.
    #[arg(long, value_name = "NAME|GID", value_parser = group)]
    group: Vec<u32>,
    /// Let clients send only events, call only methods and subscribe only to topics whose names match
    /// this, such as status or app.* or log.>; with events:, calls: or topics: before it, it is for
    /// these, and of the others all are allowed. May be repeated. What is denied is printed.
    #[arg(long, value_name = "[KIND:]PATTERN", value_parser = permitted)]
    allow_pattern: Vec<Permitted>,
    /// What happens to a client that does what no --allow-pattern allows, beside a line of it [default:
    /// report].
    #[arg(long, value_name = "WHAT", requires = "allow_pattern")]
    on_denied: Option<DeniedName>,
    /// Take at most N messages per second of each client, and as many bytes.
    #[arg(long, value_name = "N[/s][:BYTES]", value_parser = rate)]
    rate: Option<Rate>,
    /// Take N messages at once after a pause [default: those of a second].
    #[arg(long, value_name = "N", requires = "rate", value_parser = clap::value_parser!(u32).range(1..))]
    burst: Option<u32>,
    /// What happens to a client that sends more; one that is throttled is not read from for a while
    /// [default: throttle; over UDP always drop].
    #[arg(long, value_name = "WHAT", requires = "rate")]
    over_rate: Option<OverRateName>,
}

/// What a pattern is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Events,
    Calls,
    Topics,
}

/// A pattern, for one kind or for all.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Permitted {
    kind: Option<Kind>,
    pattern: Pattern,
}

#[derive(Debug, Clone, Copy)]
struct DeniedName(OnDenied);

#[derive(Debug, Clone, Copy)]
struct OverRateName(OverRate);

impl AccessOptions {
    /// Returns what is wrong with the options together, for the file of a local socket or another kind.
    pub(crate) fn conflict(&self, on_file: bool, raw: bool) -> Option<&'static str> {
        let users = !self.user.is_empty() || !self.group.is_empty();
        match () {
            () if users && !on_file => {
                Some("--user and --group are for the file of a local socket")
            }
            () if raw && !self.allow_pattern.is_empty() => {
                Some("--allow-pattern has no meaning with --raw: bytes have no names")
            }
            () => None,
        }
    }

    /// Puts the options into the settings.
    pub(crate) fn set(&self, config: &mut Config) {
        let users = (!self.user.is_empty()).then(|| Access::users(self.user.iter().copied()));
        let groups = (!self.group.is_empty()).then(|| Access::groups(self.group.iter().copied()));
        if let Some(access) = users.into_iter().chain(groups).reduce(Access::or) {
            config.access = access;
            // Else the system turns them away before the server is asked. Root comes in anywhere.
            let own = Environment::read().user_id;
            let may_already = |uid: &u32| *uid == 0 || Some(*uid) == own;
            config.writable_all = !self.group.is_empty() || !self.user.iter().all(may_already);
        }
        config.allow = self.allow();
        config.on_denied = self.on_denied.map_or_else(OnDenied::default, |name| name.0);
        config.rate = self.rate.map(|rate| {
            let rate = rate.over(self.over_rate.map_or_else(OverRate::default, |name| name.0));
            self.burst.map_or(rate, |burst| rate.burst(burst))
        });
    }

    fn allow(&self) -> Allow {
        let mut allow = Allow::new();
        for kind in [Kind::Events, Kind::Calls, Kind::Topics] {
            let of_kind = |permitted: &&Permitted| permitted.kind.is_none_or(|only| only == kind);
            let names: Vec<_> = self.allow_pattern.iter().filter(of_kind).collect();
            if names.is_empty() {
                continue;
            }
            let names = names.iter().map(|permitted| permitted.pattern.as_str());
            let set = match kind {
                Kind::Events => allow.clone().events(names),
                Kind::Calls => allow.clone().calls(names),
                Kind::Topics => allow.clone().topics(names),
            };
            // They were patterns when the options were read.
            allow = set.unwrap_or_else(|_| Allow::nothing());
        }
        allow
    }
}

/// Reads a user of this machine.
pub(super) fn user(text: &str) -> Result<u32, String> {
    numbered(text, user_id, "there is no such user")
}

fn group(text: &str) -> Result<u32, String> {
    numbered(text, group_id, "there is no such group")
}

fn numbered(
    text: &str,
    look_up: fn(&str) -> io::Result<Option<u32>>,
    unknown: &str,
) -> Result<u32, String> {
    if let Ok(number) = text.parse() {
        return Ok(number);
    }
    match look_up(text) {
        Ok(Some(number)) => Ok(number),
        Ok(None) => Err(unknown.to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn permitted(text: &str) -> Result<Permitted, String> {
    let kinds = [("events:", Kind::Events), ("calls:", Kind::Calls), ("topics:", Kind::Topics)];
    let named = kinds.iter().find_map(|(prefix, kind)| Some((*kind, text.strip_prefix(prefix)?)));
    let (kind, pattern) = named.map_or((None, text), |(kind, rest)| (Some(kind), rest));
    let pattern = Pattern::new(pattern).map_err(|error| error.to_string())?;
    Ok(Permitted { kind, pattern })
}

fn rate(text: &str) -> Result<Rate, String> {
    let (messages, bytes) = match text.split_once(':') {
        Some((messages, bytes)) => (messages, Some(bytes)),
        None => (text, None),
    };
    let messages = messages.strip_suffix("/s").unwrap_or(messages).parse();
    let bytes = bytes.map(str::parse).transpose();
    match (messages, bytes) {
        (Ok(messages @ 1..), Ok(None)) => Ok(Rate::messages(messages)),
        (Ok(messages @ 1..), Ok(Some(bytes @ 1..))) => Ok(Rate::messages(messages).bytes(bytes)),
        _ => {
            Err("needs whole numbers that are at least 1, such as 100, 100/s or 100/s:65536".into())
        }
    }
}

impl ValueEnum for DeniedName {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self(OnDenied::Report), Self(OnDenied::Close)]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(if self.0 == OnDenied::Close { "close" } else { "report" }))
    }
}

impl ValueEnum for OverRateName {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self(OverRate::Throttle), Self(OverRate::Drop), Self(OverRate::Close)]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self.0 {
            OverRate::Drop => "drop",
            OverRate::Close => "close",
            _ => "throttle",
        }))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Command};

    fn config(options: &str) -> Result<Config, clap::Error> {
        let line = format!("nipc serve --path /tmp/x {options}");
        let cli = Cli::try_parse_from(line.split(' ')).and_then(Cli::checked)?;
        let mut config = Config::classic();
        if let Command::Serve(serve) = cli.command {
            serve.access.set(&mut config);
        }
        Ok(config)
    }

    #[test]
    fn a_user_is_a_number_or_a_name_of_this_machine() {
        assert_eq!(user("1000"), Ok(1000));
        assert_eq!((user("root"), group("root")), (Ok(0), Ok(0)));
        assert_eq!(user("no such user"), Err("there is no such user".into()));
        assert_eq!(group("no such group"), Err("there is no such group".into()));
        assert!(user("-1").is_err());
    }

    #[test]
    fn users_and_groups_are_let_in_together() {
        let access = |options| format!("{:?}", config(options).unwrap().access);
        assert_eq!(access("--echo"), "[Any]");
        assert_eq!(access("--user root --user 1000"), "[Users([0, 1000])]");
        assert_eq!(access("--group 29 --user 7"), "[Users([7]), Groups([29])]");
    }

    #[test]
    fn a_pattern_is_for_all_or_for_what_is_named() {
        let allow = |options| config(options).unwrap().allow;
        assert_eq!(allow("--echo"), Allow::new());
        let all = Allow::new().events(["app.*"]).unwrap().calls(["app.*"]).unwrap();
        assert_eq!(allow("--allow-pattern app.*"), all.topics(["app.*"]).unwrap());
        let some = allow(
            "--allow-pattern events:app.* --allow-pattern events:x --allow-pattern calls:a:b",
        );
        let wanted = Allow::new().events(["app.*", "x"]).unwrap().calls(["a:b"]).unwrap();
        assert_eq!(some, wanted);
        for wrong in ["--allow-pattern a..b", "--allow-pattern calls:", "--on-denied close"] {
            assert!(config(wrong).is_err(), "{wrong}");
        }
        let closes = config("--allow-pattern x --on-denied close").unwrap();
        assert_eq!(closes.on_denied, OnDenied::Close);
    }

    #[test]
    fn a_rate_has_messages_and_perhaps_bytes() {
        let rate = |options| config(options).unwrap().rate;
        assert_eq!(rate("--echo"), None);
        for same in ["--rate 100", "--rate 100/s"] {
            assert_eq!(rate(same), Some(Rate::messages(100)));
        }
        let all = rate("--rate 5/s:700 --burst 9 --over-rate close");
        assert_eq!(all, Some(Rate::messages(5).bytes(700).burst(9).over(OverRate::Close)));
        for wrong in [
            "--rate 0",
            "--rate -1",
            "--rate 1:0",
            "--rate 1:",
            "--rate :1",
            "--rate 1/m",
            "--rate 4294967296",
            "--burst 1",
            "--rate 1 --burst 0",
            "--over-rate drop",
            "--rate 1 --over-rate wait",
        ] {
            assert!(config(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_has_no_meaning_is_refused() {
        for line in [
            "--tcp 0 --user 0",
            "--udp4 0 --group 0",
            "--abstract x --user 0",
            "--raw --allow-pattern x",
        ] {
            let cli = Cli::try_parse_from(format!("nipc serve {line}").split(' ')).unwrap();
            assert!(cli.checked().is_err(), "{line}");
        }
    }
}
