//! The fuzz target `layouts`: what must hold for the data of every event, in each layout.

use bytes::Bytes;
use ipc_core::protocol::calls::{CallHead, CallNumber, Control, Failure};
use ipc_core::{FormatError, Message};

use crate::layouts::{self, Frame, Layout, Outcome, Shape, Table};
use crate::{RawJson, codes};

/// Checks everything that must hold for `input`: a digit for the layout, one for the event, and the data.
///
/// # Panics
///
/// If it does not hold.
pub fn layouts(input: &[u8]) {
    let Some((&[layout, event], data)) = input.split_first_chunk::<2>() else { return };
    let events = EVENTS.len();
    let event = EVENTS.get(usize::from(event.wrapping_sub(b'0')) % events).expect("it is below");
    let layout = layout_of(layout);
    // A layout without numbers has an answer only to what was asked.
    let asked = CallHead { number: Some(OWN), method: METHOD, left: None, credit: None };
    layout.write_call(&asked, &null()).expect("each can ask without arguments");
    // Data is read as it came: the frame is JSON, and a layout of text looks into a part of it.
    match layout.read(&Message::new(*event, Some(Bytes::copy_from_slice(data)))) {
        None => {}
        Some(Ok(control)) if RawJson::new(data.to_vec()).is_ok() => {
            is_written_again(&*layout, &control);
        }
        Some(Ok(_)) => {}
        Some(Err(invalid)) => assert_eq!(invalid.code(), codes::INVALID_CALL),
    }
}

fn layout_of(digit: u8) -> Box<dyn Layout> {
    match digit.wrapping_sub(b'0') % 7 {
        0 => Box::new(layouts::json()),
        1 => Box::new(layouts::requests()),
        2 => Box::new(layouts::by_id("call")),
        3 => Box::new(layouts::dmno()),
        4 => Box::new(layouts::state("me")),
        5 => Box::new(layouts::done().answering([METHOD])),
        _ => {
            let answer = Shape::new("call").id("id").constant("state", "ok").value("result");
            let failure = Shape::new("call").id("id").constant("state", "failed").error_members();
            let call = Shape::new("call").id("id").method("method").value("params");
            Box::new(Table::new(call, answer).with_failures(failure).with_integer_ids())
        }
    }
}

fn is_written_again(layout: &dyn Layout, control: &Control) {
    match control {
        Control::Call { number, left, credit, message } => {
            assert!(left.is_none() && credit.is_none());
            let method = message.event();
            let units = method.encode_utf16().count();
            assert!((1..=CallHead::MAX_METHOD).contains(&units), "{units}");
            if let Some(number) = number {
                can_be_answered(layout, number);
            }
            let number = number.as_ref().map(|_| OWN);
            let head = CallHead { number, method, left: None, credit: None };
            let args = json(message).unwrap_or_else(null);
            let again = read(layout, layout.write_call(&head, &args).expect("it was asked so"));
            let Control::Call { number: n, message: m, .. } = again else { panic!("{again:?}") };
            assert_eq!((n.is_some(), m.event()), (number.is_some(), method));
            // The data came with the white space around it, which is not JSON's.
            assert!(json(&m) == json(message) || message.payload().is_none());
        }
        Control::Answer { number: number @ CallNumber::Integer(_), more, result } => {
            assert!(!more);
            let value = json(result);
            let outcome = value.as_ref().map_or(Outcome::Nothing, Outcome::Result);
            let Some(frame) = written(layout.write_answer(number, outcome)) else { return };
            let again = read(layout, frame);
            let Control::Answer { number: n, result: r, .. } = again else { panic!("{again:?}") };
            assert_eq!((&n, json(&r)), (number, json(result)));
        }
        Control::Failure { number: number @ CallNumber::Integer(_), failure } => {
            let frame = layout.write_answer(number, Outcome::Failure(failure));
            let Some(frame) = written(frame) else { return };
            let again = read(layout, frame);
            let Control::Failure { number: n, failure: f } = again else { panic!("{again:?}") };
            // Not every layout has a place for the code.
            assert_eq!((&n, &f.message), (number, &failure.message));
            assert!(f.code == failure.code || &*f.code == Failure::NO_CODE);
        }
        // Numbers of a peer's own, which no call of this side has.
        _ => {}
    }
}

