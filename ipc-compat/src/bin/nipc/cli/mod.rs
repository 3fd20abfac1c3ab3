//! The command line of `nipc`.

pub(crate) mod access;
pub(crate) mod bench;
pub(crate) mod call;
mod checks;
pub(crate) mod common;
pub(crate) mod data;
mod escape;
pub(crate) mod hello;
pub(crate) mod help;
mod keepalive;
mod local;
pub(crate) mod ls;
mod port;
mod raw;
pub(crate) mod sending;
pub(crate) mod settings;
mod tls;
mod token;
mod udp;
pub(crate) mod values;

use clap::builder::NonEmptyStringValueParser;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand};
use ipc_core::Pattern;

use crate::cli::access::AccessOptions;
use crate::cli::bench::Bench;
use crate::cli::call::{Answering, Call};
use crate::cli::common::{Common, Printing, Retrying};
use crate::cli::hello::HelloOptions;
use crate::cli::help::{EXIT_STATUS, STDIN};
use crate::cli::local::WhenLost;
use crate::cli::ls::Ls;
use crate::cli::sending::{Emit, Request};
use crate::cli::token::Tokens;
use crate::cli::values::positive;

/// Talks to node-ipc processes.
#[derive(Debug, Parser)]
#[command(name = "nipc", version, about, after_help = EXIT_STATUS, propagate_version = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve, print every event, send what stdin says.
    Serve(Serve),
    /// Connect, print every event, send what stdin says.
    Connect(Connect),
    /// Connect, send one event and exit when it is written.
    Emit(Emit),
    /// Connect, send one event, wait for the answer and print its data.
    Request(Request),
    /// Connect, call a method and print its result.
    Call(Call),
    /// List the local endpoints, and what is wrong with them, without disturbing a server.
    Ls(Ls),
    /// Measure a server that echoes, and print the figures as JSON.
    Bench(Box<Bench>),
}

impl Cli {
    /// Refuses options that each make sense, but not together.
    pub(crate) fn checked(self) -> Result<Self, clap::Error> {
        let conflict = match &self.command {
            Command::Serve(args) => args.conflict(),
            Command::Connect(args) => args.conflict(),
            Command::Emit(args) => args.conflict(),
            Command::Request(args) => args.sending.conflict(),
            Command::Call(args) => args.conflict(),
            Command::Bench(args) => args.conflict(),
            Command::Ls(_) => None,
        };
        match conflict {
            Some(why) => Err(Self::command().error(ErrorKind::ArgumentConflict, why)),
            None => Ok(self),
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = STDIN)]
pub(crate) struct Serve {
    /// Name of this server [default: the machine's name].
    #[arg(value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) id: Option<String>,
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) printing: Printing,
    /// Send every message back to its sender.
    #[arg(long)]
    pub(crate) echo: bool,
    #[command(flatten)]
    pub(crate) answering: Answering,
    /// Serve at most N clients at a time [default: 100].
    #[arg(long, value_name = "N", value_parser = positive)]
    pub(crate) max_connections: Option<usize>,
    /// Do not replace the socket file that a dead server left.
    #[arg(long)]
    pub(crate) no_unlink: bool,
    /// Once stdin is closed, flush and exit, as after {"do":"stop"}.
    #[arg(long)]
    pub(crate) exit_with_stdin: bool,
    #[command(flatten)]
    pub(crate) when_lost: WhenLost,
    #[command(flatten)]
    pub(crate) access: AccessOptions,
    #[command(flatten)]
    pub(crate) tokens: Tokens,
}

impl Serve {
    /// Returns what is wrong with the options together.
    fn conflict(&self) -> Option<&'static str> {
        let (raw, udp) = (self.common.raw.raw, self.common.udp.kind().is_some());
        let on_file = !self.common.is_on_network() && self.common.place.abstract_name.is_none();
        let access = self.access.conflict(on_file, raw);
        access.or_else(|| self.tokens.conflict(raw, udp)).or_else(|| self.common.conflict(true))
    }
}

#[derive(Debug, Args)]
#[command(after_help = STDIN)]
pub(crate) struct Connect {
    /// Name of the server [default: the machine's name].
    #[arg(value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) id: Option<String>,
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) printing: Printing,
    #[command(flatten)]
    pub(crate) retrying: Retrying,
    /// After each message wait for anything to come back before the next is sent.
    #[arg(long)]
    pub(crate) sync: bool,
    #[command(flatten)]
    pub(crate) hello: HelloOptions,
    /// Subscribe to the events of the server whose names match this, such as news or price.* or log.>;
    /// may be repeated.
    #[arg(long, value_name = "PATTERN")]
    pub(crate) subscribe: Vec<Pattern>,
    /// Once stdin is closed, flush and exit, as after {"do":"close"}.
    #[arg(long)]
    pub(crate) exit_with_stdin: bool,
}

impl Connect {
    /// Returns what is wrong with the options together.
    fn conflict(&self) -> Option<&'static str> {
        let (raw, udp) = (self.common.raw.raw, self.common.udp.kind().is_some());
        let subscribes = raw && !self.subscribe.is_empty();
        let why = subscribes.then_some("--subscribe has no meaning with --raw");
        why.or_else(|| self.hello.conflict(raw, udp)).or_else(|| self.common.conflict(false))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::data::Data;
    use crate::cli::port::Tcp;

    #[track_caller]
    fn parse(line: &str) -> Command {
        Cli::try_parse_from(line.split(' ')).unwrap().command
    }

    #[track_caller]
    fn refused(line: &str) {
        assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
    }

    /// Each option has a value that is right.
    #[track_caller]
    fn refused_together(line: &str) {
        let cli = Cli::try_parse_from(line.split(' ')).unwrap();
        assert!(cli.checked().is_err(), "{line}");
    }

