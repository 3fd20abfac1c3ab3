//! The life of calls without sockets, clocks or a runtime: requests that are answered once, or with a
//! stream of items.
//!
//! A call has a number, chosen by who asks. [`Asker`] is the table of the calls that one side has
//! made: what becomes of each when an answer comes, its deadline passes, its future is dropped, or the
//! connection is lost. [`Answerer`] is the table of the calls that one side runs for its peer.
//! [`Credit`] and [`Window`] are the two ends of a stream of items: how many may be sent, and how many
//! bytes may wait to be read.
//!
//! None of them knows how a call is written: a [`CallFormat`] does. Time is an argument, and each method says what the driver
//! has to do.
//!
//! # Examples
//!
//! A call whose connection is lost fails at once, and says whether the peer may have run it:
//!
//! ```
//! use std::time::{Duration, Instant};
//! use ipc_core::protocol::calls::{Answer, Answered, AskLimits, Asker, Sent};
//!
//! let now = Instant::now();
//! let mut asker = Asker::new(AskLimits::default());
//! let (sum, log) = (asker.ask(now)?, asker.ask(now)?);
//! // Both are in the send queue, as its frames number 0 and 1.
//! asker.queued(sum, 0);
//! asker.queued(log, 1);
//!
//! // Frame 0 was written, frame 1 was not: it stays queued for the next connection.
//! assert_eq!(asker.connection_lost(1).calls, [(sum, Sent::Maybe)]);
//! assert_eq!(asker.answer(log, Answer::Last, now), Some(Answered::Done));
//! assert_eq!(asker.len(), 0);
//! # Ok::<(), ipc_core::protocol::calls::TooManyCalls>(())
//! ```

mod answerer;
mod asker;
mod by_id;
mod deadlines;
mod format;
mod round_trip;
mod shared_numbers;
mod stream;

pub(crate) use by_id::ById;

pub use answerer::{Admission, AnswerLimits, Answerer, CallNumber, Expired};
pub(crate) use asker::later;
#[cfg(feature = "tokio")]
pub(crate) use asker::move_up;
pub use asker::{
    Abandoned, Answer, Answered, AskLimits, Asker, Lost, OwedCancel, Sent, TooManyCalls,
};
pub use format::{
    ANSWER, CALL, CallFormat, CallHead, Control, EncodeCall, Failure, InvalidControl, Signal,
};
pub use round_trip::RoundTrip;
pub use shared_numbers::SharedNumbers;
pub use stream::{Credit, Overrun, Window, WindowLimits};
#[cfg(feature = "tokio")]
pub(crate) use stream::{MAX_STREAMS, STALL_TIMEOUT};
