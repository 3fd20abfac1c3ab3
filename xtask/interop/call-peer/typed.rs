//! Events, methods and errors that are variants of an enum; `peers/calls.cjs` has the same by name.

use std::fmt;

use ipc_compat::NodeFormat;
use ipc_core::{Handlers, Peer};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::print;

/// What is asked for: a variant of every kind.
#[derive(Debug, Deserialize)]
enum Asked {
    #[serde(rename = "typed.text", alias = "typed.alias")]
    Text(String),
    #[serde(rename = "typed.pair")]
    Pair(i64, String),
    #[serde(rename = "typed.move")]
    Move { x: i64, y: i64 },
    #[serde(rename = "typed.quit")]
    Quit,
}

/// What it is answered with.
#[derive(Debug, Serialize)]
enum Back {
    #[serde(rename = "back.text")]
    Text(String),
    #[serde(rename = "back.pair")]
    Pair(i64, String),
    #[serde(rename = "back.move")]
    Move { x: i64, y: i64 },
    #[serde(rename = "back.quit")]
    Quit,
}

#[derive(Debug, Deserialize)]
enum Method {
    #[serde(rename = "typed.sum")]
    Sum(Vec<i64>),
    #[serde(rename = "typed.get")]
    Get { key: String },
}

/// What `typed.get` fails with.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum StoreError {
    NotFound { key: String },
    Full,
}

/// Sends every event back, and answers the methods.
pub(crate) fn answer<L>(handlers: &Handlers<NodeFormat, L>) -> Result<(), ipc_core::NotAnEnum> {
    handlers.on_events(|asked: Asked, peer: &Peer<NodeFormat>| {
        let back = match asked {
            Asked::Text(text) => Back::Text(text),
            Asked::Pair(number, text) => Back::Pair(number, text),
            Asked::Move { x, y } => Back::Move { x, y },
            Asked::Quit => Back::Quit,
        };
        if let Err(error) = peer.emit_event(&back) {
            print(&json!({"event": "error", "message": error.to_string()}));
        }
    })?;
    handlers.on_calls(|method: Method, call| async move {
        match method {
            Method::Sum(numbers) => Ok(numbers.iter().sum::<i64>()),
            Method::Get { key } if key == "full" => Err(call.typed_failure(&StoreError::Full)),
            Method::Get { key } => Err(call.typed_failure(&StoreError::NotFound { key })),
        }
    })
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound { key } => write!(f, "no such key: {key}"),
            Self::Full => f.write_str("no room"),
        }
    }
}
