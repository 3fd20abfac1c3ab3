//! Calls and answers as JSON: the payloads of the events `$call` and `$answer`.

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};
use ipc_core::protocol::builtin::BuiltinFormat;
use ipc_core::protocol::calls::{
    ANSWER, CALL, CallFormat, CallHead, CallNumber, Control, EncodeCall, Failure, InvalidControl,
    Signal,
};
use ipc_core::{EncodePayload, FormatError, Message};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::{NodeFormat, RawJson, encode, laid_out, ordinary_calls};
use crate::codes;
use crate::json::append::append;

impl CallFormat for NodeFormat {
    fn control(&self, message: &Message) -> Option<Result<Control, InvalidControl>> {
        if let Some(layout) = &self.layout {
            return layout.read(message);
        }
        // Nearly every message ends here.
        if !message.event().starts_with('$') {
            return None;
        }
        self.take_control(&mut message.clone())
    }

    fn take_control(&self, message: &mut Message) -> Option<Result<Control, InvalidControl>> {
        if self.layout.is_some() {
            return self.control(message);
        }
        let (ordinary, any): (Take, Read) = match message.event() {
            CALL => (ordinary_calls::take_call, read_call),
            ANSWER => (ordinary_calls::take_answer, read_answer),
            _ => return None,
        };
        Some(match ordinary(message) {
            Some(control) => Ok(control),
            None => any(&message.take().into_payload().unwrap_or_default()),
        })
    }

    fn take_frame(&self, frame: &mut Bytes) -> Option<Control> {
        // Its rules may forbid one of the events, of which the other is the longer one.
        if self.layout.is_some() || !self.rules.allow_all_of(ANSWER.len()) {
            return None;
        }
        ordinary_calls::take_frame(frame)
    }

    fn builtins(&self) -> Option<&dyn BuiltinFormat> {
        // A layout has no form for them.
        if self.layout.is_some() { None } else { Some(self) }
    }

    fn uses_any_event(&self) -> bool {
        self.layout.is_some()
    }

    fn answers_have_numbers(&self) -> bool {
        self.layout.as_ref().is_none_or(|layout| layout.answers_have_numbers())
    }

    fn call_ended(&self, number: u64) {
        if let Some(layout) = &self.layout {
            layout.call_ended(number);
        }
    }

    fn encode_signal(&self, signal: &Signal<'_>, out: &mut BytesMut) -> Result<(), FormatError> {
        if let Some(layout) = &self.layout {
            return laid_out::signal(self, &**layout, signal, out);
        }
        match *signal {
            Signal::Cancel(number) => {
                let data =
                    Sent { n: Some(Number::Integer(number)), cancel: true, ..Sent::default() };
                self.encode(CALL, &data, out)
            }
            Signal::Credit(number, items) => {
                let n = Some(Number::Integer(number));
                self.encode(CALL, &Sent { n, credit: Some(items), ..Sent::default() }, out)
            }
            Signal::End(number) => {
                self.encode(ANSWER, &Sent { n: Some(number.into()), ..Sent::default() }, out)
            }
            Signal::Failure(number, failure) => {
                let data = failure.data.clone().and_then(Message::into_payload);
                let data = data.as_deref().map(raw).transpose()?;
                let error = SentFailure { code: &failure.code, message: &failure.message, data };
                let n = Some(number.into());
                self.encode(ANSWER, &Sent { n, error: Some(error), ..Sent::default() }, out)
            }
            _ => Err(FormatError::new(codes::UNSUPPORTED, "the format has no such signal")),
        }
    }
}

impl<T: Serialize + ?Sized> EncodeCall<T> for NodeFormat {
    fn encode_call(
        &self,
        head: &CallHead<'_>,
        args: &T,
        out: &mut BytesMut,
    ) -> Result<(), FormatError> {
        if let Some(layout) = &self.layout {
            let frame = layout.write_call(head, &RawJson::from_value(args)?)?;
            return laid_out::frame(self, &frame, out);
        }
        ordinary_calls::write_call(self, head, out, |out| encode::payload(args, out))
    }

    fn encode_answer(
        &self,
        number: &CallNumber,
        more: bool,
        result: &T,
        out: &mut BytesMut,
    ) -> Result<(), FormatError> {
        if let Some(layout) = &self.layout {
            let result = RawJson::from_value(result)?;
            return laid_out::answer(self, &**layout, number, more, &result, out);
        }
        ordinary_calls::write_answer(self, number, more, out, |out| encode::payload(result, out))
    }
}

