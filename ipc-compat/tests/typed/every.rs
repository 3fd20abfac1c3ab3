//! An enum with a variant of every kind, and the formats that it is tried in.

use std::collections::BTreeMap;

use bytes::BytesMut;
use ipc_compat::NodeFormat;
use ipc_core::{DecodeEvent, EncodePayload, Message, MessageFormat, MsgPack};
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Every {
    Unit,
    #[serde(rename = "app.renamed", alias = "app.alias")]
    Renamed,
    Text(String),
    Maybe(Option<u8>),
    Nothing(()),
    Any(Value),
    Struct(Point),
    Enum(Inner),
    Alone((i32,)),
    Pair(i32, String),
    EmptyTuple(),
    Move {
        x: i32,
        y: i32,
    },
    Optional {
        a: Option<u8>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        b: Vec<u8>,
    },
    EmptyStruct {},
    Flat {
        id: u8,
        #[serde(flatten)]
        rest: BTreeMap<String, u8>,
    },
    #[serde(other)]
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Point {
    pub(crate) x: i32,
    pub(crate) y: i32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Inner {
    A,
    B(u8),
}

/// A format with a way to make messages of JSON.
pub(crate) trait Format: MessageFormat + DecodeEvent<Every> {
    /// Returns the message as a frame brings it.
    fn message(&self, event: &str, payload: Option<&str>) -> Message;
}

impl Format for NodeFormat {
    fn message(&self, event: &str, payload: Option<&str>) -> Message {
        let event = serde_json::to_string(event).unwrap();
        let data = payload.map(|json| format!(r#","data":{json}"#)).unwrap_or_default();
        self.decode(format!(r#"{{"type":{event}{data}}}"#).into()).unwrap()
    }
}

impl Format for MsgPack {
    fn message(&self, event: &str, payload: Option<&str>) -> Message {
        let mut frame = BytesMut::new();
        match payload {
            Some(json) => {
                let value: Value = serde_json::from_str(json).unwrap();
                self.encode(event, &value, &mut frame).unwrap();
            }
            None => {
                frame.extend_from_slice(&[0x91, 0xa0 | u8::try_from(event.len()).unwrap()]);
                frame.extend_from_slice(event.as_bytes());
            }
        }
        self.decode(frame.freeze()).unwrap()
    }
}
