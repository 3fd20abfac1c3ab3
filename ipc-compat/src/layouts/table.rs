//! `Table`: a layout that is data.

use bytes::Bytes;
use ipc_core::protocol::calls::{ANSWER, CallHead, CallNumber, Control, Failure, InvalidControl};
use ipc_core::{FormatError, Message};

use super::members::{Members, Object, slice, text};
use super::shape::{EventName, Part};
use super::{Frame, Layout, Outcome, Shape, invalid, number, unsupported};
use crate::{RawJson, codes};

/// A layout of fixed events and members.
///
/// # Defaults
///
/// - ids are text;
/// - data is an object;
/// - failures cannot be said: a call that fails is not answered;
/// - codes of failures stay as they are.
///
/// # Examples
///
/// ```
/// use ipc_compat::NodeFormat;
/// use ipc_compat::layouts::{Shape, Table};
///
/// let layout = Table::new(
///     Shape::new("rpc").id("id").method("method").value("params"),
///     Shape::new("rpc").id("id").constant("state", "ok").value("result"),
/// )
/// .with_failures(Shape::new("rpc").id("id").constant("state", "failed").error_object("error"));
/// let format = NodeFormat::v14().with_layout(layout);
/// # let _ = format;
/// ```
#[derive(Debug, Clone)]
pub struct Table {
    call: Shape,
    notice: Option<Shape>,
    answer: Shape,
    failure: Option<Shape>,
    text: bool,
    integer_ids: bool,
    unknown_as_null: bool,
    /// Codes of failures here and on the wire.
    codes: Vec<(String, String)>,
}

impl Table {
    /// Returns a layout with calls and answers of these shapes.
    #[must_use]
    pub fn new(call: Shape, answer: Shape) -> Self {
        Self {
            call,
            notice: None,
            answer,
            failure: None,
            text: false,
            integer_ids: false,
            unknown_as_null: false,
            codes: Vec::new(),
        }
    }

    /// Returns the same layout with failures of this shape.
    #[must_use]
    pub fn with_failures(self, failure: Shape) -> Self {
        Self { failure: Some(failure), ..self }
    }

    /// Returns the same layout with notices of this shape: calls that are not answered. A call without an
    /// id is read as one in any case.
    #[must_use]
    pub fn with_notices(self, notice: Shape) -> Self {
        Self { notice: Some(notice), ..self }
    }

    /// Returns the same layout, with the text of an object as data instead of the object.
    #[must_use]
    pub fn with_text(self) -> Self {
        Self { text: true, ..self }
    }

    /// Returns the same layout with ids that are integers. Ids of a peer's calls are echoed as they came
    /// in any case.
    #[must_use]
    pub fn with_integer_ids(self) -> Self {
        Self { integer_ids: true, ..self }
    }

    /// Returns the same layout, which answers the call of a method that does not exist with the result
    /// `null`, and not with a failure.
    #[must_use]
    pub fn with_unknown_as_null(self) -> Self {
        Self { unknown_as_null: true, ..self }
    }

