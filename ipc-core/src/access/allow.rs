//! `Allow`: which events a peer may send, which methods it may call, and to what it may subscribe.

use std::collections::HashSet;
use std::sync::Arc;

use crate::{Pattern, PatternError};

/// What a peer of a server may do, by name: the events that it may send, the methods that it may call,
/// and the topics that it may subscribe to. Each list has names and [patterns](Pattern); without a list
/// all are allowed.
///
/// An event that is not allowed is dropped before any handler sees it, and counted in
/// [`Peer::limited`](crate::Peer::limited). A call that is not allowed is answered with the failure
/// `denied` before its arguments are read. Both are reported, or end the connection: [`OnDenied`].
/// Methods whose names begin with `$` are the library's own and always allowed.
///
/// A clone shares the lists, so one for thousands of peers costs as much as one for one.
///
/// # Defaults
///
/// Everything is allowed.
///
/// # Examples
///
/// ```
/// use ipc_core::{Allow, Pattern};
///
/// let allow = Allow::new().events(["app.*"])?.calls(["status"])?.topics(["price.>"])?;
/// assert!(allow.permits_event("app.started"));
/// assert!(!allow.permits_event("admin.stop"));
/// assert!(!allow.permits_call("stop"));
/// assert!(allow.permits_topic(&Pattern::new("price.*.bid")?));
/// # Ok::<(), ipc_core::PatternError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allow {
    events: Option<Arc<Names>>,
    calls: Option<Arc<Names>>,
    topics: Option<Arc<Names>>,
}

/// What happens when a peer does what its [`Allow`] does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnDenied {
    /// [`Error::Denied`](crate::Error::Denied) is reported, at most once a second for each peer. The
    /// default.
    #[default]
    Report,
    /// The connection is closed at once, with that error. Over UDP, where the sender may be forged, it is
    /// [`Report`](Self::Report).
    Close,
}

/// What a peer did that its [`Allow`] does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Denied {
    /// It sent an event.
    Event,
    /// It called a method.
    Call,
    /// It wanted to subscribe to a topic.
    Topic,
}

impl Denied {
    /// Returns what the peer did, for an error.
    #[cfg(feature = "tokio")]
    pub(crate) const fn verb(self) -> &'static str {
        match self {
            Self::Event => "send the event",
            Self::Call => "call",
            Self::Topic => "subscribe to",
        }
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Names {
    /// Looked up, so that a long list costs no more than a short one.
    literal: HashSet<Box<str>>,
    wild: Vec<Pattern>,
}

impl Allow {
    /// Returns the list that allows everything.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the list that allows nothing.
    #[must_use]
    pub fn nothing() -> Self {
        let none = Arc::new(Names { literal: HashSet::new(), wild: Vec::new() });
        Self { events: Some(Arc::clone(&none)), calls: Some(Arc::clone(&none)), topics: Some(none) }
    }

