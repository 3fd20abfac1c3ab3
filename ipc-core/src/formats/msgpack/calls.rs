//! Calls and answers as MessagePack: the payloads of the events `$call` and `$answer`.

use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;

use super::reader::{Head, Reader, Value, members};
use super::{MsgPack, PAIR};
use crate::protocol::builtin::{self, BuiltinFormat};
use crate::protocol::calls::{
    ANSWER, CALL, CallFormat, CallHead, CallNumber, Control, EncodeCall, Failure, InvalidControl,
    Signal,
};
use crate::{DecodePayload, FormatError, Message};

impl CallFormat for MsgPack {
    fn control(&self, message: &Message) -> Option<Result<Control, InvalidControl>> {
        // Nearly every message ends here.
        if !message.event().starts_with('$') {
            return None;
        }
        let read = match message.event() {
            CALL => read_call,
            ANSWER => read_answer,
            _ => return None,
        };
        Some(read(message.clone().into_payload().unwrap_or_default()))
    }

    fn builtins(&self) -> Option<&dyn BuiltinFormat> {
        Some(self)
    }

    fn encode_signal(&self, signal: &Signal<'_>, out: &mut BytesMut) -> Result<(), FormatError> {
        match *signal {
            Signal::Cancel(number) => {
                self.begin(CALL, 2, out)?;
                self.member("n", &number, out)?;
                self.member("cancel", &true, out)
            }
            Signal::Credit(number, items) => {
                self.begin(CALL, 2, out)?;
                self.member("n", &number, out)?;
                self.member("credit", &items, out)
            }
            Signal::End(number) => {
                self.begin(ANSWER, 1, out)?;
                self.number(number, out)
            }
            Signal::Failure(number, failure) => {
                self.begin(ANSWER, 2, out)?;
                self.number(number, out)?;
                self.failure(failure, out)
            }
        }
    }
}

impl<T: Serialize + ?Sized> EncodeCall<T> for MsgPack {
    fn encode_call(
        &self,
        head: &CallHead<'_>,
        args: &T,
        out: &mut BytesMut,
    ) -> Result<(), FormatError> {
        self.call(head, None, args, out)
    }

    fn encode_answer(
        &self,
        number: &CallNumber,
        more: bool,
        result: &T,
        out: &mut BytesMut,
    ) -> Result<(), FormatError> {
        self.begin(ANSWER, 2 + count(&[more]), out)?;
        self.number(number, out)?;
        self.member("ok", result, out)?;
        if more { self.member("more", &true, out) } else { Ok(()) }
    }
}

impl BuiltinFormat for MsgPack {
    fn encode_builtin_call(
        &self,
        head: &CallHead<'_>,
        sender: Option<&str>,
        args: &builtin::Value,
        out: &mut BytesMut,
    ) -> Result<(), FormatError> {
        self.call(head, sender, args, out)
    }

    fn encode_builtin_answer(
        &self,
        number: &CallNumber,
        result: &builtin::Value,
        out: &mut BytesMut,
    ) -> Result<(), FormatError> {
        self.encode_answer(number, false, result, out)
    }

    fn read_value(&self, message: &Message) -> Result<builtin::Value, FormatError> {
        self.decode_payload(message)
    }
}

impl MsgPack {
    /// Appends a call; `sender` is the name of this side, if the frame is to say it.
    #[inline]
    fn call<T: Serialize + ?Sized>(
        self,
        head: &CallHead<'_>,
        sender: Option<&str>,
        args: &T,
        out: &mut BytesMut,
    ) -> Result<(), FormatError> {
        let ms = head.left_in_ms();
        let optional =
            [head.number.is_some(), sender.is_some(), ms.is_some(), head.credit.is_some()];
        self.begin(CALL, 2 + count(&optional), out)?;
        if let Some(number) = head.number {
            self.member("n", &number, out)?;
        }
        self.member("call", head.method, out)?;
        if let Some(sender) = sender {
            self.member("id", sender, out)?;
        }
        self.member("args", args, out)?;
        if let Some(ms) = ms {
            self.member("ms", &ms, out)?;
        }
        if let Some(items) = head.credit {
            self.member("stream", &items, out)?;
        }
        Ok(())
    }