    /// Returns the same layout, with another name on the wire for a code of a failure.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>, on_the_wire: impl Into<String>) -> Self {
        self.codes.push((code.into(), on_the_wire.into()));
        self
    }

    /// Returns the same layout, with this event for calls. For layouts whose event is a program's own.
    #[must_use]
    pub fn with_event(mut self, event: impl Into<String>) -> Self {
        self.call.event = EventName::Fixed(event.into());
        self
    }

    fn repeats_method(&self) -> bool {
        let has = |shape: &Shape| shape.member(&Part::Method).is_some();
        has(&self.answer) || self.failure.as_ref().is_some_and(has)
    }

    /// Returns the code that a peer's code means.
    fn code(&self, code: &str) -> Box<str> {
        let known = self.codes.iter().find(|(_, wire)| wire == code);
        known.map_or(code, |(code, _)| code).into()
    }

    fn write(&self, shape: &Shape, parts: &Parts<'_>) -> Result<Frame, FormatError> {
        let mut object = Object::default();
        for (name, part) in &shape.members {
            match part {
                Part::Id => object.raw_if(name, parts.id)?,
                Part::Method => object.text(name, parts.method.unwrap_or_default())?,
                Part::Value => object.raw_if(name, parts.value)?,
                Part::Constant(text) => object.text(name, text)?,
                _ => self.write_failure(&mut object, name, part, parts.failure)?,
            }
        }
        let data = object.finish()?;
        let event = match &shape.event {
            EventName::Fixed(event) => event.clone(),
            EventName::Prefix(prefix) => {
                let id = parts.id.map(RawJson::as_str).unwrap_or_default();
                format!("{prefix}{}", text(id).unwrap_or_else(|| id.into()))
            }
        };
        // A program that parses the data dies of an object.
        let data = if self.text { RawJson::from_value(data.as_str())? } else { data };
        Ok(Frame { event, data })
    }

    fn write_failure(
        &self,
        object: &mut Object,
        name: &str,
        part: &Part,
        failure: Option<&Failure>,
    ) -> Result<(), FormatError> {
        let Some(failure) = failure else { return Ok(()) };
        let known = self.codes.iter().find(|(code, _)| **code == *failure.code);
        let code = known.map_or(&*failure.code, |(_, wire)| wire);
        match part {
            Part::ErrorText | Part::Message => object.text(name, &failure.message),
            Part::Code => object.text(name, code),
            Part::Data => match failure.data.as_ref().and_then(Message::payload) {
                Some(data) => object.raw(name, RawJson::new(data.to_vec())?.as_bytes()),
                None => Ok(()),
            },
            _ => {
                let mut error = Object::default();
                error.text("message", &failure.message)?;
                error.text("name", "Error")?;
                error.text("code", code)?;
                self.write_failure(&mut error, "data", &Part::Data, Some(failure))?;
                object.raw(name, error.finish()?.as_bytes())
            }
        }
    }

    /// Returns what the message is as an answer of this shape, `None` if it is no such answer.
    fn read_answer(
        &self,
        shape: &Shape,
        message: &Message,
        json: &Bytes,
        members: &Members<'_>,
    ) -> Option<Result<Control, InvalidControl>> {
        for (name, part) in &shape.members {
            let fits = match part {
                Part::Constant(text) => members.text(name).is_some_and(|has| has == text.as_str()),
                Part::ErrorText | Part::ErrorObject => members.present(name).is_some(),
                _ => true,
            };
            if !fits {
                return None;
            }
        }
        let number = match (&shape.event, shape.member(&Part::Id)) {
            (EventName::Prefix(prefix), _) => {
                number::own(message.event().strip_prefix(prefix.as_str())?)?
            }
            (EventName::Fixed(_), Some(name)) => match number::of_answer(members.present(name)?) {
                Some(number) => number,
                None => return Some(Err(invalid(BAD_ID, None))),
            },
            (EventName::Fixed(_), None) => return None,
        };
        if self.failure.as_ref() == Some(shape) {
            let failure = self.read_failure(shape, json, members);
            return Some(Ok(Control::Failure { number, failure }));
        }
        let result = shape.member(&Part::Value).and_then(|name| members.get(name));
        let result = Message::new(ANSWER, result.map(|result| slice(json, result)));
        Some(Ok(Control::Answer { number, more: false, result }))
    }

    fn read_failure(&self, shape: &Shape, json: &Bytes, members: &Members<'_>) -> Failure {
        let error = [Part::ErrorText, Part::ErrorObject].iter();
        let error =
            error.filter_map(|part| shape.member(part)).find_map(|name| members.present(name));
        let names = ["code", "message", "data"];
        let (inner, outer);
        let members = match error {
            Some(error) => {
                if let Some(message) = text(error) {
                    return Failure::new(Failure::NO_CODE, message);
                }
                inner = Members::read(error.as_bytes(), &names);
                let Some(members) = &inner else {
                    let data = Message::new(ANSWER, Some(slice(json, error)));
                    return Failure::new(Failure::NO_CODE, Failure::NO_CODE).with_data(data);
                };
                members
            }
            None => {
                outer = members;
                outer
            }
        };
        let code = members.text("code").map(|code| self.code(&code));
        let code = code.unwrap_or_else(|| Failure::NO_CODE.into());
        let message = members.text("message").map_or_else(|| code.clone(), Box::from);
        let failure = Failure::new(code, message);
        match members.get("data") {
            Some(data) => failure.with_data(Message::new(ANSWER, Some(slice(json, data)))),
            None => failure,
        }
    }

    /// Returns the call that the message is, `None` if it is none.
    fn read_call(
        &self,
        json: &Bytes,
        members: &Members<'_>,
    ) -> Option<Result<Control, InvalidControl>> {
        let method = members.text(self.call.member(&Part::Method)?)?;
        let id = self.call.member(&Part::Id).and_then(|name| members.present(name));
        let number = match id {
            Some(id) => match number::of_id(id) {
                Some(number) if self.repeats_method() => number::with_method(&number, &method),
                Some(number) => Some(number),
                None => return Some(Err(invalid(BAD_ID, None))),
            },
            None => None,
        };
        if method.is_empty() || method.encode_utf16().count() > CallHead::MAX_METHOD {
            let message = "the method is empty or longer than 256 UTF-16 units";
            return Some(Err(invalid(message, number)));
        }
        let args = self.call.member(&Part::Value).and_then(|name| members.get(name));
        let message = Message::new(method, args.map(|args| slice(json, args)));
        Some(Ok(Control::Call { number, left: None, credit: None, message }))
    }
}

