//! `ControlEvents`: which messages of a connection may be calls and answers.

use bytes::Bytes;

use super::ReservedEvents;
use crate::options::ConnectionConfig;
use crate::{Message, MessageFormat};

/// Which messages of a connection may be calls and answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ControlEvents {
    None,
    /// Those of events that begin with `$`.
    Reserved,
    Any,
}

impl ControlEvents {
    pub(crate) fn of(format: &impl MessageFormat, config: &ConnectionConfig) -> Self {
        match format.calls() {
            Some(_) if config.calls.reserved_events == ReservedEvents::Ordinary => Self::None,
            Some(format) if format.uses_any_event() => Self::Any,
            Some(_) => Self::Reserved,
            None => Self::None,
        }
    }

    /// Returns whether the frame begins as calls and answers of this format do.
    #[inline]
    pub(crate) fn begins(self, format: &impl MessageFormat, frame: &[u8]) -> bool {
        format.begins_call(frame) && self == Self::Reserved
    }

    /// Returns whether the message may be a call or an answer: one comparison for most.
    #[inline]
    pub(crate) fn may_be(self, message: &Message) -> bool {
        match self {
            Self::Reserved => message.event_bytes().first() == Some(&b'$'),
            Self::None => false,
            Self::Any => true,
        }
    }

    /// Returns the messages in frames that were not written, without calls and answers: a call that was
    /// not sent is handed back by its own error.
    pub(crate) fn undelivered<F: MessageFormat>(
        self,
        format: &F,
        frames: impl IntoIterator<Item = Bytes>,
    ) -> Vec<Message> {
        let calls = format.calls().filter(|_| self != Self::None);
        let messages = frames.into_iter().map(|frame| Message::of_frame(format, frame));
        messages
            .filter(|message| calls.is_none_or(|calls| calls.control(message).is_none()))
            .collect()
    }
}
