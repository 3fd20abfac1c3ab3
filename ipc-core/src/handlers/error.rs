//! `HandlerError`: what went wrong in a handler.

use std::fmt;

use crate::{FormatError, Message};

/// What went wrong in a handler. The other handlers are called all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandlerError {
    /// The handler panicked.
    Panicked {
        /// The event whose handler it is; `*` if it is one of every event: what a peer called its
        /// event is in no error.
        event: String,
        /// The panic's message, if it had one.
        message: String,
    },
    /// The payload is not what the handler takes; the handler was not called.
    Payload {
        /// The event whose handler it is.
        event: String,
        /// Why the payload could not be read.
        source: FormatError,
    },
    /// The message has no payload, and its handler takes none without one; it was not called.
    NoPayload {
        /// The event whose handler it is.
        event: String,
        /// What the format says of it.
        source: FormatError,
    },
}

impl HandlerError {
    /// Returns the error of a payload that could not be read as what is asked for.
    pub(crate) fn payload(event: String, message: &Message, source: FormatError) -> Self {
        match message.payload() {
            None => Self::NoPayload { event, source },
            Some(_) => Self::Payload { event, source },
        }
    }

    /// Returns a stable code, for programs: `handler_panicked`, or that of the [`FormatError`].
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Panicked { .. } => "handler_panicked",
            Self::Payload { source, .. } | Self::NoPayload { source, .. } => source.code(),
        }
    }
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panicked { event, message } => {
                write!(f, "a handler of {event:?} panicked: {message}")
            }
            Self::Payload { event, .. } => {
                write!(f, "the payload of {event:?} is not what its handler takes")
            }
            Self::NoPayload { event, .. } => {
                write!(f, "a message {event:?} has no payload, which its handler needs")
            }
        }
    }
}

impl std::error::Error for HandlerError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Panicked { .. } => None,
            Self::Payload { source, .. } | Self::NoPayload { source, .. } => Some(source),
        }
    }
}
