//! The options that several commands take.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};
use ipc_codec::Delimiter;
use ipc_compat::{Dialect, Retries};

use crate::cli::checks::Checks;
use crate::cli::keepalive::KeepaliveOption;
use crate::cli::local::PeerUser;
use crate::cli::port::{Tcp, tcp};
use crate::cli::raw::RawMode;
use crate::cli::tls::TlsOptions;
use crate::cli::udp::Udp;
use crate::cli::values::{delimiter, milliseconds, positive, retries};

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
    /// no server there looks in the other one, too].
    #[arg(long, value_name = "DIR")]
    pub(crate) socket_root: Option<PathBuf>,
    /// Prefix of ID in the name of the local socket [default: app.].
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
    /// Report on stderr what happens.
    #[arg(short, long)]
    pub(crate) verbose: bool,
}

impl Common {
    /// Returns what is wrong with the options together, for a server or else a client.
    pub(crate) fn conflict(&self, serves: bool) -> Option<&'static str> {
        let conflict =
            self.peer_user.conflict(self.is_on_network()).or_else(|| self.checks.conflict());
        let conflict = conflict.or_else(|| self.tls.conflict(serves));
        let conflict = conflict.or_else(|| self.keepalive.conflict(self.is_on_tcp()));
        conflict.or_else(|| self.udp.conflict())
    }

    /// Returns whether the endpoint is a port, of TCP or UDP.
    pub(crate) fn is_on_network(&self) -> bool {
        self.is_on_tcp() || self.udp.kind().is_some()
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
    /// Returns the local socket as node-ipc's calls take it: an abstract name follows a NUL.
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
    /// Print coloured lines for people, even if stdout is not a terminal.
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