    #[test]
    fn emit_takes_id_event_and_data_in_order() {
        let Command::Emit(emit) = parse("nipc emit world app.message -1.5e3 --tcp 8000") else {
            panic!("not emit");
        };
        let sending = emit.sending;
        assert_eq!((sending.id.as_str(), sending.event.as_str()), ("world", "app.message"));
        assert!(matches!(sending.data, Some(Data::Given(data)) if data.as_str() == "-1.5e3"));
        assert_eq!(sending.common.place.tcp, Some(Tcp { host: None, port: 8000 }));
        refused("nipc emit");
        refused("nipc emit world");
        refused("nipc emit world t hello");
        refused("nipc emit world t 1 2");
    }

    #[test]
    fn there_is_one_endpoint_at_most() {
        refused("nipc serve --path /tmp/x --tcp 80");
        refused("nipc serve --path");
        refused("nipc serve a b");
    }

    #[test]
    fn json_and_pretty_exclude_each_other() {
        refused("nipc serve --json --pretty");
        parse("nipc serve -q -v --json");
        parse("nipc connect -qv --pretty");
    }

    #[test]
    fn numbers_are_whole_and_sensible() {
        parse("nipc serve --count 1 --max-connections 5 --max-frame 100 --timeout 0");
        parse("nipc connect --retry 0 --max-retries 0");
        for option in ["--count 0", "--count -1", "--count 1.5", "--count x", "--max-frame 0"] {
            refused(&format!("nipc serve {option}"));
        }
        for option in ["--timeout 1.5", "--timeout -1", "--max-connections 0"] {
            refused(&format!("nipc serve {option}"));
        }
        refused("nipc connect --retry 1s");
    }

    #[test]
    fn a_delimiter_may_begin_with_a_hyphen() {
        parse(r"nipc serve --delimiter --end--");
    }

    #[test]
    fn raw_mode_takes_the_encodings_there_are() {
        for name in ["utf8", "ascii", "latin1", "utf16le", "ucs2", "base64", "hex", "HEX"] {
            parse(&format!("nipc serve --raw --encoding {name}"));
            parse(&format!("nipc emit w text --encoding {name} --raw"));
        }
        refused("nipc connect --encoding hex");
        refused("nipc connect --raw --delimiter x");
        let error = Cli::try_parse_from("nipc serve --raw --encoding utf7".split(' '));
        let error = error.unwrap_err().to_string();
        assert!(error.contains("utf7") && error.contains("base64"), "{error}");
    }

    /// One that takes several swallows what follows it.
    #[test]
    fn no_option_takes_more_than_one_value_at_a_time() {
        let mut cli = Cli::command();
        cli.build();
        let mut commands: Vec<_> = cli.get_subcommands().collect();
        let mut options = 0;
        while let Some(command) = commands.pop() {
            commands.extend(command.get_subcommands());
            // The words after `help` are commands, and nothing follows them.
            if command.get_name() == "help" {
                continue;
            }
            for option in command.get_arguments() {
                let values = option.get_num_args().map_or(0, |range| range.max_values());
                assert!(values <= 1, "{} of {}", option.get_id(), command.get_name());
                options += values;
            }
        }
        assert!(options > 50, "{options}");
    }

    #[test]
    fn options_that_may_be_repeated_have_one_value_each_time() {
        let line = "nipc serve --profile assured --allow ping --allow pong w";
        let Command::Serve(serve) = parse(line) else { panic!("not serve") };
        assert_eq!(serve.id.as_deref(), Some("w"));
        parse("nipc connect --tls 1 --ca a.pem --ca b.pem w");
        for line in ["serve --allow", "serve --allow --profile assured", "connect --ca"] {
            let error = Cli::try_parse_from(["nipc"].into_iter().chain(line.split(' ')));
            let error = error.unwrap_err().to_string();
            assert!(error.contains("a value is required"), "{error}");
        }
        let error = Cli::try_parse_from("nipc serve w --profile assured --allow a b".split(' '));
        let error = error.unwrap_err().to_string();
        assert!(error.contains("unexpected argument 'b'"), "{error}");
    }

    #[test]
    fn a_client_may_say_who_it_is_and_what_it_wants() {
        let line = "nipc connect w --identity alice --subscribe price.* --subscribe news";
        let Command::Connect(connect) = parse(line) else { panic!("not connect") };
        assert_eq!(connect.hello.identity.as_deref(), Some("alice"));
        let patterns: Vec<_> = connect.subscribe.iter().map(Pattern::as_str).collect();
        assert_eq!(patterns, ["price.*", "news"]);
        refused("nipc connect --subscribe a..b");
        refused("nipc connect --subscribe >.a");
        refused("nipc serve --identity x");
        refused("nipc connect --token s3cret");
        refused("nipc connect --token-file x --token-env X");
        refused_together("nipc serve --raw --token-file x");
        refused_together("nipc serve --udp4 80 --token-file x");
        let hello = ["--identity x", "--token-file x", "--token-env X"];
        for command in ["connect", "emit w t", "request w t", "call w m", "bench"] {
            for hello in hello {
                parse(&format!("nipc {command} {hello}"));
                for place in ["--raw", "--udp4 80"] {
                    refused_together(&format!("nipc {command} {place} {hello}"));
                }
            }
        }
        refused_together("nipc connect --raw --subscribe x");
    }

    #[test]
    fn what_does_not_belong_to_a_command_is_refused() {
        refused("nipc connect --echo");
        refused("nipc connect --no-unlink");
        refused("nipc serve --retry 5");
        refused("nipc emit a b --count 1");
    }

    #[test]
    fn what_is_not_there_yet_is_refused() {
        for command in ["tap", "replay x"] {
            refused(&format!("nipc {command}"));
        }
    }
}
