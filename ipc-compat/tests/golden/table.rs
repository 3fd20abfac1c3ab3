//! The table of what real node-ipc does, read from `testdata/envelopes.json`.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What `testdata/record.cjs` wrote.
#[derive(Debug, Deserialize)]
pub(crate) struct Table {
    pub(crate) frames: Vec<FrameRow>,
    pub(crate) values: Vec<ValueRow>,
    pub(crate) roots: Vec<RootRow>,
}

impl Table {
    pub(crate) fn read() -> Self {
        serde_json::from_str(include_str!("../../testdata/envelopes.json")).unwrap()
    }
}

/// The events that the recorder allowed in the profile `assured`.
pub(crate) fn allowed() -> Vec<String> {
    let names = ["m", "app.message", "é", "日本", "", "error", "close", "toString", "__proto__"];
    let long = [256, 257].map(|length| "n".repeat(length));
    names.map(str::to_owned).into_iter().chain(long).collect()
}

/// A frame and what became of it.
#[derive(Debug, Deserialize)]
pub(crate) struct FrameRow {
    pub(crate) group: String,
    pub(crate) frame: Frame,
    #[serde(rename = "9.2.1")]
    pub(crate) classic: Outcome,
    #[serde(rename = "14.0.0 fast")]
    pub(crate) fast: Outcome,
    #[serde(rename = "14.0.0 guarded")]
    pub(crate) guarded: Outcome,
    #[serde(rename = "14.0.0 assured")]
    pub(crate) assured: Outcome,
}

/// A frame, spelled as is shortest.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Frame {
    Text(String),
    Hex { hex: String },
    Pieces { pieces: Vec<Vec<Piece>> },
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Piece {
    Times(usize),
    Text(String),
}

impl Frame {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.clone().into_bytes(),
            Self::Hex { hex } => {
                let digits = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
                (0..hex.len()).step_by(2).map(digits).collect()
            }
            Self::Pieces { pieces } => pieces.iter().flat_map(|piece| repeat(piece)).collect(),
        }
    }
}

fn repeat(piece: &[Piece]) -> Vec<u8> {
    match piece {
        [Piece::Text(text), Piece::Times(times)] => text.repeat(*times).into_bytes(),
        [Piece::Text(text)] => text.clone().into_bytes(),
        other => panic!("not a piece: {other:?}"),
    }
}

/// What a server did with a frame.
#[derive(Debug, Deserialize)]
pub(crate) struct Outcome {
    #[serde(default)]
    pub(crate) events: Vec<Event>,
    pub(crate) end: End,
}

#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum End {
    Open,
    Closed,
    Died,
}

/// What a server published.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Event {
    Error { error: String },
    Wire { r#type: Option<Described>, data: Option<Described> },
}

/// A value as JSON, or what could be said about it.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Described {
    Json(String),
    Long { chars: usize, first: char },
    Unprintable { unprintable: String },
}

/// A call of `emit` and the frame it made.
#[derive(Debug, Deserialize)]
pub(crate) struct ValueRow {
    pub(crate) call: String,
    #[serde(rename = "9.2.1")]
    pub(crate) classic: Sent,
    #[serde(rename = "14.0.0 fast")]
    pub(crate) fast: Sent,
    #[serde(rename = "14.0.0 guarded")]
    pub(crate) guarded: Sent,
    #[serde(rename = "14.0.0 assured")]
    pub(crate) assured: Sent,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Sent {
    Frame { sent: String },
    Threw { throws: String },
}

/// Environment variables and the socket roots they make.
#[derive(Debug, Deserialize)]
pub(crate) struct RootRow {
    pub(crate) env: BTreeMap<String, String>,
    #[serde(rename = "9.2.1")]
    pub(crate) classic: String,
    #[serde(rename = "14.0.0 fast")]
    pub(crate) v14: String,
}
