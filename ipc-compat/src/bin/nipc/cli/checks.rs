//! How much is checked: the options of node-ipc 14's profiles.

use clap::Args;
use ipc_compat::{Config, Profile};

/// How much is checked.
#[derive(Debug, Args)]
pub(crate) struct Checks {
    /// How much is checked: fast, guarded or assured, as node-ipc 14 has it [default: fast].
    #[arg(long, value_name = "NAME", value_parser = str::parse::<Profile>)]
    profile: Option<Profile>,
    /// Only this event is sent and received, and others that are named in the same way; for --profile
    /// assured, which needs them.
    #[arg(long, value_name = "EVENT", requires = "profile")]
    allow: Vec<String>,
    /// Take the member `id` of a payload for its sender's name, as classic always does.
    #[arg(long)]
    identify_peer: bool,
}

impl Checks {
    /// Returns what is wrong with the options together.
    pub(crate) fn conflict(&self) -> Option<&'static str> {
        let ignored = !self.allow.is_empty() && self.profile != Some(Profile::Assured);
        ignored.then_some("--allow has no meaning without --profile assured")
    }

    /// Puts the options into the settings.
    pub(crate) fn set(&self, config: &mut Config) {
        config.parser = self.profile.unwrap_or_default();
        config.allowed_events = self.allow.iter().cloned().collect();
        config.identify_peer = self.identify_peer;
    }
}
