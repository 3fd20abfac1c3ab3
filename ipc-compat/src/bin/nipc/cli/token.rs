//! The options about tokens: those that a server asks for, and the one that a client shows.

use std::error::Error;
use std::path::PathBuf;

use clap::Args;
use ipc_compat::{Config, read_token};
use ipc_core::Token;

/// The tokens that a server asks for.
#[derive(Debug, Args)]
pub(crate) struct Tokens {
    /// Let in only clients that show a token of this file: a JSON object of names, each with its token or
    /// a list of them, such as {"alice":"s3cret"}. Only its owner and its group may read it. Clients of
    /// node-ipc that do not say hello are refused after 5 s.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
}

/// The token that a client shows.
#[derive(Debug, Args)]
pub(crate) struct OwnToken {
    /// Show the server the token in this file, of one line. Only its owner and its group may read it.
    /// There is no option for the token itself: every user of the machine can read the command lines of
    /// all processes, and shells keep them.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Show the server the token in this environment variable.
    #[arg(long, value_name = "NAME", conflicts_with = "token_file")]
    token_env: Option<String>,
}

impl Tokens {
    /// Returns what is wrong with the option.
    pub(crate) fn conflict(&self, raw: bool, udp: bool) -> Option<&'static str> {
        let is_given = self.token_file.is_some();
        misplaced(is_given, raw, udp)
    }

    /// Puts the option into the settings.
    pub(crate) fn set(self, config: &mut Config) {
        config.token_file = self.token_file;
    }
}

impl OwnToken {
    /// Returns what is wrong with the options.
    pub(crate) fn conflict(&self, raw: bool, udp: bool) -> Option<&'static str> {
        misplaced(self.token_file.is_some() || self.token_env.is_some(), raw, udp)
    }

    /// Returns the token, if there is one.
    ///
    /// # Errors
    ///
    /// What is wrong with the file or the variable, without what is in it.
    #[expect(clippy::disallowed_methods, reason = "the user names the variable")]
    pub(crate) fn read(self) -> Result<Option<Token>, Box<dyn Error>> {
        if let Some(path) = self.token_file {
            return Ok(Some(read_token(path)?));
        }
        let Some(name) = self.token_env else { return Ok(None) };
        match std::env::var(&name) {
            Ok(token) if !token.is_empty() => Ok(Some(token.into())),
            Ok(_) => Err(format!("the environment variable {name} is empty").into()),
            // What it says of text that is no Unicode would show it.
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(format!("the environment variable {name} is no text").into())
            }
            Err(std::env::VarError::NotPresent) => {
                Err(format!("there is no environment variable {name}").into())
            }
        }
    }
}

fn misplaced(is_given: bool, raw: bool, udp: bool) -> Option<&'static str> {
    match () {
        () if !is_given => None,
        () if raw => Some("tokens have no meaning with --raw"),
        () if udp => Some("tokens have no meaning over UDP, where nothing connects"),
        () => None,
    }
}
