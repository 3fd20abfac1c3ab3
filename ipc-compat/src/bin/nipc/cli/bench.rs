//! The options of `bench`.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::cli::common::{Common, Retrying};
use crate::cli::hello::HelloOptions;
use crate::cli::values::positive;

#[derive(Debug, Args)]
pub(crate) struct Bench {
    /// Name of the server [default: the machine's name].
    #[arg(value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) id: Option<String>,
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(flatten)]
    pub(crate) retrying: Retrying,
    #[command(flatten)]
    pub(crate) hello: HelloOptions,
    /// Bytes of text in each message, beside its number.
    #[arg(long, value_name = "BYTES", default_value_t = 64)]
    pub(crate) payload: usize,
    /// Messages in flight at a time.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = positive)]
    pub(crate) in_flight: usize,
    /// Round trips to measure.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = positive)]
    pub(crate) count: usize,
    /// Round trips before them, unmeasured [default: a tenth of --count].
    #[arg(long, value_name = "N")]
    pub(crate) warmup: Option<usize>,
    /// Type of the event that is sent, and of the answers.
    #[arg(long, value_name = "NAME", default_value = "message")]
    pub(crate) event: String,
    /// Call this method, which returns its arguments, instead of sending events.
    #[arg(long, value_name = "METHOD", conflicts_with = "event")]
    pub(crate) call: Option<String>,
    /// Say nothing on stderr, and show no progress.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

impl Bench {
    /// Returns what is wrong with the options together.
    pub(crate) fn conflict(&self) -> Option<&'static str> {
        let raw = self.common.raw.raw.then_some("bench sends events, of which --raw has none");
        let udp = self.common.udp.kind().is_some();
        raw.or_else(|| self.hello.conflict(false, udp)).or_else(|| self.common.conflict(false))
    }
}
