//! Calls of built-in methods as JSON: those of the library itself.

use bytes::BytesMut;
use ipc_core::protocol::builtin::{BuiltinFormat, Value};
use ipc_core::protocol::calls::{CALL, CallHead, CallNumber, EncodeCall};
use ipc_core::{DecodePayload, EncodePayload, FormatError, Message};
use serde::Serialize;

use super::NodeFormat;

/// What `$call` has of such a call.
#[derive(Serialize)]
struct Sent<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<u64>,
    call: &'a str,
    /// Classic servers take it for the name of the socket that sends it.
    id: &'a str,
    args: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<u32>,
}

impl BuiltinFormat for NodeFormat {
    fn encode_builtin_call(
        &self,
        head: &CallHead<'_>,
        sender: Option<&str>,
        args: &Value,
        out: &mut BytesMut,
    ) -> Result<(), FormatError> {
        let Some(id) = sender else { return self.encode_call(head, args, out) };
        let (n, ms, stream) = (head.number, head.left_in_ms(), head.credit);
        self.encode(CALL, &Sent { n, call: head.method, id, args, ms, stream }, out)
    }

    fn encode_builtin_answer(
        &self,
        number: &CallNumber,
        result: &Value,
        out: &mut BytesMut,
    ) -> Result<(), FormatError> {
        self.encode_answer(number, false, result, out)
    }

    fn read_value(&self, message: &Message) -> Result<Value, FormatError> {
        if message.payload().is_none() { Ok(Value::Null) } else { self.decode_payload(message) }
    }
}
