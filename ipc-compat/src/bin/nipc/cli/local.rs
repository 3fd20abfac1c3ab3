//! Options of local sockets: whom to believe, and what to do when the file is lost.

use clap::Args;
use ipc_compat::Config;
use ipc_transport::{WhenDisplaced, user_id};

/// Whom to believe at the other end.
#[derive(Debug, Args)]
pub(crate) struct PeerUser {
    /// The user that the other side of a local socket has to be, by name or number. A client then
    /// believes that user's server, in /tmp too; a server takes only that user's clients.
    #[arg(long, value_name = "NAME|UID", value_parser = user)]
    peer_user: Option<u32>,
}

/// What a server does when its file is lost.
#[derive(Debug, Args)]
pub(crate) struct WhenLost {
    /// What to do when the socket file was removed or replaced: serve-on, remake, stop [default:
    /// serve-on]. A line {"event":"displaced"} is printed in any case; after stop the status is 2.
    #[arg(long, value_name = "WHAT", value_parser = str::parse::<WhenDisplaced>)]
    when_displaced: Option<WhenDisplaced>,
}

impl PeerUser {
    /// Returns what is wrong with the option for a socket of the network, or else a local one.
    pub(crate) fn conflict(&self, on_network: bool) -> Option<&'static str> {
        let misplaced = self.peer_user.is_some() && on_network;
        misplaced.then_some("--peer-user is for local sockets: a network does not identify users")
    }

    /// Puts the option into the settings.
    pub(crate) fn set(&self, config: &mut Config) {
        config.peer_user = self.peer_user;
    }
}

impl WhenLost {
    /// Puts the option into the settings.
    pub(crate) fn set(&self, config: &mut Config) {
        config.when_displaced = self.when_displaced.unwrap_or_default();
    }
}

fn user(text: &str) -> Result<u32, String> {
    if let Ok(number) = text.parse() {
        return Ok(number);
    }
    match user_id(text) {
        Ok(Some(number)) => Ok(number),
        Ok(None) => Err("there is no such user".into()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_a_number_or_a_name_of_this_machine() {
        assert_eq!(user("1000"), Ok(1000));
        assert_eq!(user("root"), Ok(0));
        assert_eq!(user("no such user"), Err("there is no such user".into()));
        assert!(user("-1").is_err());
    }
}