impl EncodeCall<RawJson> for NodeFormat {
    fn encode_call(
        &self,
        head: &CallHead<'_>,
        args: &RawJson,
        out: &mut BytesMut,
    ) -> Result<(), FormatError> {
        if let Some(layout) = &self.layout {
            return laid_out::frame(self, &layout.write_call(head, args)?, out);
        }
        ordinary_calls::write_call(self, head, out, |out| {
            append(args.as_bytes(), out);
            Ok(())
        })
    }

    fn encode_answer(
        &self,
        number: &CallNumber,
        more: bool,
        result: &RawJson,
        out: &mut BytesMut,
    ) -> Result<(), FormatError> {
        if let Some(layout) = &self.layout {
            return laid_out::answer(self, &**layout, number, more, result, out);
        }
        ordinary_calls::write_answer(self, number, more, out, |out| {
            append(result.as_bytes(), out);
            Ok(())
        })
    }
}

#[derive(Serialize, Default)]
struct Sent<'a> {
    n: Option<Number<'a>>,
    #[serde(skip_serializing_if = "is_false")]
    cancel: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    credit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<SentFailure<'a>>,
}

#[derive(Serialize)]
struct SentFailure<'a> {
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
}

enum Number<'a> {
    Integer(u64),
    Text(&'a str),
}

impl<'a> From<&'a CallNumber> for Number<'a> {
    fn from(number: &'a CallNumber) -> Self {
        match number {
            CallNumber::Text(text) => Self::Text(text),
            CallNumber::Integer(number) => Self::Integer(*number),
            // What a later version of the core may have cannot have come from this format.
            _ => Self::Integer(0),
        }
    }
}

impl Serialize for Number<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Integer(number) => serializer.serialize_u64(*number),
            Self::Text(text) => serializer.serialize_str(text),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// How a payload is read, and how what is in the ordinary form is taken.
type Read = fn(&Bytes) -> Result<Control, InvalidControl>;
type Take = fn(&mut Message) -> Option<Control>;

/// The members of a `$call`. All others are ignored.
#[derive(Deserialize)]
struct ReadCall<'a> {
    #[serde(borrow, default)]
    n: Option<ReadNumber<'a>>,
    #[serde(borrow, default)]
    call: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "present")]
    args: Option<&'a RawValue>,
    #[serde(default)]
    ms: Option<f64>,
    #[serde(default)]
    stream: Option<u32>,
    #[serde(default)]
    cancel: Option<bool>,
    #[serde(default)]
    credit: Option<u32>,
}

/// The members of an `$answer`.
#[derive(Deserialize)]
struct ReadAnswer<'a> {
    #[serde(borrow, default)]
    n: Option<ReadNumber<'a>>,
    #[serde(borrow, default, deserialize_with = "present")]
    ok: Option<&'a RawValue>,
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
    #[serde(default)]
    more: Option<bool>,
}

#[derive(Deserialize)]
struct ReadFailure<'a> {
    #[serde(borrow, default)]
    code: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    message: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "present")]
    data: Option<&'a RawValue>,
}

/// A number as it came; whether it is one is asked later, since what is wrong with it has an error of
/// its own.
#[derive(Deserialize)]
#[serde(untagged)]
enum ReadNumber<'a> {
    Integer(u64),
    Text(#[serde(borrow)] Cow<'a, str>),
}

impl ReadNumber<'_> {
    fn number(&self) -> Option<CallNumber> {
        match self {
            Self::Integer(number) => CallNumber::integer(*number),
            Self::Text(text) => CallNumber::text(text),
        }
    }
}

/// `null` is a value here, other than for an `Option`.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(deserializer).map(Some)
}

