//! `CallFormat`: how calls and answers become messages, and back.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::CallNumber;
use crate::protocol::builtin::BuiltinFormat;
use crate::{FormatError, Message, MessageFormat};

/// A format that has a form for calls.
///
/// Calls travel as messages of two events, [`CALL`] and [`ANSWER`], whose payloads are as
/// docs/calls.md has them.
pub trait CallFormat: MessageFormat {
    /// Returns what the message says about calls, or `None` if it is an ordinary event.
    ///
    /// # Errors
    ///
    /// [`InvalidControl`] if it is one of the two events, but its payload is not as it has to be. The
    /// connection can go on.
    fn control(&self, message: &Message) -> Option<Result<Control, InvalidControl>>;

    /// Does what [`control`](Self::control) does, and may take the message if it is no ordinary event,
    /// so that what it returns shares the message's memory at no cost. Default: `control`.
    fn take_control(&self, message: &mut Message) -> Option<Result<Control, InvalidControl>> {
        self.control(message)
    }

    /// Takes the call or answer in a frame, without decoding the frame first, if it has the form in which
    /// this format writes them. Of every other frame `None`, and it is as it was. Only for frames that
    /// [`begins_call`](MessageFormat::begins_call) is true for. Default: `None`.
    ///
    /// The message of a call may be [presumed](Message::presumed): it is what
    /// [`presume`](MessageFormat::presume) says of messages, and nothing is done for the call unless its arguments are
    /// sound.
    fn take_frame(&self, _frame: &mut Bytes) -> Option<Control> {
        None
    }

    /// Returns whether messages of any event may be calls and answers. Default: `false`, only those of
    /// events that begin with `$`, so that the others cost one comparison.
    fn uses_any_event(&self) -> bool {
        false
    }

    /// Appends the frame of a signal to `out`, without delimiter or length.
    ///
    /// # Errors
    ///
    /// [`FormatError`] if the format cannot send it, as one of a format that has no frame for it: then
    /// nothing is sent, and the call goes on without.
    fn encode_signal(&self, signal: &Signal<'_>, out: &mut BytesMut) -> Result<(), FormatError>;

    /// Returns the format of built-in methods, or `None` if the format has none: then a method whose
    /// name begins with `$` is one like any other. Default: `None`.
    fn builtins(&self) -> Option<&dyn BuiltinFormat> {
        None
    }

    /// Returns whether an answer says the number of its call, so that the same call can be made of many
    /// peers. Default: `true`.
    fn answers_have_numbers(&self) -> bool {
        true
    }

    /// Handles that a call of this side has ended, in whatever way: for formats whose answers have no
    /// numbers, and which keep the calls that are open. Default: does nothing.
    fn call_ended(&self, _number: u64) {}
}

/// A format that can send calls whose arguments, and answers whose results, are of type `T`.
pub trait EncodeCall<T: ?Sized>: CallFormat {
    /// Appends the frame of a call to `out`, without delimiter or length.
    ///
    /// # Errors
    ///
    /// [`FormatError`] if the arguments cannot be put into this format.
    fn encode_call(
        &self,
        head: &CallHead<'_>,
        args: &T,
        out: &mut BytesMut,
    ) -> Result<(), FormatError>;

    /// Appends the frame of an answer, or with `more` of an item, to `out`, without delimiter or
    /// length.
    ///
    /// # Errors
    ///
    /// [`FormatError`] if the result cannot be put into this format.
    fn encode_answer(
        &self,
        number: &CallNumber,
        more: bool,
        result: &T,
        out: &mut BytesMut,
    ) -> Result<(), FormatError>;
}

/// What of a call is not its arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a driver makes it, and has to think of each part")]
pub struct CallHead<'a> {
    /// Its number; a notice has none, and is not answered.
    pub number: Option<u64>,
    /// The method.
    pub method: &'a str,
    /// How long it may still take, or for a stream the longest pause before an item.
    pub left: Option<Duration>,
    /// How many items may come before more credit is given. `None`: one answer.
    pub credit: Option<u32>,
}