    /// Sets the events that the peer may send, and no others.
    ///
    /// # Errors
    ///
    /// [`PatternError`] if one of them is neither a name nor a pattern.
    pub fn events(
        self,
        names: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Self, PatternError> {
        Ok(Self { events: Some(Names::parse(names)?), ..self })
    }

    /// Sets the methods that the peer may call, and no others.
    ///
    /// # Errors
    ///
    /// As [`events`](Self::events).
    pub fn calls(
        self,
        names: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Self, PatternError> {
        Ok(Self { calls: Some(Names::parse(names)?), ..self })
    }

    /// Sets the topics that the peer may subscribe to, and no others.
    ///
    /// # Errors
    ///
    /// As [`events`](Self::events).
    pub fn topics(
        self,
        names: impl IntoIterator<Item = impl AsRef<str>>,
    ) -> Result<Self, PatternError> {
        Ok(Self { topics: Some(Names::parse(names)?), ..self })
    }

    /// Returns whether the peer may send this event.
    #[must_use]
    pub fn permits_event(&self, name: &str) -> bool {
        self.events.as_ref().is_none_or(|names| names.have(name))
    }

    /// Returns whether the peer may call this method.
    #[must_use]
    pub fn permits_call(&self, method: &str) -> bool {
        self.calls.as_ref().is_none_or(|names| names.have(method))
    }

    /// Returns whether the peer may subscribe to all that this pattern matches: whether one of the list
    /// [covers](Pattern::covers) it. Several that do so together do not.
    #[must_use]
    pub fn permits_topic(&self, topics: &Pattern) -> bool {
        self.topics.as_ref().is_none_or(|names| names.cover(topics))
    }

    /// Returns the names and patterns of the list for what a peer does, in order, for settings that are written
    /// down; `None` if there is no list.
    ///
    /// # Examples
    ///
    /// ```
    /// use ipc_core::{Allow, Denied};
    ///
    /// let allow = Allow::new().events(["b", "app.*"])?;
    /// assert_eq!(allow.list(Denied::Event), Some(vec!["app.*", "b"]));
    /// assert_eq!(allow.list(Denied::Call), None);
    /// # Ok::<(), ipc_core::PatternError>(())
    /// ```
    #[must_use]
    pub fn list(&self, of: Denied) -> Option<Vec<&str>> {
        let names = match of {
            Denied::Event => &self.events,
            Denied::Call => &self.calls,
            Denied::Topic => &self.topics,
        };
        names.as_ref().map(|names| {
            let literal = names.literal.iter().map(|name| &**name);
            let mut all: Vec<_> = literal.chain(names.wild.iter().map(Pattern::as_str)).collect();
            all.sort_unstable();
            all
        })
    }

    /// Returns whether everything is allowed.
    #[cfg(feature = "tokio")]
    pub(crate) fn permits_all(&self) -> bool {
        self.events.is_none() && self.calls.is_none() && self.topics.is_none()
    }
}

impl Names {
    fn parse(names: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Arc<Self>, PatternError> {
        let (mut literal, mut wild) = (HashSet::new(), Vec::new());
        for name in names {
            let pattern = Pattern::new(name.as_ref())?;
            if pattern.is_literal() {
                literal.insert(pattern.as_str().into());
            } else {
                wild.push(pattern);
            }
        }
        Ok(Arc::new(Self { literal, wild }))
    }

    fn have(&self, name: &str) -> bool {
        self.literal.contains(name) || self.wild.iter().any(|pattern| pattern.matches(name))
    }

    fn cover(&self, topics: &Pattern) -> bool {
        self.literal.contains(topics.as_str())
            || self.wild.iter().any(|pattern| pattern.covers(topics))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(names: &[&str]) -> Allow {
        Allow::new().events(names).unwrap().calls(names).unwrap().topics(names).unwrap()
    }

    #[track_caller]
    fn check(names: &[&str], name: &str, expected: bool) {
        let allow = list(names);
        assert_eq!(allow.permits_event(name), expected, "{names:?} {name:?}");
        assert_eq!(allow.permits_call(name), expected, "{names:?} {name:?}");
    }

    #[test]
    fn without_a_list_all_is_allowed_and_with_an_empty_one_nothing() {
        for name in ["", "a", "a.b", "*", "$call"] {
            assert!(Allow::new().permits_event(name) && Allow::new().permits_call(name));
            check(&[], name, false);
        }
        assert!(Allow::new().permits_topic(&Pattern::new(">").unwrap()));
        assert_eq!(Allow::nothing(), list(&[]));
        let only_calls = Allow::new().calls(["a"]).unwrap();
        assert!(only_calls.permits_event("b") && !only_calls.permits_call("b"));
    }

    #[test]
    fn names_and_patterns_may_stand_beside_each_other() {
        let names = ["status", "app.*", "log.>"];
        for allowed in ["status", "app.x", "app.", "log.a", "log.a.b"] {
            check(&names, allowed, true);
        }
        for denied in ["", "stat", "status.", "app", "app.x.y", "log", "Status", "app.*.x"] {
            check(&names, denied, false);
        }
    }

    /// A peer chooses its names: a name that looks like a pattern is a name.
    #[test]
    fn a_name_like_a_pattern_matches_what_its_text_says() {
        check(&["app.x"], "app.*", false);
        check(&["app.*"], "app.*", true);
        check(&["app.*"], "app.>", true);
        check(&["app.*"], ">", false);
        let long = "x".repeat(100_000);
        check(&["app.*"], &long, false);
        check(&[">"], &long, true);
    }

    #[test]
    fn a_topic_needs_one_that_covers_it() {
        let allow = list(&["price.>", "news"]);
        for (topic, expected) in
            [("price.*", true), ("price.>", true), ("news", true), (">", false), ("*", false)]
        {
            assert_eq!(allow.permits_topic(&Pattern::new(topic).unwrap()), expected, "{topic}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_an_error() {
        assert_eq!(Allow::new().events(["app.**"]).unwrap_err().code(), "invalid_pattern");
        assert!(Allow::new().calls(["ok", ""]).is_err());
        assert!(Allow::new().topics(["a.>.b"]).is_err());
    }
}
