//! What handlers may fail with: conversions into a `Failure`.

use std::error::Error;

use crate::protocol::calls::{Failure, MAX_STREAMS};
use crate::{CallError, EmitError, FormatError, SinkError};

/// An error of no particular code: `error`.
impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::new(DEFAULT_CODE, message)
    }
}

/// An error of no particular code: `error`.
impl From<&str> for Failure {
    fn from(message: &str) -> Self {
        Self::new(DEFAULT_CODE, message)
    }
}

/// An error of no particular code, `error`, with the messages of its causes.
impl From<Box<dyn Error + Send + Sync>> for Failure {
    fn from(error: Box<dyn Error + Send + Sync>) -> Self {
        Self::of(&*error)
    }
}

/// An error of no particular code, `error`, with the messages of its causes.
impl From<Box<dyn Error>> for Failure {
    fn from(error: Box<dyn Error>) -> Self {
        Self::of(&*error)
    }
}

/// An error of no particular code: `error`.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::of(&error)
    }
}

/// Keeps the code, with the messages of the error and its causes.
impl From<FormatError> for Failure {
    fn from(error: FormatError) -> Self {
        Self::new(error.code(), with_causes(&error))
    }
}

/// Keeps the code, with the messages of the error and its causes.
impl From<EmitError> for Failure {
    fn from(error: EmitError) -> Self {
        Self::new(error.code(), with_causes(&error))
    }
}

/// Keeps the code, with the messages of the error and its causes.
impl From<SinkError> for Failure {
    fn from(error: SinkError) -> Self {
        Self::new(error.code(), with_causes(&error))
    }
}

/// Passes on what a call of this side failed with: a peer's failure as it came, another error by its
/// code, with the messages of the error and its causes.
impl From<CallError> for Failure {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Remote(failure) => *failure,
            error => Self::new(error.code(), with_causes(&error)),
        }
    }
}

impl Failure {
    /// Returns the failure that says what this error and its causes say, with the code `error`.
    #[must_use]
    pub fn of(error: &dyn Error) -> Self {
        Self::new(DEFAULT_CODE, with_causes(error))
    }

    /// Returns the failure that says that there is no method of this name: `unknown_method`. It tells
    /// the asker that nothing was run.
    #[must_use]
    pub fn unknown_method(method: &str) -> Self {
        Self::new("unknown_method", format!("there is no method {method:?}"))
    }

    /// Returns the failure that says that the arguments are not what the method takes, and with the
    /// messages of the error and its causes why: `invalid_args`. It tells the asker that nothing was run.
    #[must_use]
    pub fn invalid_args(error: &FormatError) -> Self {
        Self::new("invalid_args", with_causes(error))
    }

    pub(crate) fn denied(message: &str) -> Self {
        Self::new("denied", message)
    }

    pub(crate) fn call_denied(method: &str) -> Self {
        Self::denied(&format!("the method {method:?} may not be called"))
    }

    pub(crate) fn busy(limit: usize) -> Self {
        Self::new("busy", format!("{limit} calls run, which is the limit"))
    }

    pub(crate) fn busy_with_streams() -> Self {
        Self::new("busy", format!("{MAX_STREAMS} streams run, which is the limit"))
    }

    pub(crate) fn needs_stream(method: &str) -> Self {
        Self::new("needs_stream", format!("{method:?} answers with a stream"))
    }

    pub(crate) fn closing() -> Self {
        Self::new("closing", "the connection is about to close")
    }

    pub(crate) fn expired() -> Self {
        Self::new("deadline", "the time of the call is over")
    }

    /// Returns what to answer instead of a result that could not be sent; `None` if nothing can be.
    pub(crate) fn instead_of_result(error: EmitError) -> Option<Self> {
        match error {
            EmitError::Closed | EmitError::Full(_) => None,
            EmitError::TooLarge { .. }
            | EmitError::TooLargeForDatagram { .. }
            | EmitError::Encode(_) => Some(Self::new("too_large", with_causes(&error))),
            error => Some(error.into()),
        }
    }
}

/// Returns the error that is reported when a call has the number of one that runs.
pub(crate) fn duplicate() -> FormatError {
    FormatError::new("duplicate_call", "a call has the number of one that runs")
}

/// Returns what the error and its causes say: the peer gets a text, and no `source` to ask.
fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// The code of an error that has none.
const DEFAULT_CODE: &str = "error";