impl CallHead<'_> {
    /// The longest name of a method, in UTF-16 code units.
    pub const MAX_METHOD: usize = 256;
    /// The most credit that a call can bring.
    pub const MAX_CREDIT: u32 = 65_535;
    /// The longest time that a call can be given: a year.
    pub const MAX_LEFT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

    /// Returns the time left in whole milliseconds. One that has begun counts: a call with time left
    /// never says that it has none.
    #[must_use]
    pub fn left_in_ms(&self) -> Option<u64> {
        let left = self.left?;
        let begun = u64::from(left.subsec_nanos().div_ceil(1_000_000));
        Some(left.as_secs().saturating_mul(1000).saturating_add(begun))
    }

    /// Returns the time of so many milliseconds, at most [`MAX_LEFT`](Self::MAX_LEFT), or `None` if
    /// there are fewer than none.
    #[must_use]
    pub fn left_of_ms(ms: f64) -> Option<Duration> {
        let longest = Self::MAX_LEFT.as_secs_f64();
        Duration::try_from_secs_f64((ms / 1000.0).min(longest)).ok()
    }
}

/// What is sent about a call without a value in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Signal<'a> {
    /// The call is not waited for any more.
    Cancel(u64),
    /// So many more items may come.
    Credit(u64, u32),
    /// The stream has ended, or there is nothing to answer.
    End(&'a CallNumber),
    /// The call has failed.
    Failure(&'a CallNumber, &'a Failure),
}

/// What a message says about calls.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Control {
    /// A method is called.
    Call {
        /// The number to answer; a notice has none.
        number: Option<CallNumber>,
        /// How long it may still take, or for a stream the longest pause before an item.
        left: Option<Duration>,
        /// How many items may be sent before more credit comes. `None`: one answer is expected.
        credit: Option<u32>,
        /// The method as the event, and the arguments as the payload.
        message: Message,
    },
    /// A call is not waited for any more.
    Cancel(CallNumber),
    /// So many more items of a stream may be sent.
    Credit(CallNumber, u32),
    /// An answer.
    Answer {
        /// The number of the call.
        number: CallNumber,
        /// Whether more items follow.
        more: bool,
        /// The result as the payload. The end of a stream has none.
        result: Message,
    },
    /// A call has failed.
    Failure {
        /// The number of the call.
        number: CallNumber,
        /// Why.
        failure: Failure,
    },
}

/// Why a call failed, as it is on the wire.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Failure {
    /// A short name, for programs.
    pub code: Box<str>,
    /// A sentence, for people. At most [`MAX_MESSAGE`](Self::MAX_MESSAGE) bytes of it are sent.
    pub message: Box<str>,
    /// More about it, as the payload of a message.
    pub data: Option<Message>,
}

/// A `$call` or `$answer` that is not as it has to be.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidControl {
    /// What is wrong.
    pub error: FormatError,
    /// The number, if it could be read, of a call that is to be answered with `invalid_call`.
    pub number: Option<CallNumber>,
}

impl InvalidControl {
    /// Returns the error, with the number of the call to be answered.
    #[must_use]
    pub fn new(error: FormatError, number: Option<CallNumber>) -> Self {
        Self { error, number }
    }

    /// Returns the code of the format's error.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.error.code()
    }
}

impl Failure {
    /// The most bytes of a message that are sent.
    pub const MAX_MESSAGE: usize = 4096;

    /// The code of a failure that has none on the wire.
    pub const NO_CODE: &'static str = "error";

    /// Returns a failure without data. Of the message the first 4 KiB are kept.
    #[must_use]
    pub fn new(code: impl Into<Box<str>>, message: impl Into<Box<str>>) -> Self {
        let message: Box<str> = message.into();
        let mut end = message.len().min(Self::MAX_MESSAGE);
        while !message.is_char_boundary(end) {
            end -= 1;
        }
        let message = if end == message.len() { message } else { message[..end].into() };
        Self { code: code.into(), message, data: None }
    }

    /// Adds data: the payload of this message.
    #[must_use]
    pub fn with_data(self, data: Message) -> Self {
        Self { data: Some(data), ..self }
    }
}

impl PartialEq for Failure {
    fn eq(&self, other: &Self) -> bool {
        let data = |failure: &Self| failure.data.clone().and_then(Message::into_payload);
        self.code == other.code && self.message == other.message && data(self) == data(other)
    }
}

impl Eq for Failure {}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl Error for Failure {}

impl fmt::Display for InvalidControl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.error, f)
    }
}

impl Error for InvalidControl {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

/// The event whose payload is a call, a cancel or credit.
pub const CALL: &str = "$call";

/// The event whose payload is an answer.
pub const ANSWER: &str = "$answer";
