//! The options about what a client says of itself, with the first frame of each connection.

use std::error::Error;
use std::path::PathBuf;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use ipc_compat::{Config, read_token};
use ipc_core::{Hello, Token};

use crate::cli::token::misplaced;

/// What a client says of itself.
#[derive(Debug, Args)]
pub(crate) struct HelloOptions {
    /// Tell the server who this is, with the first frame of each connection. A server that is not of
    /// this library may ignore it.
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) identity: Option<String>,
    /// Show the server the token in this file, of one line. Only its owner and its group may read it.
    /// There is no option for the token itself: every user of the machine can read the command lines of
    /// all processes, and shells keep them.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Show the server the token in this environment variable.
    #[arg(long, value_name = "NAME", conflicts_with = "token_file")]
    token_env: Option<String>,
}

impl HelloOptions {
    /// Returns what is wrong with the options.
    pub(crate) fn conflict(&self, raw: bool, udp: bool) -> Option<&'static str> {
        match self.identity {
            Some(_) if raw => Some("--identity has no meaning with --raw"),
            Some(_) if udp => Some("--identity has no meaning over UDP, where nothing connects"),
            _ => misplaced(self.token_file.is_some() || self.token_env.is_some(), raw, udp),
        }
    }

    /// Puts the options into the settings.
    ///
    /// # Errors
    ///
    /// What is wrong with the file or the variable, without what is in it.
    pub(crate) fn set(&self, config: &mut Config) -> Result<(), Box<dyn Error>> {
        let token = self.token()?;
        if self.identity.is_none() && token.is_none() {
            return Ok(());
        }
        let hello = self.identity.clone().map_or(Hello::unnamed(), Hello::new);
        config.hello = Some(match token {
            Some(token) => hello.token(token),
            None => hello,
        });
        Ok(())
    }

    #[expect(clippy::disallowed_methods, reason = "the user names the variable")]
    fn token(&self) -> Result<Option<Token>, Box<dyn Error>> {
        if let Some(path) = &self.token_file {
            return Ok(Some(read_token(path)?));
        }
        let Some(name) = &self.token_env else { return Ok(None) };
        match std::env::var(name) {
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
