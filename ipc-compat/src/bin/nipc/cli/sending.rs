//! The options of `emit` and `request`: one event, its data, and the server it is for.

use std::time::Duration;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::cli::common::{Common, Retrying};
use crate::cli::data::{self, Data};
use crate::cli::hello::HelloOptions;
use crate::cli::values::milliseconds;

#[derive(Debug, Args)]
pub(crate) struct Sending {
    /// Name of the server.
    #[arg(value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) id: String,
    /// Type of the event. With --raw the text to send, without DATA after it; also - for the bytes of
    /// stdin, @FILE for those of a file, and @@ for a text that begins with @.
    #[arg(value_name = "EVENT")]
    pub(crate) event: String,
    /// Its data: JSON, so a text is '"hello"' with both pairs of quotes; or - for all of stdin, or
    /// @FILE for what is in a file.
    #[arg(value_name = "DATA", value_parser = data::parse, allow_negative_numbers = true)]
    pub(crate) data: Option<Data>,
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) retrying: Retrying,
    #[command(flatten)]
    pub(crate) hello: HelloOptions,
    /// Taken for the sake of `connect`; one event has nothing to wait for.
    #[arg(long, hide = true)]
    pub(crate) sync: bool,
    /// Taken for the sake of `connect`; no line of JSON is printed.
    #[arg(long, hide = true, conflicts_with = "pretty")]
    pub(crate) json: bool,
    /// Taken for the sake of `connect`; no line of JSON is printed.
    #[arg(long, hide = true)]
    pub(crate) pretty: bool,
    /// Print nothing on stderr either.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

impl Sending {
    /// Returns what is wrong with the options together.
    pub(crate) fn conflict(&self) -> Option<&'static str> {
        let (raw, udp) = (self.common.raw.raw, self.common.udp.kind().is_some());
        self.hello.conflict(raw, udp).or_else(|| self.common.conflict(false))
    }
}

#[derive(Debug, Args)]
pub(crate) struct Emit {
    #[command(flatten)]
    pub(crate) sending: Sending,
    /// Wait up to this time for the server to close its side too, which shows that it has read the
    /// event; exit with status 2 if it does not. Without this nipc waits a second,
    /// and does not report a server that did not close.
    #[arg(long, value_name = "MS", value_parser = milliseconds)]
    pub(crate) flush: Option<Duration>,
}

impl Emit {
    /// Returns what is wrong with the options together.
    pub(crate) fn conflict(&self) -> Option<&'static str> {
        let common = &self.sending.common;
        let on_pipe = cfg!(windows) && common.udp.kind().is_none() && !common.is_on_tcp();
        let why = match self.flush {
            Some(_) if common.udp.kind().is_some() => {
                Some("--flush has no meaning over UDP, which has no connections to close")
            }
            Some(_) if on_pipe => {
                Some("--flush has no meaning over a pipe, which one side closes for both")
            }
            _ => None,
        };
        why.or_else(|| self.sending.conflict())
    }
}

#[derive(Debug, Args)]
pub(crate) struct Request {
    #[command(flatten)]
    pub(crate) sending: Sending,
    /// Type of the answer [default: that of the question]; see --match for greetings of this type.
    #[arg(long, value_name = "EVENT")]
    pub(crate) answer: Option<String>,
    /// Accept only an answer whose data have this member with the value it has in the question's data.
    /// Without it a greeting of the answer's type that arrives after the question is written is taken
    /// for the answer.
    #[arg(long = "match", value_name = "MEMBER")]
    pub(crate) matching: Option<String>,
}
