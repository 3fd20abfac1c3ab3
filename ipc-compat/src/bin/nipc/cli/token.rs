//! The option about the tokens that a server asks for.

use std::path::PathBuf;

use clap::Args;
use ipc_compat::Config;

/// The tokens that a server asks for.
#[derive(Debug, Args)]
pub(crate) struct Tokens {
    /// Let in only clients that show a token of this file: a JSON object of names, each with its token or
    /// a list of them, such as {"alice":"s3cret"}. Only its owner and its group may read it. Clients of
    /// node-ipc that do not say hello are refused after 5 s.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
}

impl Tokens {
    /// Returns what is wrong with the option.
    pub(crate) fn conflict(&self, raw: bool, udp: bool) -> Option<&'static str> {
        misplaced(self.token_file.is_some(), raw, udp)
    }

    /// Puts the option into the settings.
    pub(crate) fn set(self, config: &mut Config) {
        config.token_file = self.token_file;
    }
}

/// Returns why no token can be asked for or shown.
pub(super) fn misplaced(is_given: bool, raw: bool, udp: bool) -> Option<&'static str> {
    match () {
        () if !is_given => None,
        () if raw => Some("tokens have no meaning with --raw"),
        () if udp => Some("tokens have no meaning over UDP, where nothing connects"),
        () => None,
    }
}
