//! The command line of `nipc`.

pub(crate) mod checks;
pub(crate) mod escape;
pub(crate) mod help;
pub(crate) mod keepalive;
pub(crate) mod local;
pub(crate) mod port;
pub(crate) mod raw;
pub(crate) mod tls;
pub(crate) mod udp;
pub(crate) mod values;

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::error::ErrorKind;
use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use ipc_codec::Delimiter;
use ipc_compat::{Dialect, Retries};

use crate::cli::checks::Checks;
use crate::cli::help::{EXIT_STATUS, STDIN};
use crate::cli::keepalive::KeepaliveOption;
use crate::cli::local::{PeerUser, WhenLost};
use crate::cli::port::{Tcp, tcp};
use crate::cli::raw::RawMode;
use crate::cli::tls::TlsOptions;
use crate::cli::udp::Udp;
use crate::cli::values::{delimiter, milliseconds, positive, retries};
use crate::commands::bench::Bench;
use crate::commands::emit::Emit;
use crate::commands::ls::Ls;
use crate::commands::request::Request;

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
    /// List the local endpoints there are; no server notices.
    Ls(Ls),
    /// Measure a server that echoes, and print the figures as JSON.
    Bench(Box<Bench>),
}

impl Cli {
    /// Refuses options that each make sense, but not together.
    pub(crate) fn checked(self) -> Result<Self, clap::Error> {
        let conflict = match &self.command {
            Command::Serve(args) => args.common.conflict(true),
            Command::Connect(args) => args.common.conflict(false),
            Command::Emit(args) => args.conflict(),
            Command::Request(args) => args.sending.common.conflict(false),
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
    /// Serve at most N clients at a time [default: 100].
    #[arg(long, value_name = "N", value_parser = positive)]
    pub(crate) max_connections: Option<usize>,
    /// Do not replace the socket file that a dead server left behind.
    #[arg(long)]
    pub(crate) no_unlink: bool,
    /// At the end of stdin send what waits and exit, as after {"do":"stop"}.
    #[arg(long)]
    pub(crate) exit_with_stdin: bool,
    #[command(flatten)]
    pub(crate) when_lost: WhenLost,
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
    /// At the end of stdin send what waits and exit, as after {"do":"close"}.
    #[arg(long)]
    pub(crate) exit_with_stdin: bool,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(crate) struct Common {
    #[command(flatten)]
    pub(crate) place: Place,
    #[command(flatten)]
    pub(crate) udp: Udp,
    #[command(flatten)]
    pub(crate) keepalive: KeepaliveOption,
    #[command(flatten)]
    pub(crate) tls: TlsOptions,
    #[command(flatten)]
    pub(crate) checks: Checks,
    /// Directory of the local socket [default: /tmp; v14: that of the user. A client that finds
    /// nobody there looks in the other one, too].
    #[arg(long, value_name = "DIR")]
    pub(crate) socket_root: Option<PathBuf>,
    /// What stands before ID in the name of the local socket [default: app.].
    #[arg(long, value_name = "S")]
    pub(crate) appspace: Option<String>,
    /// Family of node-ipc versions to behave like: classic is 8 to 12.
    #[arg(long, value_name = "NAME", default_value = "classic")]
    pub(crate) dialect: DialectName,
    /// What ends a frame; \n \r \t \f \x1e \u{...} \\ work [default: \f].
    #[arg(long, value_name = "S", value_parser = delimiter, allow_hyphen_values = true)]
    pub(crate) delimiter: Option<Delimiter>,
    /// Largest frame to receive or send [default: 16777216].
    #[arg(long, value_name = "BYTES", value_parser = positive)]
    pub(crate) max_frame: Option<usize>,
    #[command(flatten)]
    pub(crate) raw: RawMode,
    #[command(flatten)]
    pub(crate) peer_user: PeerUser,
    /// Exit with status 3 after this time.
    #[arg(long, value_name = "MS", value_parser = milliseconds)]
    pub(crate) timeout: Option<Duration>,
    /// Tell on stderr what happens.
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

impl Common {
    /// Returns what is wrong with the options together, for a server or else a client.
    pub(crate) fn conflict(&self, serves: bool) -> Option<&'static str> {
        let on_network = self.is_on_tcp() || self.udp.kind().is_some();
        let conflict = self.peer_user.conflict(on_network).or_else(|| self.checks.conflict());
        let conflict = conflict.or_else(|| self.tls.conflict(serves));
        let conflict = conflict.or_else(|| self.keepalive.conflict(self.is_on_tcp()));
        conflict.or_else(|| self.udp.conflict())
    }

    /// Returns whether the endpoint is a TCP port, with TLS or without.
    pub(crate) const fn is_on_tcp(&self) -> bool {
        self.place.tcp.is_some() || self.tls.is_asked()
    }
}

/// The endpoint; without one, the local socket named by socket root, appspace and ID.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct Place {
    /// Local socket at this path.
    #[arg(long, value_name = "PATH")]
    pub(crate) path: Option<PathBuf>,
    /// Name of a local socket without a file; Linux only.
    #[arg(long = "abstract", value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) abstract_name: Option<String>,
    /// TCP port, of 127.0.0.1 unless there is a HOST; serve takes 0 for a free one.
    #[arg(long, value_name = "[HOST:]PORT", value_parser = tcp)]
    pub(crate) tcp: Option<Tcp>,
}

impl Place {
    /// Returns the local socket as node-ipc's calls take it: an abstract name is one behind a NUL.
    pub(crate) fn local(&self) -> Option<PathBuf> {
        let name = self.abstract_name.as_ref().map(|name| PathBuf::from(format!("\0{name}")));
        self.path.clone().or(name)
    }
}

/// What is printed, and how.
#[derive(Debug, Args)]
pub(crate) struct Printing {
    /// Exit after N received messages.
    #[arg(long, value_name = "N", value_parser = positive)]
    pub(crate) count: Option<usize>,
    /// Print lines of JSON, even on a terminal.
    #[arg(long, conflicts_with = "pretty")]
    pub(crate) json: bool,
    /// Print coloured lines for people, even if stdout is no terminal.
    #[arg(long)]
    pub(crate) pretty: bool,
    /// Print only messages and errors.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Retrying {
    /// Pause before the next attempt to connect [default: 500].
    #[arg(long, value_name = "MS", value_parser = milliseconds)]
    pub(crate) retry: Option<Duration>,
    /// How often to try again [default: inf; emit, request: 0 unless --retry is given].
    #[arg(long, value_name = "N|inf", value_parser = retries)]
    pub(crate) max_retries: Option<Retries>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DialectName {
    Classic,
    V14,
}

impl From<DialectName> for Dialect {
    fn from(name: DialectName) -> Self {
        match name {
            DialectName::Classic => Self::Classic,
            DialectName::V14 => Self::V14,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::source::Data;

    #[track_caller]
    fn parse(line: &str) -> Command {
        Cli::try_parse_from(line.split(' ')).unwrap().command
    }

    #[track_caller]
    fn refused(line: &str) {
        assert!(Cli::try_parse_from(line.split(' ')).is_err(), "{line}");
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
            // The words behind `help` are commands, and nothing follows them.
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