/// Returns whether JSON is an object: serde takes an array for a struct, too.
fn is_object(json: &[u8]) -> bool {
    json.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{')
}

fn read_call(payload: &Bytes) -> Result<Control, InvalidControl> {
    if !is_object(payload) {
        return Err(invalid("a call is an object", None));
    }
    let read: ReadCall<'_> = serde_json::from_slice(payload)
        .map_err(|error| invalid(format!("not a call: {error}"), None))?;
    let number = read.n.as_ref().and_then(ReadNumber::number);
    if read.n.is_some() && number.is_none() {
        return Err(invalid(BAD_NUMBER, None));
    }
    match (read.call, read.cancel.filter(|cancel| *cancel), read.credit, number) {
        (Some(method), None, None, number) => {
            if method.is_empty() || method.encode_utf16().count() > CallHead::MAX_METHOD {
                return Err(invalid("the method is empty or longer than 256 UTF-16 units", number));
            }
            let left = read.ms.and_then(CallHead::left_of_ms);
            if read.ms.is_some() && left.is_none() {
                return Err(invalid("`ms` is not a time", number));
            }
            if read.stream == Some(0)
                || read.stream.is_some_and(|items| items > CallHead::MAX_CREDIT)
            {
                return Err(invalid("`stream` is not from 1 to 65535", number));
            }
            let args = read.args.map(|args| payload.slice_ref(args.get().as_bytes()));
            let message = Message::new(method.into_owned(), args);
            Ok(Control::Call { number, left, credit: read.stream, message })
        }
        (None, Some(_), None, Some(number)) => Ok(Control::Cancel(number)),
        (None, None, Some(items), Some(number)) => Ok(Control::Credit(number, items)),
        (_, _, _, number) => {
            Err(invalid("not exactly one of `call`, `cancel` with `n`, `credit` with `n`", number))
        }
    }
}

fn read_answer(payload: &Bytes) -> Result<Control, InvalidControl> {
    if !is_object(payload) {
        return Err(invalid("an answer is an object", None));
    }
    let read: ReadAnswer<'_> = serde_json::from_slice(payload)
        .map_err(|error| invalid(format!("not an answer: {error}"), None))?;
    let Some(number) = read.n.as_ref().and_then(ReadNumber::number) else {
        return Err(invalid(BAD_NUMBER, None));
    };
    if let Some(error) = read.error {
        return Ok(Control::Failure { number, failure: failure(payload, error) });
    }
    let result = read.ok.map(|ok| payload.slice_ref(ok.get().as_bytes()));
    let result = Message::new(ANSWER, result);
    Ok(Control::Answer { number, more: read.more == Some(true), result })
}

/// Returns the failure that `error` says; any JSON is one.
fn failure(payload: &Bytes, error: &RawValue) -> Failure {
    let read = Some(error.get()).filter(|json| is_object(json.as_bytes()));
    let Some(Ok(read)) = read.map(serde_json::from_str::<ReadFailure<'_>>) else {
        let data = payload.slice_ref(error.get().as_bytes());
        return Failure::new(Failure::NO_CODE, Failure::NO_CODE)
            .with_data(Message::new(ANSWER, Some(data)));
    };
    let code = read.code.unwrap_or(Cow::Borrowed(Failure::NO_CODE));
    let message = read.message.unwrap_or_else(|| code.clone());
    let failure = Failure::new(&*code, &*message);
    match read.data {
        Some(data) => {
            let data = payload.slice_ref(data.get().as_bytes());
            failure.with_data(Message::new(ANSWER, Some(data)))
        }
        None => failure,
    }
}

fn raw(json: &[u8]) -> Result<&RawValue, FormatError> {
    serde_json::from_slice(json).map_err(|error| {
        FormatError::new(codes::UNSERIALIZABLE, format!("data of a failure is not JSON: {error}"))
    })
}

#[cold]
fn invalid(message: impl Into<Cow<'static, str>>, number: Option<CallNumber>) -> InvalidControl {
    InvalidControl::new(FormatError::new(codes::INVALID_CALL, message), number)
}

const BAD_NUMBER: &str = "`n` is neither an integer from 1 to 2^53 - 1 nor a text of 1 to 64 bytes";

/// Checks that a call or an answer which is read in one pass is read as `serde_json` reads it.
#[cfg(any(test, fuzzing))]
pub(crate) fn reading_agrees(payload: &Bytes) {
    let both: [(&str, Take, Read); 2] = [
        (CALL, ordinary_calls::take_call, read_call),
        (ANSWER, ordinary_calls::take_answer, read_answer),
    ];
    for (event, ordinary, any) in both {
        let mut message = Message::new(event, Some(payload.clone()));
        let in_payload = ordinary(&mut message);
        let frame = [&b"{\"type\":\""[..], event.as_bytes(), b"\",\"data\":", payload, b"}"];
        let whole = Bytes::from(frame.concat());
        let mut frame = whole.clone();
        let in_frame = ordinary_calls::take_frame(&mut frame);
        assert!(in_payload.is_some() || message.payload() == Some(&**payload));
        assert!(in_frame.is_some() || frame == whole);
        for taken in in_payload.iter().chain(&in_frame) {
            assert_eq!(any(payload).map(|control| said(&control)), Ok(said(taken)));
        }
    }
}

/// Returns all that a control says, as text.
#[cfg(any(test, fuzzing))]
fn said(control: &Control) -> String {
    let message = match control {
        Control::Call { message, .. } => Some(message),
        Control::Answer { result, .. } => Some(result),
        _ => None,
    };
    format!("{control:?} {:?}", message.map(Message::payload))
}
