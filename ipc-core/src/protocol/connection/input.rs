//! `Input` and `Action`: what a connection's machine is fed, and what it asks for.

use std::io;
use std::time::Instant;

use ipc_codec::DecodeError;

use super::Ending;
use crate::protocol::queue::QueueLimit;
use crate::{Denied, FormatError, Rate};

/// What happened on a connection. Bytes and whole frames are not among it: they go through
/// [`Machine::inbound`](super::Machine::inbound).
#[derive(Debug)]
#[non_exhaustive]
pub enum Input {
    /// A frame was taken that the format cannot decode.
    Malformed(FormatError),
    /// [`Inbound::next_frame`](super::Inbound::next_frame) failed.
    Undecodable(DecodeError),
    /// The unfinished frames of all peers together take more memory than they may.
    OverBudget {
        /// How many bytes they may take.
        limit: usize,
        /// How many they would take.
        actual: usize,
    },
    /// The peer sent more than its rate, and the connection is to be closed for it.
    OverRate(Rate),
    /// The peer did what it may not, and the connection is to be closed for it.
    Denied {
        /// What it did.
        what: Denied,
        /// The name of the event, method or topic.
        name: String,
    },
    /// A read returned the end of the stream.
    PeerEnded {
        /// The time now.
        now: Instant,
    },
    /// A read failed.
    ReadFailed {
        /// Why.
        error: io::Error,
        /// The time now.
        now: Instant,
    },
    /// A write failed. What the peer sent before is read first.
    WriteFailed(io::Error),
    /// Nothing can be read at the moment.
    NothingToRead,
    /// Nothing waits to be written. Needed only while [`Machine::is_open`](super::Machine::is_open)
    /// is `false`.
    Written,
    /// The writing direction is shut down, as [`Action::Shutdown`] asked.
    ShutDown {
        /// The time now.
        now: Instant,
    },
    /// Reading is suspended: too many answers wait, or the program takes no events. The deadlines of
    /// the peer do not run meanwhile.
    Suspend,
    /// Reading goes on.
    Resume,
    /// The program wants what waits to be written and the connection to end.
    Close {
        /// The time now.
        now: Instant,
    },
    /// The program wants the connection to end at once.
    Disconnect,
    /// The send queue is full, and its policy is to disconnect.
    Overflow(QueueLimit),
    /// A [`deadline`](super::Machine::deadline) has passed.
    Tick {
        /// The time now.
        now: Instant,
    },
}

/// What a connection's machine asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Shut the writing direction down, so that the peer sees the end of the stream; answer with
    /// [`Input::ShutDown`], whether it succeeded or not.
    Shutdown,
    /// Drop the socket: the connection has ended.
    End(Ending),
}
