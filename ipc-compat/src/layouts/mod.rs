//! Layouts: the forms of request and response that programs have built over node-ipc's events.
//!
//! node-ipc has no calls, so many programs made their own: an event with an id, a name and arguments,
//! and another one with the id and the result. A [`Layout`] is such a form. A format that has one
//! ([`NodeFormat::with_layout`](crate::NodeFormat::with_layout), or the setting
//! [`Config::layout`](crate::Config::layout)) calls the methods of such a program, and answers its calls,
//! through the same API as the frames of docs/calls.md.
//!
//! | layout | asks with | answers with |
//! |---|---|---|
//! | [`json`] | `message`, the text of `{"id","name","args"}` | `message`, the text of `{"type":"reply","id","result"}` |
//! | [`requests`] | `request` `{resource, requestId, body}` | `response` `{requestId, status, body}` |
//! | [`by_id`] | any event, `{id, name, parameters}` | the event `R_<id>` `{status, data}` |
//! | [`dmno`] | `request` `{requestType, payload, requestId}` | `request-response` `{requestId, response}` |
//! | [`state`] | `request` `{id, clientId, type}` | `response` `{id, type, result}` |
//! | [`done`] | the event `X` | the event `XDone` |
//!
//! Another one is a [`Table`] of two or three [`Shape`]s, or a type that implements [`Layout`].
//!
//! # What a layout cannot say
//!
//! None of them has deadlines, cancels or streams. A call still ends at its deadline, but the peer is not
//! asked to stop; a stream of answers cannot be asked for. Events that are neither calls nor answers of the
//! layout stay ordinary events, and so do `$call` and `$answer`.
//!
//! # Examples
//!
//! A client of a server that answers as `node-ipc-requests` does. The setting holds for the clients and
//! servers that are made after it is set.
//!
//! ```no_run
//! use std::sync::Arc;
//! use ipc_compat::{Config, Ipc, layouts};
//!
//! # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut config = Config::classic();
//! config.layout = Some(Arc::new(layouts::requests()));
//! let world = Ipc::new(config).connect_to("world")?;
//! let sum: u64 = world.call("sum", &[1, 2]).await?;
//! # Ok(()) }
//! ```
//!
//! Its frames:
//!
//! ```
//! use bytes::BytesMut;
//! use ipc_compat::{NodeFormat, layouts};
//! use ipc_core::protocol::calls::{CallHead, EncodeCall};
//!
//! let format = NodeFormat::classic().with_layout(layouts::requests());
//! let head = CallHead { number: Some(1), method: "sum", left: None, credit: None };
//! let mut frame = BytesMut::new();
//! format.encode_call(&head, &[1, 2], &mut frame)?;
//! assert_eq!(
//!     frame,
//!     r#"{"type":"request","data":{"resource":"sum","requestId":"1","body":[1,2]}}"#,
//! );
//! # Ok::<(), ipc_core::FormatError>(())
//! ```

mod done;
mod known;
mod members;
mod number;
mod shape;
mod table;

use std::fmt;

use ipc_core::protocol::calls::{CallHead, CallNumber, Control, Failure, InvalidControl};
use ipc_core::{FormatError, Message};

pub use done::Done;
pub use known::{by_id, dmno, done, json, requests, state};
pub use shape::Shape;
pub use table::Table;

use crate::{RawJson, codes};

/// A form of request and response over events.
///
/// It is pure: it writes the data of events and reads it, and opens no sockets.
pub trait Layout: fmt::Debug + Send + Sync + 'static {
    /// Returns what a message says about calls, or `None` if it is an ordinary event.
    ///
    /// The numbers of this side's own calls come back as [`CallNumber::Integer`]. The number of a peer's
    /// call may be any text that [`write_answer`](Self::write_answer) understands: a layout whose answers
    /// repeat more of the call than its number puts that into it, too.
    ///
    /// # Errors
    ///
    /// [`InvalidControl`] if the message is a call or an answer that is not as it has to be.
    fn read(&self, message: &Message) -> Option<Result<Control, InvalidControl>>;

    /// Returns the event and data of a call.
    ///
    /// # Errors
    ///
    /// [`FormatError`] if the layout has no form for it.
    fn write_call(&self, head: &CallHead<'_>, args: &RawJson) -> Result<Frame, FormatError>;

    /// Returns the event and data of an answer to the peer's call of this number.
    ///
    /// # Errors
    ///
    /// [`FormatError`] if the layout has no form for it: nothing is sent then.
    fn write_answer(&self, number: &CallNumber, outcome: Outcome<'_>)
    -> Result<Frame, FormatError>;

    /// Returns whether an answer says the number of its call, so that the same call can be made of many
    /// peers. Default: `true`.
    fn answers_have_numbers(&self) -> bool {
        true
    }

    /// Handles that a call of this side has ended, in whatever way. Default: does nothing.
    fn call_ended(&self, _number: u64) {}
}

/// An event with its data, as a layout writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a layout makes it, and an event has no more")]
pub struct Frame {
    /// The event's name.
    pub event: String,
    /// Its data.
    pub data: RawJson,
}

/// How a call ended, for the layout that writes its answer.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::exhaustive_enums, reason = "a layout has to have a form for each")]
pub enum Outcome<'a> {
    /// With this result.
    Result(&'a RawJson),
    /// With nothing, which is `undefined` in JavaScript.
    Nothing,
    /// With a failure.
    Failure(&'a Failure),
}

#[cold]
fn unsupported(message: &'static str) -> FormatError {
    FormatError::new(codes::UNSUPPORTED, message)
}

#[cold]
fn invalid(message: &'static str, number: Option<CallNumber>) -> InvalidControl {
    InvalidControl::new(FormatError::new(codes::INVALID_CALL, message), number)
}