fn can_be_answered(layout: &dyn Layout, number: &CallNumber) {
    layout.write_answer(number, Outcome::Result(&null())).expect("a result can be said");
    layout.write_answer(number, Outcome::Nothing).expect("nothing can be said");
    written(layout.write_answer(number, Outcome::Failure(&Failure::new("full", "no room"))));
}

fn read(layout: &dyn Layout, frame: Frame) -> Control {
    let message = Message::new(frame.event, Some(frame.data.as_bytes().to_vec().into()));
    layout.read(&message).expect("it is about a call").expect("it is as it has to be")
}

/// Returns the frame, or `None` if the layout cannot say it.
fn written(frame: Result<Frame, FormatError>) -> Option<Frame> {
    match frame {
        Ok(frame) => Some(frame),
        Err(error) => {
            assert_eq!(error.code(), codes::UNSUPPORTED);
            None
        }
    }
}

fn json(message: &Message) -> Option<RawJson> {
    let payload = message.clone().into_payload()?;
    Some(RawJson::new(payload).expect("it is a part of JSON"))
}

fn null() -> RawJson {
    RawJson::from_value(&()).expect("it has JSON")
}

/// What the layouts here have as events, of both sides.
const EVENTS: [&str; 8] =
    ["message", "request", "response", "call", "R_7", "request-response", METHOD, "sumDone"];

const METHOD: &str = "sum";

/// The number of the call that this side has made.
const OWN: u64 = 7;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use proptest::prelude::*;

    use super::layouts;

    #[test]
    fn every_prefix_of_every_seed() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/layouts");
        let mut seeds = 0;
        for entry in fs::read_dir(folder).unwrap() {
            let seed = fs::read(entry.unwrap().path()).unwrap();
            for end in 0..=seed.len() {
                layouts(&seed[..end]);
            }
            seeds += 1;
        }
        assert!(seeds >= 5, "{seeds}");
    }

    /// Objects of the members that calls and answers of a layout have, with values that fit and do not.
    fn data() -> impl Strategy<Value = String> {
        let key = prop::sample::select(
            &[
                "id",
                "name",
                "args",
                "type",
                "result",
                "code",
                "message",
                "data",
                "resource",
                "requestId",
                "body",
                "status",
                "error",
                "parameters",
                "requestType",
                "payload",
                "response",
                "method",
                "params",
                "state",
            ][..],
        );
        let value = prop::sample::select(
            &[
                "1",
                "7",
                "\"7\"",
                "\"a\"",
                "\"\"",
                "0",
                "-1",
                "1.5",
                "1e300",
                "null",
                "true",
                "\"reply\"",
                "\"error\"",
                "\"push\"",
                "\"success\"",
                "\"ok\"",
                "\"failed\"",
                "\"sum\"",
                "[1, 2]",
                "{ }",
                "{\"message\":\"m\",\"code\":\"x\",\"data\":1}",
                "\"\\ud800\"",
                "\"[1,\\\"m\\\"]\"",
                "[",
            ][..],
        );
        let member = (key, value).prop_map(|(key, value)| format!("\"{key}\": {value}"));
        prop::collection::vec(member, 0..6).prop_map(|members| format!("{{{}}}", members.join(",")))
    }

    proptest! {
        #[test]
        fn nearly_calls(head in "[0-6][0-7]", data in data(), text in any::<bool>()) {
            let data = if text { serde_json::to_string(&data).unwrap() } else { data };
            layouts(format!("{head}{data}").as_bytes());
        }

        #[test]
        fn any_bytes(input in prop::collection::vec(any::<u8>(), 0..80)) {
            layouts(&input);
        }
    }
}
