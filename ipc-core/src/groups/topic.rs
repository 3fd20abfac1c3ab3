//! Topics: the names that something is published under, and what happens to who wants which.

use crate::{Pattern, PatternError, PeerId};

/// Why a text is no topic: a topic is what a [`Pattern`] without wildcards is, so that whoever wants it
/// can subscribe to it by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TopicError {
    /// It would be no pattern either: a token is empty, there are too many, or it is too long.
    #[error("the name cannot be a topic")]
    Pattern(#[source] PatternError),
    /// It is a pattern with wildcards, which stands for many topics.
    #[error("a topic has no wildcards, and token {number} is one")]
    Wildcard {
        /// Which token is a wildcard, counted from 1.
        number: usize,
    },
}

impl TopicError {
    /// Returns the error's code, which never changes: `invalid_topic`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "invalid_topic"
    }

    /// Checks that a text is a topic.
    pub(crate) fn check(topic: &str) -> Result<(), Self> {
        Pattern::check(topic).map_err(Self::Pattern)?;
        // What is left of wildcards is a token of its own.
        let wildcard = topic.split('.').position(|token| matches!(token, "*" | ">"));
        wildcard.map_or(Ok(()), |index| Err(Self::Wildcard { number: index + 1 }))
    }
}

/// What has happened to the subscriptions of a server's peers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum TopicEvent {
    /// A peer has subscribed to a pattern that it had not subscribed to.
    Subscribed {
        /// The peer.
        peer: PeerId,
        /// The pattern.
        pattern: Pattern,
    },
    /// A peer has ended a subscription, or has left the server.
    Unsubscribed {
        /// The peer.
        peer: PeerId,
        /// The pattern.
        pattern: Pattern,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_a_pattern_without_wildcards() {
        for topic in ["a", "price.EUR", &["t"; 16].join("."), &"€".repeat(256)] {
            assert_eq!(TopicError::check(topic), Ok(()), "{topic}");
        }
        let wildcard = |number| Err(TopicError::Wildcard { number });
        let pattern = |error| Err(TopicError::Pattern(error));
        for (topic, expected) in [
            ("*", wildcard(1)),
            ("price.>", wildcard(2)),
            ("price.*.bid", wildcard(2)),
            ("", pattern(PatternError::EmptyToken { number: 1 })),
            ("a..b", pattern(PatternError::EmptyToken { number: 2 })),
            ("a*", pattern(PatternError::PartOfToken { number: 1 })),
            (">.a", pattern(PatternError::NotLast { number: 1, tokens: 2 })),
            (&["t"; 17].join("."), pattern(PatternError::TooManyTokens { limit: 16, actual: 17 })),
            (&"a".repeat(257), pattern(PatternError::TooLong { limit: 256, actual: 257 })),
        ] {
            assert_eq!(TopicError::check(topic), expected, "{topic}");
        }
    }
}
