//! `CallOptions` and `MethodOptions`: the limits of calls.

use std::time::Duration;

use crate::protocol::calls::{AnswerLimits, AskLimits, WindowLimits};

/// The limits of the calls of one connection, in both directions. A part of
/// [`ConnectionOptions`](crate::ConnectionOptions).
///
/// # Defaults
///
/// ```
/// let defaults = ipc_core::CallOptions::default();
/// assert_eq!(defaults.deadline.as_secs(), 30);
/// assert_eq!(defaults.max_open, 1024);
/// assert_eq!(defaults.max_running, 256);
/// assert_eq!(defaults.max_time.as_secs(), 300);
/// assert!(!defaults.fail_when_disconnected);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CallOptions {
    /// How long a call of this side may take, waiting in the send queue included. Default: 30 s.
    ///
    /// The time that is left travels with the call, so the peer stops working on it, too.
    pub deadline: Duration,
    /// How many calls of this side may be open; one more waits for a place, within its deadline.
    /// Default: 1,024.
    pub max_open: usize,
    /// How many calls of the peer run at a time; one more is answered `busy` at once, before anything
    /// of it is decoded. Default: 256.
    pub max_running: usize,
    /// How long a call of the peer runs at most, whatever time it says it has. Default: 5 minutes.
    pub max_time: Duration,
    /// What a stream of answers may have waiting to be read. Default: 8 MiB and 65,536 items.
    pub window: WindowLimits,
    /// Whether a call fails at once when there is no connection, or it is lost before the call was
    /// written whole: as [`Disconnected`](crate::CallError::Disconnected), and not sent. A blocking
    /// client then connects with `connected` or `next`, not with `call`. Default: `false`, a call that
    /// is not sent waits for the next connection, within its deadline.
    pub fail_when_disconnected: bool,
    /// What the events `$call` and `$answer` are. Default: calls and answers.
    pub reserved_events: ReservedEvents,
    /// To whom this side says what it is and which methods it answers, in answer to `$info`. Default:
    /// [`ShowInfo::SameUser`].
    pub show_info: ShowInfo,
}

/// To whom a side says what it is, in answer to `$info`; the others are answered `denied`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ShowInfo {
    /// To peers of the same user, of root, and of the same process, where the system tells: over Unix
    /// sockets, and in memory. Over other sockets to no peer. The default.
    #[default]
    SameUser,
    /// To every peer.
    Always,
    /// To no peer.
    Never,
}

/// What the events `$call` and `$answer` are to a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ReservedEvents {
    /// Calls and answers: handlers and streams do not see them. The default.
    #[default]
    Calls,
    /// Ordinary events: for a program that gives the names a meaning of its own. Calls cannot be
    /// made.
    Ordinary,
}

/// How the calls of one method run.
///
/// # Examples
///
/// ```
/// use ipc_core::MethodOptions;
///
/// // Four at a time for each peer; the others wait, up to their deadlines. Once started it is not stopped.
/// let options = MethodOptions::default().concurrency(4).uncancellable();
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct MethodOptions {
    /// How many calls of the method run at a time, over all peers; the others wait, up to their
    /// deadlines. Default: `None`, as many as the peers' limits allow.
    pub concurrency: Option<usize>,
    /// Whether a call is stopped when its asker does not want the result any more.
    pub(crate) uncancellable: bool,
}

impl CallOptions {
    /// Sets [`deadline`](Self::deadline).
    #[must_use]
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Sets [`max_open`](Self::max_open).
    #[must_use]
    pub fn max_open(self, max_open: usize) -> Self {
        Self { max_open, ..self }
    }

    /// Sets [`max_running`](Self::max_running).
    #[must_use]
    pub fn max_running(self, max_running: usize) -> Self {
        Self { max_running, ..self }
    }

    /// Sets [`max_time`](Self::max_time).
    #[must_use]
    pub fn max_time(self, max_time: Duration) -> Self {
        Self { max_time, ..self }
    }

    /// Sets [`window`](Self::window).
    #[must_use]
    pub fn window(self, window: WindowLimits) -> Self {
        Self { window, ..self }
    }

    /// Sets [`fail_when_disconnected`](Self::fail_when_disconnected).
    #[must_use]
    pub fn fail_when_disconnected(self, fail_when_disconnected: bool) -> Self {
        Self { fail_when_disconnected, ..self }
    }

    /// Sets [`reserved_events`](Self::reserved_events).
    #[must_use]
    pub fn reserved_events(self, reserved_events: ReservedEvents) -> Self {
        Self { reserved_events, ..self }
    }

    /// Sets [`show_info`](Self::show_info).
    #[must_use]
    pub fn show_info(self, show_info: ShowInfo) -> Self {
        Self { show_info, ..self }
    }

    /// Returns the limits of what is asked; `sync` is whether one message is in flight.
    pub(crate) fn ask_limits(&self, sync: bool) -> AskLimits {
        AskLimits { max_open: self.max_open, deadline: self.deadline, cancels: !sync }
    }

    pub(crate) fn answer_limits(&self) -> AnswerLimits {
        AnswerLimits { max_running: self.max_running, max_time: self.max_time }
    }
}

impl Default for CallOptions {
    fn default() -> Self {
        let (ask, answer) = (AskLimits::default(), AnswerLimits::default());
        Self {
            deadline: ask.deadline,
            max_open: ask.max_open,
            max_running: answer.max_running,
            max_time: answer.max_time,
            window: WindowLimits::default(),
            fail_when_disconnected: false,
            reserved_events: ReservedEvents::default(),
            show_info: ShowInfo::default(),
        }
    }
}

impl MethodOptions {
    /// Sets [`concurrency`](Self::concurrency). At least 1.
    #[must_use]
    pub fn concurrency(self, calls: usize) -> Self {
        Self { concurrency: Some(calls.max(1)), ..self }
    }

    /// Lets each call of the method run to its end once it has started, also when it is cancelled, its
    /// deadline is over, or its connection is lost. Its result is then dropped.
    #[must_use]
    pub fn uncancellable(self) -> Self {
        Self { uncancellable: true, ..self }
    }
}
