//! What is measured, and how.

use std::fmt;
use std::str::FromStr;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// Bytes sent back as they come, with blocking calls: what the system costs.
    Raw,
    /// The crate node-ipc 14.0.0, which blocks.
    Upstream,
    /// This workspace: ipc-core with the format of ipc-compat.
    Ours(Kind),
}

/// How this workspace is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Typed handlers, on a runtime of one thread.
    CurrentThread,
    /// Typed handlers, on a runtime of two threads.
    MultiThread,
    /// The client's own task awaits each answer, on a runtime of one thread.
    Awaiting,
    /// Handlers that take the payload as it is, on a runtime of one thread.
    RawJson,
}

/// How messages go back and forth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// One message at a time.
    RoundTrip,
    /// [`IN_FLIGHT`] messages at a time.
    Pipelined,
    /// Messages go one way only; the end is confirmed.
    OneWay,
}

impl Subject {
    pub(super) const ALL: [Self; 6] = [
        Self::Raw,
        Self::Upstream,
        Self::Ours(Kind::CurrentThread),
        Self::Ours(Kind::MultiThread),
        Self::Ours(Kind::Awaiting),
        Self::Ours(Kind::RawJson),
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Upstream => "node-ipc",
            Self::Ours(Kind::CurrentThread) => "ours",
            Self::Ours(Kind::MultiThread) => "ours-multi",
            Self::Ours(Kind::Awaiting) => "ours-await",
            Self::Ours(Kind::RawJson) => "ours-json",
        }
    }
}

impl Mode {
    pub(super) const ALL: [Self; 3] = [Self::RoundTrip, Self::Pipelined, Self::OneWay];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::RoundTrip => "round-trip",
            Self::Pipelined => "pipelined",
            Self::OneWay => "one-way",
        }
    }

    /// Returns how many messages are under way at a time.
    pub(super) fn in_flight(self) -> u64 {
        if self == Self::RoundTrip { 1 } else { IN_FLIGHT }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Subject {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|subject| subject.name() == name);
        found.ok_or_else(|| {
            format!("no subject is called {name:?}; try {:?}", Self::ALL.map(Self::name))
        })
    }
}

impl FromStr for Mode {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|mode| mode.name() == name);
        found.ok_or_else(|| {
            format!("no mode is called {name:?}; try {:?}", Self::ALL.map(Self::name))
        })
    }
}

/// The messages that are under way at a time in [`Mode::Pipelined`].
pub(super) const IN_FLIGHT: u64 = 64;
