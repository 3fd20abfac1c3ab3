//! `Subscriptions`: what a client has subscribed to, keeps, and asks each further connection for.

use std::collections::BTreeSet;

use super::{Pattern, PatternError, PatternLimits, TooManyPatterns};
use crate::calls::CallError;
use crate::error::Error;
use crate::protocol::builtin::{SUB, UNSUB, Value};

/// The patterns that a client has subscribed to.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    patterns: BTreeSet<Pattern>,
}

/// What a client asks of its server, and keeps once that has answered.
#[derive(Debug, Clone)]
pub(crate) enum Wish {
    Add(BTreeSet<Pattern>),
    Remove(BTreeSet<Pattern>),
    RemoveAll,
}

impl Subscriptions {
    /// Returns the patterns, in the order of their texts.
    pub(crate) fn list(&self) -> Vec<Pattern> {
        self.patterns.iter().cloned().collect()
    }

    /// Checks that the client does not have more patterns than it may once the wish is granted.
    pub(crate) fn check(&self, wish: &Wish) -> Result<(), TooManyPatterns> {
        let Wish::Add(more) = wish else { return Ok(()) };
        let limit = PatternLimits::default().per_id;
        let actual = self.patterns.union(more).count();
        if actual > limit { Err(TooManyPatterns::PerId { limit, actual }) } else { Ok(()) }
    }

    /// Handles that the server has granted a wish.
    pub(crate) fn apply(&mut self, wish: Wish) {
        match wish {
            Wish::Add(more) => self.patterns.extend(more),
            Wish::Remove(these) => self.patterns.retain(|pattern| !these.contains(pattern)),
            Wish::RemoveAll => self.patterns.clear(),
        }
    }

    /// Asks a new connection for what is kept, with one call unless that is too large for a frame: `ask`
    /// makes a call with these arguments. Returns what it has returned.
    pub(crate) fn ask_again<T>(
        &self,
        mut ask: impl FnMut(&Value) -> Result<T, CallError>,
    ) -> Result<Vec<T>, Error> {
        let (mut asked, mut parts) = (Vec::new(), vec![self.list()]);
        while let Some(mut part) = parts.pop() {
            if part.is_empty() {
                continue;
            }
            match ask(&to_value(&part)) {
                Ok(one) => asked.push(one),
                Err(CallError::NotSent(_)) if part.len() > 1 => {
                    parts.push(part.split_off(part.len() / 2));
                    parts.push(part);
                }
                Err(error) => return Err(Error::NotSubscribed(error)),
            }
        }
        Ok(asked)
    }

    /// Returns what to report of the outcome of such a call.
    pub(crate) fn asked_again(outcome: Result<Value, CallError>) -> Option<Error> {
        match outcome {
            // A lost connection is reported as such, and the next is asked.
            Ok(_) | Err(CallError::Disconnected { .. } | CallError::Closed { .. }) => None,
            Err(error) => Some(Error::NotSubscribed(error)),
        }
    }
}

impl Wish {
    pub(crate) fn add<P: AsRef<str>>(
        patterns: impl IntoIterator<Item = P>,
    ) -> Result<Self, PatternError> {
        Ok(Self::Add(parse(patterns)?))
    }

    pub(crate) fn remove<P: AsRef<str>>(
        patterns: impl IntoIterator<Item = P>,
    ) -> Result<Self, PatternError> {
        Ok(Self::Remove(parse(patterns)?))
    }

    /// Returns the method to call for it, and its arguments.
    pub(crate) fn call(&self) -> (&'static str, Value) {
        match self {
            Self::Add(patterns) => (SUB, to_value(patterns)),
            Self::Remove(patterns) => (UNSUB, to_value(patterns)),
            Self::RemoveAll => (UNSUB, Value::Null),
        }
    }
}

fn to_value<'a>(patterns: impl IntoIterator<Item = &'a Pattern>) -> Value {
    Value::list(patterns.into_iter().map(Pattern::as_str))
}

fn parse<P: AsRef<str>>(
    patterns: impl IntoIterator<Item = P>,
) -> Result<BTreeSet<Pattern>, PatternError> {
    patterns.into_iter().map(|pattern| Pattern::new(pattern.as_ref())).collect()
}
