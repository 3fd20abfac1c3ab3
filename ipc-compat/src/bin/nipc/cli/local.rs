//! Options of local sockets: whom to believe, and what to do when the file is lost.

use clap::Args;
use ipc_compat::Config;
use ipc_transport::WhenDisplaced;

use crate::cli::access::user;

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
