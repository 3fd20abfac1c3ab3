//! Typed events: the variants of an enum as events, their names and their data.

use bytes::BytesMut;
use ipc_core::{
    Content, DecodeEvent, EncodeEvent, EventNames, FormatError, Message, NotAnEnum, serde_events,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{NodeFormat, encode, payload};
use crate::codes;

impl<E: Serialize + ?Sized> EncodeEvent<E> for NodeFormat {
    fn event_name(event: &E) -> Result<&str, FormatError> {
        serde_events::name_of(event, HUMAN_READABLE).map_err(own)
    }

    fn encode_content(&self, event: &E, out: &mut BytesMut) -> Result<(), FormatError> {
        encode::payload(&Content::of(event), out)
    }
}

impl<E: DeserializeOwned> DecodeEvent<E> for NodeFormat {
    fn event_names() -> Result<EventNames, NotAnEnum> {
        serde_events::names_of::<E>(HUMAN_READABLE)
    }

    fn reads_all() -> bool {
        true
    }

    fn decode_event(&self, message: &Message) -> Result<E, FormatError> {
        self.framed()?;
        serde_events::decode_event(message, |seed| {
            payload::of_message(message, self.broken_text, seed)
        })
        .map_err(own)
    }
}

/// Returns the error with the code that it has in node-ipc's style.
#[cold]
fn own(error: FormatError) -> FormatError {
    let code = match error.code() {
        "not_an_enum" => codes::NOT_AN_ENUM,
        EventNames::UNKNOWN_EVENT => codes::UNKNOWN_EVENT,
        "unserializable" => codes::UNSERIALIZABLE,
        _ => return error,
    };
    FormatError::new(code, error.message().to_owned())
}

/// JSON is.
const HUMAN_READABLE: bool = true;