/// What goes into the members of a frame.
#[derive(Default)]
struct Parts<'a> {
    id: Option<&'a RawJson>,
    method: Option<&'a str>,
    value: Option<&'a RawJson>,
    failure: Option<&'a Failure>,
}

impl Layout for Table {
    fn read(&self, message: &Message) -> Option<Result<Control, InvalidControl>> {
        let of = |shape: &Shape| match &shape.event {
            EventName::Fixed(event) => message.event() == event,
            EventName::Prefix(prefix) => message.event().starts_with(prefix.as_str()),
        };
        let answers = self.failure.iter().chain([&self.answer]).filter(|shape| of(shape));
        let answers: Vec<&Shape> = answers.collect();
        let call = of(&self.call).then_some(&self.call);
        if answers.is_empty() && call.is_none() {
            return None;
        }
        let mut json = message.clone().into_payload()?;
        if self.text {
            json = Bytes::from(text(std::str::from_utf8(&json).ok()?)?.into_owned());
        }
        let shapes = answers.iter().copied().chain(call);
        let names: Vec<&str> = shapes.flat_map(Shape::names).collect();
        let members = Members::read(&json, &names)?;
        let answer =
            answers.iter().find_map(|shape| self.read_answer(shape, message, &json, &members));
        answer.or_else(|| self.read_call(&json, &members).filter(|_| call.is_some()))
    }

    fn write_call(&self, head: &CallHead<'_>, args: &RawJson) -> Result<Frame, FormatError> {
        let shape = match (head.number, &self.notice) {
            (None, Some(notice)) => notice,
            _ => &self.call,
        };
        let value = match shape.member(&Part::Value) {
            Some(_) => Some(args),
            None if args.as_str() == "null" => None,
            None => return Err(unsupported("calls of this layout have no arguments")),
        };
        if head.credit.is_some() {
            return Err(unsupported("the layout has no streams"));
        }
        let id = match head.number {
            Some(number) if self.integer_ids => Some(RawJson::from_value(&number)?),
            Some(number) => Some(RawJson::from_value(&number.to_string())?),
            None => None,
        };
        let method = Some(head.method);
        self.write(shape, &Parts { id: id.as_ref(), method, value, ..Parts::default() })
    }

    fn write_answer(
        &self,
        number: &CallNumber,
        outcome: Outcome<'_>,
    ) -> Result<Frame, FormatError> {
        let both = if self.repeats_method() { number::and_method(number) } else { None };
        let (number, method) = match &both {
            Some((number, method)) => (number, Some(method.as_str())),
            None => (number, None),
        };
        let id = number::id(number)?;
        let parts = Parts { id: Some(&id), method, ..Parts::default() };
        let null;
        match outcome {
            Outcome::Result(value) => {
                self.write(&self.answer, &Parts { value: Some(value), ..parts })
            }
            Outcome::Nothing => self.write(&self.answer, &parts),
            Outcome::Failure(failure) if self.unknown_as_null && *failure.code == *UNKNOWN => {
                null = RawJson::from_value(&())?;
                self.write(&self.answer, &Parts { value: Some(&null), ..parts })
            }
            Outcome::Failure(failure) => match &self.failure {
                Some(shape) => self.write(shape, &Parts { failure: Some(failure), ..parts }),
                None => Err(FormatError::new(
                    codes::UNSUPPORTED,
                    format!("the layout cannot say that a call failed: {failure}"),
                )),
            },
        }
    }
}

const BAD_ID: &str = "the id is neither text of 1 to 64 bytes nor an integer from 0 to 2^53 - 1";

/// The code of the failure of a method that does not exist.
const UNKNOWN: &str = "unknown_method";
