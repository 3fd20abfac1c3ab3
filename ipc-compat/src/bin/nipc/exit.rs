//! `Exit`: what the exit status of `nipc` says.

use std::process::ExitCode;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything asked for was done.
    Done,
    /// The command line asks for something that cannot be.
    Usage,
    /// It could not connect or listen, or messages or stdout could not be written.
    Failed,
    /// The time ran out.
    TimeRanOut,
    /// The peer broke the protocol and the connection ended for it.
    Protocol,
    /// The method that was called failed.
    Remote,
    /// `ls` found a socket that clients cannot use, or should not, or that is open to every user.
    Wrong,
}

impl Exit {
    /// Returns the exit status.
    pub(crate) fn status(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Usage => 1,
            Self::Failed => 2,
            Self::TimeRanOut => 3,
            Self::Protocol => 4,
            Self::Remote => 5,
            Self::Wrong => 7,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.status())
    }
}
