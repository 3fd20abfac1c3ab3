//! The options of `ls`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Ls {
    /// Directory to look in, on Windows what its pipes' names begin with [default: /tmp and node-ipc 14's
    /// directories of the user].
    #[arg(long, value_name = "DIR")]
    pub(crate) socket_root: Option<PathBuf>,
    /// What names begin with [default: app. in /tmp, anything elsewhere].
    #[arg(long, value_name = "S")]
    pub(crate) appspace: Option<String>,
    /// Print lines of JSON, even on a terminal.
    #[arg(long, conflicts_with = "pretty")]
    pub(crate) json: bool,
    /// Print coloured lines for people, even if stdout is not a terminal.
    #[arg(long)]
    pub(crate) pretty: bool,
    /// Print nothing on stderr.
    #[arg(short, long)]
    pub(crate) quiet: bool,
}
