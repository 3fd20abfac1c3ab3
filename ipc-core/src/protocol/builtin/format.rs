//! `BuiltinFormat`: how the values of built-in methods become messages, and back.

use bytes::BytesMut;

use super::Value;
use crate::protocol::calls::{CallFormat, CallHead, CallNumber};
use crate::{FormatError, Message};

/// A format that has a form for built-in methods: what [`CallFormat::builtins`] returns.
pub trait BuiltinFormat: CallFormat {
    /// Appends the frame of a call of a built-in method to `out`, without delimiter or length.
    ///
    /// `sender` is the name of this side, if the frame is to say it: a classic server of node-ipc takes
    /// the member `id` of a message for the name of the socket.
    ///
    /// # Errors
    ///
    /// [`FormatError`] if the format cannot send it.
    fn encode_builtin_call(
        &self,
        head: &CallHead<'_>,
        sender: Option<&str>,
        args: &Value,
        out: &mut BytesMut,
    ) -> Result<(), FormatError>;

    /// Appends the frame of an answer to such a call to `out`, without delimiter or length.
    ///
    /// # Errors
    ///
    /// [`FormatError`] if the format cannot send it.
    fn encode_builtin_answer(
        &self,
        number: &CallNumber,
        result: &Value,
        out: &mut BytesMut,
    ) -> Result<(), FormatError>;

    /// Returns the payload of a message, which holds arguments or a result. Without a payload it is
    /// [`Value::Null`].
    ///
    /// # Errors
    ///
    /// [`FormatError`] if the payload is no value, or larger than one may be, such as
    /// one with more than [`Value::MAX_VALUES`].
    fn read_value(&self, message: &Message) -> Result<Value, FormatError>;
}
