//! Options of local sockets: whom to believe, and what to do when the file is lost.

use clap::Args;
use ipc_compat::Config;
use ipc_core::Error;
use ipc_transport::{TransportError, WhenDisplaced, user_id};

use crate::io::lines::{Line, chain};

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
    /// serve-on]. A line {"event":"displaced"} tells of it in any case; after stop the status is 2.
    #[arg(long, value_name = "WHAT", value_parser = str::parse::<WhenDisplaced>)]
    when_displaced: Option<WhenDisplaced>,
}

impl PeerUser {
    /// Returns what is wrong with the option for a socket of the network, or else a local one.
    pub(crate) fn conflict(&self, on_network: bool) -> Option<&'static str> {
        let misplaced = self.peer_user.is_some() && on_network;
        misplaced.then_some("--peer-user is for local sockets: a network tells no users")
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

/// Returns why a client has no connection, and the option that believes a server of another user.
pub(crate) fn why(error: &Error) -> String {
    match error {
        Error::Transport(TransportError::ForeignOwner { actual, .. }) => {
            format!("{}; --peer-user {actual} believes it", chain(error))
        }
        error => chain(error),
    }
}

/// Returns the line of an error of a client.
pub(crate) fn line(error: &Error) -> Line<'static> {
    match Line::error(error, None) {
        Line::Error { code, peer, .. } => Line::Error { code, message: why(error), peer },
        line => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_user_is_a_number_or_a_name_of_this_machine() {
        assert_eq!(user("1000"), Ok(1000));
        assert_eq!(user("root"), Ok(0));
        assert_eq!(user("no such user"), Err("there is no such user".into()));
        assert!(user("-1").is_err());
    }

    #[test]
    fn a_stranger_is_named_with_the_option_that_believes_it() {
        let path = "/tmp/app.world".into();
        let error = TransportError::ForeignOwner { path, expected: 1000, actual: 1001 };
        let error = Error::from(error);
        assert!(why(&error).ends_with("; --peer-user 1001 believes it"), "{}", why(&error));
    }
}
