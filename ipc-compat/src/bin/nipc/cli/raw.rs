//! The options of raw mode.

use clap::Args;
use ipc_compat::{Config, Encoding};

/// The options of raw mode.
#[derive(Debug, Args)]
pub(crate) struct RawMode {
    /// Send and receive bytes instead of events.
    #[arg(long, conflicts_with_all = ["delimiter", "max_frame"])]
    pub(crate) raw: bool,
    /// How text becomes bytes in raw mode: utf8, ascii, latin1, utf16le, ucs2, base64 or hex
    /// [default: utf8].
    #[arg(long, value_name = "NAME", requires = "raw")]
    pub(crate) encoding: Option<Encoding>,
}

impl RawMode {
    /// Puts the options into the settings.
    pub(crate) fn set(&self, config: &mut Config) {
        config.raw_buffer = self.raw;
        config.encoding = self.encoding.unwrap_or_default();
    }
}