    /// Appends what comes before the members: the array, the event's name and the map's head.
    fn begin(self, event: &str, members: u8, out: &mut BytesMut) -> Result<(), FormatError> {
        out.put_u8(PAIR);
        self.append(event, out)?;
        out.put_u8(MAP | members);
        Ok(())
    }

    fn member<T: Serialize + ?Sized>(
        self,
        key: &str,
        value: &T,
        out: &mut BytesMut,
    ) -> Result<(), FormatError> {
        self.append(key, out)?;
        self.append(value, out)
    }

    fn number(self, number: &CallNumber, out: &mut BytesMut) -> Result<(), FormatError> {
        match number {
            CallNumber::Integer(number) => self.member("n", number, out),
            CallNumber::Text(text) => self.member("n", &**text, out),
        }
    }

    fn failure(self, failure: &Failure, out: &mut BytesMut) -> Result<(), FormatError> {
        let data = failure.data.as_ref().and_then(Message::payload);
        self.append("error", out)?;
        out.put_u8(MAP | (2 + count(&[data.is_some()])));
        self.member("code", &*failure.code, out)?;
        self.member("message", &*failure.message, out)?;
        let Some(data) = data else { return Ok(()) };
        let mut reader = Reader::new(data);
        if reader.value().is_none() || !reader.is_at_end() {
            let message = "data of a failure is not one value in MessagePack";
            return Err(FormatError::new(Self::UNSERIALIZABLE, message));
        }
        self.append("data", out)?;
        out.extend_from_slice(data);
        Ok(())
    }
}

fn count(present: &[bool]) -> u8 {
    present.iter().map(|present| u8::from(*present)).sum()
}

fn read_call(payload: Bytes) -> Result<Control, InvalidControl> {
    let keys = ["n", "call", "args", "ms", "stream", "cancel", "credit"];
    let ([n, call, args, ms, stream, cancel, credit], read) = members(&payload, keys);
    let number = number(&payload, n)?;
    let wrong = |message| invalid(message, number.clone());
    read.map_err(wrong)?;
    let method = present(call.clone(), |call| text(&payload, call)).ok_or("`call` is not text");
    let method = method.map_err(wrong)?;
    let ms = present(ms, float).ok_or_else(|| wrong("`ms` is not a time"))?;
    let stream = present(stream, items).ok_or_else(|| wrong("`stream` is not from 1 to 65535"))?;
    let cancel = is_true(cancel).ok_or_else(|| wrong("`cancel` is not a boolean"))?;
    let items = present(credit, items).ok_or_else(|| wrong("`credit` is not a number of items"))?;
    match (method, cancel, items, &number) {
        (Some(method), false, None, _) => {
            if method.is_empty() || is_too_long(method) {
                return Err(wrong("the method is empty or longer than 256 UTF-16 units"));
            }
            let left = ms.and_then(CallHead::left_of_ms);
            if ms.is_some() && left.is_none() {
                return Err(wrong("`ms` is not a time"));
            }
            if stream.is_some_and(|items| !(1..=CallHead::MAX_CREDIT).contains(&items)) {
                return Err(wrong("`stream` is not from 1 to 65535"));
            }
            let method = call.map(|call| call.body).unwrap_or_default();
            let args = args.map(|args| args.whole);
            // Invariant: both lie in the payload, and the method is UTF-8.
            match Message::from_frame(payload, method, args) {
                Some(message) => Ok(Control::Call { number, left, credit: stream, message }),
                None => Err(invalid("`call` is not text", number)),
            }
        }
        (None, true, None, Some(number)) => Ok(Control::Cancel(number.clone())),
        (None, false, Some(items), Some(number)) => Ok(Control::Credit(number.clone(), items)),
        _ => Err(wrong("not exactly one of `call`, `cancel` with `n`, `credit` with `n`")),
    }
}

