//! The command line: the part of `nipc`'s that the cases of calls use.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use ipc_compat::{Config, Tls};
use ipc_core::{Heartbeat, Hello, TokenCheck, Tokens};
use lexopt::prelude::*;

/// What the command line asks for.
pub(crate) struct Options {
    pub(crate) serves: bool,
    pub(crate) place: Place,
    pub(crate) config: Config,
}

/// Where to meet.
pub(crate) enum Place {
    Local(String),
    Net(String, u16),
}

impl Options {
    pub(crate) fn read() -> Result<Self, Box<dyn Error>> {
        let (mut words, mut place, mut tls) = (Vec::new(), None, Tls::default());
        let (mut dialect, mut profile, mut secure) = (String::new(), None, false);
        let mut hello = None;
        let mut heartbeat: Option<u64> = None;
        let (mut tokens, mut hello_within) = (None, None);
        let (mut retry, mut deadline) = (None, None);
        let mut args = lexopt::Parser::from_env();
        while let Some(arg) = args.next()? {
            match arg {
                Value(word) => words.push(word.string()?),
                Long("path") => place = Some(Place::Local(args.value()?.string()?)),
                Long("tcp") => place = Some(net(&args.value()?.string()?)?),
                Long("tls") => {
                    place = Some(net(&args.value()?.string()?)?);
                    secure = true;
                }
                Long("cert") => tls.public = Some(PathBuf::from(args.value()?)),
                Long("key") => tls.private = Some(PathBuf::from(args.value()?)),
                Long("ca") => tls.trusted_connections.push(PathBuf::from(args.value()?)),
                Long("dialect") => dialect = args.value()?.string()?,
                Long("profile") => profile = Some(args.value()?.string()?.parse()?),
                Long("heartbeat") => heartbeat = Some(args.value()?.string()?.parse()?),
                Long("retry") => retry = Some(args.value()?.parse()?),
                Long("deadline") => deadline = Some(args.value()?.parse()?),
                // How node-ipc calls, and more of node-ipc's side.
                Long("calls" | "max") => drop(args.value()?),
                Long("hello") => hello = Some(Hello::new(args.value()?.string()?)),
                Long("tokens") => tokens = Some(table(&args.value()?.string()?)?),
                Long("hello-within") => hello_within = Some(args.value()?.parse()?),
                Long("json") => {}
                _ => return Err(arg.unexpected().into()),
            }
        }
        let mut config = if dialect == "v14" { Config::v14() } else { Config::classic() };
        config.silent = true;
        config.hello = hello;
        config.id = "world".to_owned();
        config.tls = secure.then_some(tls);
        config.heartbeat = heartbeat.map(Duration::from_millis).map(Heartbeat::every);
        config.token = tokens.map(TokenCheck::from);
        if let Some(ms) = hello_within {
            config.waiting_limits = config.waiting_limits.time(Duration::from_millis(ms));
        }
        if let Some(profile) = profile {
            config.parser = profile;
        }
        if let Some(ms) = retry {
            config.retry = Duration::from_millis(ms);
        }
        if let Some(ms) = deadline {
            config.calls = config.calls.deadline(Duration::from_millis(ms));
        }
        let serves = match words.first().map(String::as_str) {
            Some("serve") => true,
            Some("connect") => false,
            _ => return Err("serve or connect".into()),
        };
        Ok(Self { serves, place: place.ok_or("--path, --tcp or --tls")?, config })
    }
}

fn net(place: &str) -> Result<Place, Box<dyn Error>> {
    let (host, port) = place.rsplit_once(':').ok_or("HOST:PORT")?;
    Ok(Place::Net(host.to_owned(), port.parse()?))
}

/// Reads `NAME=TOKEN,NAME=TOKEN`.
fn table(text: &str) -> Result<Tokens, Box<dyn Error>> {
    let pairs: Option<Vec<_>> = text.split(',').map(|pair| pair.split_once('=')).collect();
    Ok(Tokens::new(pairs.ok_or("NAME=TOKEN")?)?)
}
