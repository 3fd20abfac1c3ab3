//! A peer that is only frames: it calls and answers nothing by itself.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use ipc_core::protocol::builtin::{BuiltinFormat, Value};
use ipc_core::protocol::calls::{CallFormat, CallNumber, Control, EncodeCall, Signal};
use ipc_core::{DecodePayload, EncodePayload, Failure, Message, MessageFormat};
use ipc_transport::{Listener, Stream, Transport};
use serde::Serialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::frames::{FORMAT, call, framed};
use crate::rig::soon;

/// A peer that is only frames.
pub(crate) struct RawPeer {
    pub(crate) stream: Stream,
    /// The number and the time of the call that was heard last.
    pub(crate) number: u64,
    pub(crate) left: Option<Duration>,
    /// What was heard last, if it is the payload of a call or an answer.
    pub(crate) value: Value,
}

impl RawPeer {
    fn new(stream: Stream) -> Self {
        Self { stream, number: 0, left: None, value: Value::Null }
    }

    pub(crate) async fn dial(transport: &impl Transport) -> Self {
        Self::new(soon(transport.dial()).await.unwrap())
    }

    pub(crate) async fn accept(listener: &mut Box<dyn Listener>) -> Self {
        Self::new(soon(listener.accept()).await.unwrap())
    }

    /// Writes a frame.
    pub(crate) async fn send(&mut self, encode: impl FnOnce(&mut BytesMut)) {
        soon(self.stream.write_all(&framed(encode))).await.unwrap();
    }

    pub(crate) async fn call<A: Serialize>(&mut self, n: u64, method: &str, args: A) {
        self.send(|out| call(n, method, None, &args, out)).await;
    }

    pub(crate) async fn call_within<A: Serialize>(
        &mut self,
        n: u64,
        method: &str,
        args: A,
        left: Duration,
    ) {
        self.send(|out| call(n, method, Some(left), &args, out)).await;
    }

    pub(crate) async fn cancel(&mut self, n: u64) {
        self.send(|out| FORMAT.encode_signal(&Signal::Cancel(n), out).unwrap()).await;
    }

    pub(crate) async fn answer<R: Serialize>(&mut self, n: u64, result: R) {
        self.send(|out| FORMAT.encode_answer(&number(n), false, &result, out).unwrap()).await;
    }

    /// Answers the call that was heard last.
    pub(crate) async fn reply<R: Serialize>(&mut self, result: R) {
        self.answer(self.number, result).await;
    }

    pub(crate) async fn item<R: Serialize>(&mut self, n: u64, item: R) {
        self.send(|out| FORMAT.encode_answer(&number(n), true, &item, out).unwrap()).await;
    }

    pub(crate) async fn fail(&mut self, n: u64, code: &str) {
        let failure = Failure::new(code, "as the test wants it");
        let number = number(n);
        self.send(|out| {
            FORMAT.encode_signal(&Signal::Failure(&number, &failure), out).unwrap();
        })
        .await;
    }

    pub(crate) async fn event<T: Serialize>(&mut self, event: &str, payload: T) {
        self.send(|out| FORMAT.encode(event, &payload, out).unwrap()).await;
    }

    /// Returns the next frame as a line, or `end`.
    pub(crate) async fn hear(&mut self) -> String {
        let Ok(length) = soon(self.stream.read_u32()).await else { return "end".to_owned() };
        let mut frame = vec![0; length as usize];
        soon(self.stream.read_exact(&mut frame)).await.unwrap();
        let message = FORMAT.decode(Bytes::from(frame)).unwrap();
        match FORMAT.control(&message) {
            None => format!("event {} {}", message.event(), value(&message)),
            Some(Ok(control)) => self.text(control),
            Some(Err(error)) => format!("invalid: {error}"),
        }
    }

    fn text(&mut self, control: Control) -> String {
        match control {
            Control::Call { number, left, message, .. } => {
                self.left = left;
                if let Some(CallNumber::Integer(number)) = number {
                    self.number = number;
                }
                self.value = FORMAT.read_value(&message).unwrap();
                let kind = if number.is_some() { "call" } else { "notice" };
                format!("{kind} {} {}", message.event(), value(&message))
            }
            Control::Cancel(number) => format!("cancel {}", plain(&number)),
            Control::Credit(number, items) => format!("credit {} {items}", plain(&number)),
            Control::Answer { number, more, result } => {
                self.value = FORMAT.read_value(&result).unwrap();
                let kind = if more { "item" } else { "answer" };
                format!("{kind} {} {}", plain(&number), value(&result))
            }
            Control::Failure { number, failure } => {
                format!("failure {} {}", plain(&number), failure.code)
            }
            other => format!("{other:?}"),
        }
    }

    /// Returns whether nothing is heard for a second.
    pub(crate) async fn is_silent(&mut self) -> bool {
        let read = self.stream.read_u8();
        tokio::time::timeout(Duration::from_secs(1), read).await.is_err()
    }
}

fn plain(number: &CallNumber) -> String {
    match number {
        CallNumber::Integer(number) => number.to_string(),
        other => format!("{other:?}"),
    }
}

/// Returns a payload that is a number or a text; of a long text its length.
fn value(message: &Message) -> String {
    let number: Result<u64, _> = FORMAT.decode_payload(message);
    let text: Result<String, _> = FORMAT.decode_payload(message);
    match (number, text) {
        (Ok(number), _) => number.to_string(),
        (_, Ok(text)) if text.len() > 40 => format!("{} bytes", text.len()),
        (_, Ok(text)) => text,
        _ => "-".to_owned(),
    }
}

fn number(n: u64) -> CallNumber {
    CallNumber::integer(n).unwrap()
}
