//! The frames of each layout of fixed events, byte for byte.

use ipc_compat::NodeFormat;
use ipc_compat::layouts::{self, Table};
use ipc_core::protocol::calls::{Failure, Signal};

use super::*;

/// What the frames of a layout are, for call 7 of `sum` with `[1,2]`, which results in `3` or fails.
struct Case {
    layout: Table,
    /// Whether data is the text of the object.
    as_text: bool,
    ask: (&'static str, &'static str),
    /// Its arguments as they are read.
    args: Option<&'static str>,
    answer: (&'static str, &'static str),
    nothing: (&'static str, &'static str),
    failure: Option<(&'static str, &'static str)>,
    /// The code of the failure as it is read.
    code: &'static str,
}

fn cases() -> Vec<Case> {
    vec![
        Case {
            layout: layouts::json(),
            as_text: true,
            ask: ("message", r#"{"id":"7","name":"sum","args":[1,2]}"#),
            args: Some("[1,2]"),
            answer: ("message", r#"{"type":"reply","id":"7","result":3}"#),
            nothing: ("message", r#"{"type":"reply","id":"7"}"#),
            failure: Some((
                "message",
                r#"{"type":"error","id":"7","code":"full","message":"no room"}"#,
            )),
            code: "full",
        },
        Case {
            layout: layouts::requests(),
            as_text: false,
            ask: ("request", r#"{"resource":"sum","requestId":"7","body":[1,2]}"#),
            args: Some("[1,2]"),
            answer: ("response", r#"{"requestId":"7","status":"success","body":3}"#),
            nothing: ("response", r#"{"requestId":"7","status":"success"}"#),
            failure: Some((
                "response",
                r#"{"requestId":"7","status":"error","error":{"message":"no room","name":"Error","code":"full"}}"#,
            )),
            code: "full",
        },
        Case {
            layout: layouts::by_id("call"),
            as_text: false,
            ask: ("call", r#"{"id":"7","name":"sum","parameters":[1,2]}"#),
            args: Some("[1,2]"),
            answer: ("R_7", r#"{"status":"success","data":3}"#),
            nothing: ("R_7", r#"{"status":"success"}"#),
            failure: Some(("R_7", r#"{"status":"error","error":"no room"}"#)),
            code: "error",
        },
        Case {
            layout: layouts::dmno(),
            as_text: false,
            ask: ("request", r#"{"requestType":"sum","payload":[1,2],"requestId":"7"}"#),
            args: Some("[1,2]"),
            answer: ("request-response", r#"{"requestId":"7","response":3}"#),
            nothing: ("request-response", r#"{"requestId":"7"}"#),
            failure: None,
            code: "",
        },
        Case {
            layout: layouts::state("me"),
            as_text: false,
            ask: ("request", r#"{"id":"7","clientId":"me","type":"sum"}"#),
            args: None,
            answer: ("response", r#"{"id":"7","type":"sum","result":3}"#),
            nothing: ("response", r#"{"id":"7","type":"sum"}"#),
            failure: Some(("response", r#"{"id":"7","type":"sum","error":"no room"}"#)),
            code: "error",
        },
    ]
}

impl Case {
    fn format(&self) -> NodeFormat {
        format(self.layout.clone())
    }

    fn frame(&self, (name, data): (&str, &str)) -> String {
        event(name, data, self.as_text)
    }
}

#[test]
fn what_is_asked_is_as_the_program_expects() {
    for case in cases() {
        let format = case.format();
        let written =
            if case.args.is_some() { asks(&format, 7, &[1, 2]) } else { asks(&format, 7, &()) };
        assert_eq!(written, case.frame(case.ask));
    }
}

#[test]
fn a_call_is_read_and_its_answer_echoes_the_id() {
    for case in cases() {
        let format = case.format();
        // Another program chooses other ids.
        for id in ["\"7\"", "7", "\"8d0f-\\u00e9\"", "0", "9007199254740991"] {
            let with_id = |(name, data): (&str, &str)| {
                let id_as_text = id.trim_matches('"').replace("\\u00e9", "é");
                let data = data.replace("\"7\"", &id.replace("\\u00e9", "é"));
                case.frame((&name.replace('7', &id_as_text), &data))
            };
            let (number, method, args) = call(&format, &with_id(case.ask));
            assert_eq!((method.as_str(), args.as_deref()), ("sum", case.args));
            let number = number.unwrap();
            assert_eq!(answers(&format, &number, &3), with_id(case.answer));
            let nothing = signals(&format, &Signal::End(&number)).unwrap();
            assert_eq!(nothing, with_id(case.nothing));
            if let Some(failure) = case.failure {
                let written = fails(&format, &number, &Failure::new("full", "no room"));
                assert_eq!(written, with_id(failure));
            }
        }
    }
}

#[test]
fn answers_are_read_under_the_number_that_was_asked() {
    for case in cases() {
        let format = case.format();
        let seven = of_integer(7);
        let three = answer(&format, &case.frame(case.answer));
        assert_eq!(three, (seven.clone(), Some("3".to_owned())));
        assert_eq!(answer(&format, &case.frame(case.nothing)), (seven.clone(), None));
        if let Some(frame) = case.failure {
            let (number, code, message, data) = failure(&format, &case.frame(frame));
            assert_eq!((number, code.as_str(), message.as_str()), (seven, case.code, "no room"));
            assert_eq!(data, None);
        }
    }
}

#[test]
fn ids_can_be_integers() {
    for case in cases() {
        let format = format(case.layout.clone().with_integer_ids());
        let written =
            if case.args.is_some() { asks(&format, 7, &[1, 2]) } else { asks(&format, 7, &()) };
        let (name, data) = case.ask;
        assert_eq!(written, case.frame((name, &data.replace("\"7\"", "7"))));
        let (name, data) = case.answer;
        let answered = case.frame((name, &data.replace("\"7\"", "7")));
        assert_eq!(answer(&format, &answered), (of_integer(7), Some("3".to_owned())));
    }
}

#[test]
fn other_events_stay_events() {
    for case in cases() {
        let format = case.format();
        for other in [
            ("message", "null"),
            ("message", "\"{\""),
            ("message", "\"[1]\""),
            ("message", "\"{}\""),
            ("message", "7"),
            ("message", r#"{"type":"Ack","origin":"server","data":{}}"#),
            ("request", "{}"),
            ("request", "[]"),
            ("response", r#"{"status":"pending"}"#),
            ("request-response", "\"x\""),
            ("R_", r#"{"status":"success"}"#),
            ("R_07", r#"{"status":"success"}"#),
            ("R_x", r#"{"status":"success"}"#),
            ("R_7", r#"{"status":"other"}"#),
            ("call", r#"{"id":"7"}"#),
            ("$call", r#"{"n":7,"call":"sum"}"#),
            ("$answer", r#"{"n":7,"ok":3}"#),
            ("news", r#"{"id":"7","name":"sum","requestId":"7"}"#),
        ] {
            let frame = event(other.0, other.1, false);
            assert!(reads(&format, &frame).is_none(), "{frame} with {:?}", case.layout);
        }
        assert!(reads(&format, r#"{"type":"message"}"#).is_none());
        assert!(reads(&format, r#"{"type":"request"}"#).is_none());
    }
}