fn read_answer(payload: Bytes) -> Result<Control, InvalidControl> {
    let ([n, ok, error, more], read) = members(&payload, ["n", "ok", "error", "more"]);
    let number = number(&payload, n)?;
    read.map_err(|message| invalid(message, number.clone()))?;
    let Some(number) = number else { return Err(invalid(BAD_NUMBER, None)) };
    let Some(more) = is_true(more) else {
        return Err(invalid("`more` is not a boolean", Some(number)));
    };
    if let Some(error) = error.filter(|error| error.head != Head::Nil) {
        return Ok(Control::Failure { number, failure: failure(payload.slice(error.whole)) });
    }
    let result = match ok {
        Some(ok) => Message::with_static_event(ANSWER, payload.slice(ok.whole)),
        None => Message::new(ANSWER, None),
    };
    Ok(Control::Answer { number, more, result })
}

/// Returns the failure that `error` says; any value is one.
fn failure(error: Bytes) -> Failure {
    let ([code, message, data], read) = members(&error, ["code", "message", "data"]);
    let code = present(code, |code| text(&error, code));
    let message = present(message, |message| text(&error, message));
    let (Ok(()), Some(code), Some(message)) = (read, code, message) else {
        let data = Message::with_static_event(ANSWER, error);
        return Failure::new(Failure::NO_CODE, Failure::NO_CODE).with_data(data);
    };
    let code = code.unwrap_or(Failure::NO_CODE);
    let failure = Failure::new(code, message.unwrap_or(code));
    match data {
        Some(data) => {
            failure.with_data(Message::with_static_event(ANSWER, error.slice(data.whole)))
        }
        None => failure,
    }
}

/// Returns the number of a call.
fn number(payload: &[u8], n: Option<Value>) -> Result<Option<CallNumber>, InvalidControl> {
    let number = present(n, |n| match n.head {
        Head::Integer(integer) => CallNumber::integer(integer),
        _ => text(payload, n).and_then(CallNumber::text),
    });
    number.ok_or_else(|| invalid(BAD_NUMBER, None))
}

/// Returns what `read` makes of a member that is present; `nil` is as good as absent. `None` if `read`
/// refuses it.
fn present<T>(member: Option<Value>, read: impl FnOnce(&Value) -> Option<T>) -> Option<Option<T>> {
    match member.filter(|member| member.head != Head::Nil) {
        Some(member) => read(&member).map(Some),
        None => Some(None),
    }
}

/// Returns the text that the value is.
fn text<'a>(payload: &'a [u8], value: &Value) -> Option<&'a str> {
    match value.head {
        Head::Text(_) => std::str::from_utf8(payload.get(value.body.clone())?).ok(),
        _ => None,
    }
}

fn is_too_long(method: &str) -> bool {
    // A UTF-16 unit has at most three bytes in UTF-8, so a long text need not be counted.
    method.len() > 3 * CallHead::MAX_METHOD || method.encode_utf16().count() > CallHead::MAX_METHOD
}

fn float(value: &Value) -> Option<f64> {
    match value.head {
        #[expect(clippy::cast_precision_loss, reason = "so many milliseconds are many years")]
        Head::Integer(integer) => Some(integer as f64),
        Head::Float(float) => Some(float),
        // Below zero it is no time, whatever it is.
        Head::Negative => Some(-1.0),
        _ => None,
    }
}

fn items(value: &Value) -> Option<u32> {
    match value.head {
        Head::Integer(items) => u32::try_from(items).ok(),
        _ => None,
    }
}

/// Returns whether the member is `true`, or `None` if it is neither a boolean nor absent.
fn is_true(member: Option<Value>) -> Option<bool> {
    let read = |member: &Value| match member.head {
        Head::Bool(value) => Some(value),
        _ => None,
    };
    present(member, read).map(|member| member == Some(true))
}

#[cold]
fn invalid(message: &'static str, number: Option<CallNumber>) -> InvalidControl {
    InvalidControl::new(FormatError::new(MsgPack::INVALID_CALL, message), number)
}

/// The first byte of a map of up to 15 members, without their number.
const MAP: u8 = 0x80;

const BAD_NUMBER: &str = "`n` is neither an integer from 1 to 2^53 - 1 nor a text of 1 to 64 bytes";
