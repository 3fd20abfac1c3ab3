//! `SubscribeError`: why a client has not subscribed.

use crate::calls::CallError;
use crate::groups::{PatternError, TooManyPatterns};

/// Why a client has not subscribed, or not ended a subscription. What it keeps has not changed.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum SubscribeError {
    /// A text is no pattern. Nothing was sent.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// The client would have more patterns than it may. Nothing was sent.
    #[error(transparent)]
    TooMany(#[from] TooManyPatterns),
    /// The server was asked, or could not be.
    #[error(transparent)]
    Call(#[from] CallError),
}

impl SubscribeError {
    /// Returns a stable code, for programs; of a server's error the server's own.
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Pattern(error) => error.code(),
            Self::TooMany(error) => error.code(),
            Self::Call(error) => error.code(),
        }
    }
}
