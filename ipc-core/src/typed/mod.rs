//! Typed events: an enum whose variants are events, their names the variants' and their payloads what
//! the variants hold. No encoding is known here.

#[cfg(feature = "serde")]
pub mod serde;

use std::fmt;

use bytes::BytesMut;

use crate::protocol::calls::Failure;
use crate::{EncodePayload, FormatError, Message, MessageFormat};

/// A format that can read messages as an `E`, an enum whose variants are events.
///
/// The same enum can be the methods of calls, whose arguments are what the variants hold, and the
/// errors of a method, with the code as the name.
pub trait DecodeEvent<E>: MessageFormat {
    /// Returns the names of the events that `E` has variants for.
    ///
    /// # Errors
    ///
    /// [`NotAnEnum`] if `E` is no enum that the format can read so.
    fn event_names() -> Result<EventNames, NotAnEnum>;

    /// Returns the message as an `E`.
    ///
    /// # Errors
    ///
    /// [`FormatError`]: with the code `unknown_event` ([`EventNames::UNKNOWN_EVENT`]) if `E` has no
    /// variant for the event, and otherwise that of a payload which does not fit its variant.
    fn decode_event(&self, message: &Message) -> Result<E, FormatError>;

    /// Returns whether reading an `E` looks at all of the payload, as
    /// [`DecodePayload::reads_all`](crate::DecodePayload::reads_all) says of a type. Default: `false`.
    #[must_use]
    fn reads_all() -> bool {
        false
    }

    /// Returns the failure of a call as an `E`, whose variant its code names and its data fills.
    ///
    /// # Errors
    ///
    /// [`FormatError`], as that of [`decode_event`](Self::decode_event).
    fn decode_failure(&self, failure: &Failure) -> Result<E, FormatError> {
        let code = failure.code.clone();
        self.decode_event(&match &failure.data {
            Some(data) => data.clone().renamed(code),
            None => Message::new(code, None),
        })
    }
}

/// A format that can send the values of `E`, an enum whose variants are events.
pub trait EncodeEvent<E: ?Sized>: for<'a> EncodePayload<Content<'a, E>> {
    /// Returns the name of the event that this is.
    ///
    /// # Errors
    ///
    /// [`FormatError`] if it cannot be sent: with the code `not_an_enum` if `E` is no such enum.
    fn event_name(event: &E) -> Result<&str, FormatError>;

    /// Appends what the variant holds to `out`, without any frame around it.
    ///
    /// # Errors
    ///
    /// [`FormatError`] if it cannot be put into this format.
    fn encode_content(&self, event: &E, out: &mut BytesMut) -> Result<(), FormatError>;

    /// Returns the failure of a call that says this: its code is the variant's name, its data what the
    /// variant holds, and its message the error's text. If it cannot be sent, the failure says why.
    fn typed_failure(&self, error: &E) -> Failure
    where
        E: fmt::Display,
    {
        let code = match Self::event_name(error) {
            Ok(code) => code,
            Err(why) => return Failure::new(why.code(), why.to_string()),
        };
        let mut data = BytesMut::new();
        match self.encode_content(error, &mut data) {
            Ok(()) => Failure::new(code, error.to_string())
                .with_data(Message::new("", Some(data.freeze()))),
            Err(why) => Failure::new(why.code(), why.to_string()),
        }
    }
}

/// What a value of an enum holds, without the name of its variant: the payload of an event, or the
/// arguments of a call. Formats send it; programs need not make one.
#[derive(Debug, Clone, Copy)]
pub struct Content<'a, E: ?Sized>(&'a E);

impl<'a, E: ?Sized> Content<'a, E> {
    /// Returns the content of `event`.
    #[must_use]
    pub fn of(event: &'a E) -> Self {
        Self(event)
    }

    /// Returns the whole value.
    #[must_use]
    pub fn event(&self) -> &'a E {
        self.0
    }
}

/// The names of the events that an enum has variants for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventNames {
    /// Sorted by [`key`](Self::key).
    names: Box<[&'static str]>,
    others: bool,
}

impl EventNames {
    /// The code of the error of an event that an enum has no variant for. The format of `ipc-compat` has
    /// one of its own.
    pub const UNKNOWN_EVENT: &'static str = "unknown_event";

    /// Returns these names; `others` says whether the enum takes events of other names, too.
    #[must_use]
    pub fn new(names: &[&'static str], others: bool) -> Self {
        let mut names = names.to_vec();
        names.sort_unstable_by_key(|name| Self::key(name));
        names.dedup();
        Self { names: names.into(), others }
    }

    /// Returns the names, each once.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &'static str> {
        self.names.iter().copied()
    }

    /// Returns whether one of the variants has this name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.names.binary_search_by_key(&Self::key(name), |name| Self::key(name)).is_ok()
    }

    /// Returns whether a variant takes the events of other names.
    #[must_use]
    pub fn takes_others(&self) -> bool {
        self.others
    }

    /// Lengths mostly differ, and cost nothing to compare.
    fn key(name: &str) -> (usize, &str) {
        (name.len(), name)
    }
}

/// The type is no enum whose variants can be events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotAnEnum {
    /// The type.
    pub type_name: &'static str,
    /// What it is instead.
    pub found: &'static str,
}

impl NotAnEnum {
    /// Returns the error of the type `E`, which is `found` instead, such as `a number`.
    #[must_use]
    pub fn new<E: ?Sized>(found: &'static str) -> Self {
        Self { type_name: std::any::type_name::<E>(), found }
    }

    /// Returns a stable code, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "not_an_enum"
    }
}

impl fmt::Display for NotAnEnum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { type_name, found } = self;
        write!(f, "the variants of {type_name} cannot be events, for it is {found}")
    }
}

impl std::error::Error for NotAnEnum {}

impl From<NotAnEnum> for FormatError {
    fn from(error: NotAnEnum) -> Self {
        Self::new(error.code(), error.to_string())
    }
}
