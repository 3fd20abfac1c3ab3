//! How a message becomes bytes, for the libraries that carry bytes: as node-ipc's JSON, or plainly.

use std::str::FromStr;

use bytes::Bytes;
use ipc_benches::OwnedBody;
use serde::{Deserialize, Serialize};

use crate::Result;

/// How a message becomes bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// `{"type":"echo","data":{"seq":1,"body":"..."}}`, by serde_json.
    Json,
    /// A byte for the event, eight for the number, the text.
    Native,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub event: Event,
    pub seq: u64,
    pub body: String,
}

/// What a message is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Event {
    Echo,
    Count,
    End,
    Ended,
}

impl Message {
    pub fn new(event: Event, seq: u64, body: &str) -> Self {
        Self { event, seq, body: body.to_owned() }
    }
}

#[derive(Serialize)]
struct Envelope<'a> {
    r#type: Event,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    seq: u64,
    body: &'a str,
}

#[derive(Deserialize)]
struct OwnedEnvelope {
    r#type: Event,
    data: OwnedBody,
}

impl Coding {
    pub fn encode(self, event: Event, seq: u64, body: &str) -> Result<Bytes> {
        match self {
            Self::Json => {
                let mut bytes = Vec::with_capacity(body.len() + 64);
                serde_json::to_writer(
                    &mut bytes,
                    &Envelope { r#type: event, data: Data { seq, body } },
                )?;
                Ok(bytes.into())
            }
            Self::Native => {
                let mut bytes = Vec::with_capacity(body.len() + 9);
                bytes.extend_from_slice(&Self::head(event, seq));
                bytes.extend_from_slice(body.as_bytes());
                Ok(bytes.into())
            }
        }
    }

    /// Returns what a message begins with that is written plainly; its text follows.
    pub fn head(event: Event, seq: u64) -> [u8; 9] {
        let [a, b, c, d, e, f, g, h] = seq.to_be_bytes();
        [event as u8, a, b, c, d, e, f, g, h]
    }

    pub fn decode(self, bytes: &[u8]) -> Result<Message> {
        match self {
            Self::Json => {
                let OwnedEnvelope { r#type, data } = serde_json::from_slice(bytes)?;
                Ok(Message { event: r#type, seq: data.seq, body: data.body })
            }
            Self::Native => {
                let (event, rest) = bytes.split_first().ok_or("an empty message")?;
                let events = [Event::Echo, Event::Count, Event::End, Event::Ended];
                let event = *events.get(usize::from(*event)).ok_or("an unknown event")?;
                let (seq, body) = rest.split_first_chunk().ok_or("a short message")?;
                let body = std::str::from_utf8(body)?.to_owned();
                Ok(Message { event, seq: u64::from_be_bytes(*seq), body })
            }
        }
    }
}

impl FromStr for Coding {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "json" => Ok(Self::Json),
            "native" => Ok(Self::Native),
            _ => Err(format!("{name} is neither json nor native")),
        }
    }
}
