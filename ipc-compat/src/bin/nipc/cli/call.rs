//! The options of `call` and those of `serve` about calls.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use ipc_compat::layouts::{self, Layout};

use crate::cli::sending::Sending;
use crate::cli::values::milliseconds;

#[derive(Debug, Args)]
#[command(mut_arg("event", |arg| arg.value_name("METHOD").help("Name of the method")))]
#[command(mut_arg("data", |arg| arg.value_name("ARGS").help(
    "Its arguments: JSON, or - for all of stdin, or @FILE for what is in a file [default: null]"
)))]
pub(crate) struct Call {
    #[command(flatten)]
    pub(crate) sending: Sending,
    /// Exit with status 3 if there is no result, or no next item, within this time [default: 30000].
    #[arg(long, value_name = "MS", value_parser = milliseconds)]
    pub(crate) within: Option<Duration>,
    /// Print the items that the method answers with, a line each.
    #[arg(long)]
    pub(crate) stream: bool,
    /// Send the call without a number: it is not answered.
    #[arg(long, conflicts_with_all = ["stream", "within"])]
    pub(crate) notice: bool,
    #[command(flatten)]
    pub(crate) layout: LayoutOption,
}

#[derive(Debug, Args)]
pub(crate) struct LayoutOption {
    /// Form of calls, if it is not $call and $answer: that of another library.
    #[arg(long, value_name = "NAME")]
    layout: Option<LayoutName>,
}

/// How `serve` answers calls.
#[derive(Debug, Args)]
pub(crate) struct Answering {
    /// Answer calls as this file says: a JSON object whose members are methods, each of
    /// {"ok":VALUE}, {"error":{"code":..,"message":..}}, {"stream":[..]}, {"echo":true} and
    /// {"silent":true}. Calls are printed.
    #[arg(long, value_name = "FILE")]
    pub(crate) methods: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) layout: LayoutOption,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LayoutName {
    Json,
    Requests,
    Done,
    ById,
    Dmno,
    State,
}

impl Call {
    /// Returns what is wrong with the options together.
    pub(crate) fn conflict(&self) -> Option<&'static str> {
        let common = &self.sending.common;
        let why = match () {
            () if common.raw.raw => Some("--raw has no methods to call"),
            () if self.stream && common.udp.kind().is_some() => {
                Some("--stream has no meaning over UDP, where items would be lost")
            }
            () => None,
        };
        why.or_else(|| self.sending.conflict())
    }
}

impl LayoutOption {
    /// Returns the layout of calls: `answering` are the methods of this side.
    pub(crate) fn layout(&self, answering: &[String]) -> Option<Arc<dyn Layout>> {
        Some(match self.layout? {
            LayoutName::Json => Arc::new(layouts::json()),
            LayoutName::Requests => Arc::new(layouts::requests()),
            LayoutName::Done => Arc::new(layouts::done().answering(answering)),
            LayoutName::ById => Arc::new(layouts::by_id("request")),
            LayoutName::Dmno => Arc::new(layouts::dmno()),
            LayoutName::State => Arc::new(layouts::state("nipc")),
        })
    }
}
