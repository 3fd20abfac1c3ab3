//! `Writing`: who may write to the socket, as a table of states and events. Pure.

/// Who writes what is queued.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writing {
    /// No connection: messages wait for the next one.
    Detached,
    /// Nothing was written since the task last ran: whoever queues a message writes it.
    Idle,
    /// A caller has written since the task last ran: what comes now is a burst, and gathers.
    /// `gathered`: something did, and the task was woken to write it.
    Busy { gathered: bool },
    /// The connection's task is running, and writes before it sleeps: what comes gathers.
    /// `gathered`: a burst had begun before.
    Corked { gathered: bool },
    /// The last write found the socket full. Only the connection's task writes, since only the
    /// last task to poll a socket is woken when it takes more.
    Blocked,
    /// Permanent: nothing is queued or written any more.
    Closed,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// A new connection's write half was attached.
    Attached,
    /// The write half went: the connection is lost.
    Detached,
    /// The connection's task runs.
    TurnBegan,
    /// A message was queued.
    Queued(Due),
    /// A caller's write did not write everything, or failed.
    CallerBlocked,
    /// The task's write did not write everything.
    TaskBlocked,
    /// The task has written what can be written, and is about to sleep.
    TurnEnded,
    /// The outbox was closed.
    Closed,
}

/// When a message that was queued has to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// By whoever queued it: enough has gathered, or nothing is to gather.
    Now,
    /// At once if the connection is idle.
    WhenIdle,
    /// After a delay.
    Later,
}

/// What whoever brought the event has to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    Nothing,
    /// Write what is queued.
    Write,
    /// Wake the connection's task.
    Wake,
    /// Have it written after the delay.
    Schedule,
    /// Run the task again before it sleeps: while a burst lasts it gathers, and on one thread
    /// running again lets it go on.
    LookAgain,
}

impl Writing {
    /// Returns the state after an event, and what has to be done.
    #[inline]
    pub(crate) const fn on(self, event: Event) -> (Self, Action) {
        use Action::{LookAgain, Nothing, Schedule, Wake, Write};
        use Due::{Later, Now, WhenIdle};
        use Event::{CallerBlocked, Queued, TaskBlocked, TurnBegan, TurnEnded};
        match (self, event) {
            (Self::Closed, _) | (_, Event::Closed) => (Self::Closed, Nothing),
            (_, Event::Attached) => (Self::Idle, Nothing),
            (Self::Detached, _) | (_, Event::Detached) => (Self::Detached, Nothing),

            (Self::Idle, Queued(Now | WhenIdle)) => (Self::Busy { gathered: false }, Write),
            (Self::Busy { .. } | Self::Corked { .. }, Queued(Now)) => (self, Write),
            (Self::Busy { gathered: false }, Queued(WhenIdle)) => {
                (Self::Busy { gathered: true }, Wake)
            }
            (Self::Idle | Self::Busy { .. }, Queued(Later)) => (self, Schedule),
            // The task is awake, or the socket wakes it.
            (Self::Busy { .. } | Self::Corked { .. } | Self::Blocked, Queued(_)) => (self, Nothing),

            (Self::Idle, TurnBegan) => (Self::Corked { gathered: false }, Nothing),
            (Self::Busy { gathered }, TurnBegan) => (Self::Corked { gathered }, Nothing),
            (Self::Corked { .. } | Self::Blocked, TurnBegan) => (self, Nothing),

            (Self::Idle | Self::Busy { .. }, CallerBlocked) => (Self::Blocked, Wake),
            // The task polls the socket itself before it sleeps.
            (Self::Corked { .. } | Self::Blocked, CallerBlocked) => (Self::Blocked, Nothing),
            (_, TaskBlocked) => (Self::Blocked, Nothing),

            (Self::Busy { gathered: true } | Self::Corked { gathered: true }, TurnEnded) => {
                (Self::Busy { gathered: false }, LookAgain)
            }
            (_, TurnEnded) => (Self::Idle, Nothing),
        }
    }
}
