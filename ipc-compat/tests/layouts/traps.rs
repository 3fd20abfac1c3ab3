//! What programs of each layout stumble over, and what they are sent instead.

use ipc_compat::layouts::{self, Shape, Table};
use ipc_compat::{RawJson, codes};
use ipc_core::protocol::calls::{CallFormat, EncodeCall, Failure, Signal};
use ipc_core::{EncodePayload, MessageFormat};

use super::*;

#[test]
fn json_data_is_always_text() {
    let format = format(layouts::json());
    let frames = [
        asks(&format, 1, &()),
        asks(&format, 1, "é\"\\\n\u{c}"),
        answers(&format, &of_text("a"), &()),
        fails(&format, &of_text("a"), &Failure::new("x", "y")),
        signals(&format, &Signal::End(&of_text("a"))).unwrap(),
    ];
    for frame in frames {
        let frame: serde_json::Value = serde_json::from_str(&frame).unwrap();
        let data = frame["data"].as_str().unwrap();
        assert!(serde_json::from_str::<serde_json::Value>(data).unwrap().is_object());
    }
}

#[test]
fn json_says_an_unknown_method_as_its_servers_do_if_asked_to() {
    let unknown = Failure::new("unknown_method", "there is no method");
    let as_is = fails(&format(layouts::json()), &of_text("a"), &unknown);
    assert!(as_is.contains(r#"\"type\":\"error\""#), "{as_is}");
    let as_null = format(layouts::json().with_unknown_as_null());
    let written = fails(&as_null, &of_text("a"), &unknown);
    assert_eq!(written, event("message", r#"{"type":"reply","id":"a","result":null}"#, true));
    // Every other failure is one.
    let other = fails(&as_null, &of_text("a"), &Failure::new("full", "no room"));
    assert!(other.contains(r#"\"type\":\"error\""#), "{other}");
}

#[test]
fn json_pushes_are_notices() {
    let format = format(layouts::json());
    let push = event("message", r#"{"type":"push","name":"sum","args":[1]}"#, true);
    let mut out = BytesMut::new();
    format.encode_call(&head(None, "sum"), &[1], &mut out).unwrap();
    assert_eq!(text(out), push);
    assert_eq!(call(&format, &push), (None, "sum".to_owned(), Some("[1]".to_owned())));
    // What a client of it sends to have no answer.
    let quiet = event("message", r#"{"id":null,"name":"sum","args":[1]}"#, true);
    assert_eq!(call(&format, &quiet).0, None);
}

#[test]
fn json_errors_of_others_have_no_more_than_an_id() {
    let format = format(layouts::json());
    let frame = event("message", r#"{"type":"error","id":"7"}"#, true);
    let (number, code, message, data) = failure(&format, &frame);
    assert_eq!(number, of_integer(7));
    assert_eq!((code.as_str(), message.as_str(), data), ("error", "error", None));
    // Its clients send no such thing as a reply to nothing.
    let frame = event("message", r#"{"type":"reply","id":{"a":1},"result":1}"#, true);
    let invalid = reads(&format, &frame).unwrap().unwrap_err();
    assert_eq!((invalid.code(), invalid.number), (codes::INVALID_CALL, None));
}

#[test]
fn requests_has_codes_of_its_own() {
    let format = format(layouts::requests());
    for (here, there) in [
        ("unknown_method", "ERR_IPC_MISSING_ROUTE"),
        ("deadline", "ERR_IPC_REQUEST_TIMEOUT"),
        ("closing", "ERR_IPC_DISCONNECTED"),
        ("mine", "mine"),
    ] {
        let written = fails(&format, &of_text("7"), &Failure::new(here, "m"));
        assert!(written.contains(&format!(r#""code":"{there}""#)), "{written}");
        let (_, code, ..) = failure(&format, &written);
        assert_eq!(code, here);
    }
    // An error without a code, one that is only text, and one that is neither.
    for (error, code, message, data) in [
        (r#"{"message":"no room","name":"Error"}"#, "error", "no room", None),
        (r#""no room""#, "error", "no room", None),
        ("[1]", "error", "error", Some("[1]")),
        (r#"{"message":"m","data":{"key":"a"}}"#, "error", "m", Some(r#"{"key":"a"}"#)),
    ] {
        let data_of = format!(r#"{{"requestId":"7","status":"error","error":{error}}}"#);
        let (number, is, says, has) = failure(&format, &event("response", &data_of, false));
        assert_eq!((number, is.as_str(), says.as_str()), (of_integer(7), code, message));
        assert_eq!(has.as_deref(), data);
    }
}

#[test]
fn requests_send_the_data_of_a_failure_too() {
    let format = format(layouts::requests());
    let data = Message::new("", Some(Bytes::from_static(br#"{"key":"a"}"#)));
    let written = fails(&format, &of_text("7"), &Failure::new("x", "y").with_data(data));
    assert_eq!(failure(&format, &written).3.as_deref(), Some(r#"{"key":"a"}"#));
}

#[test]
fn an_id_of_the_wrong_kind_is_an_error_and_not_a_call() {
    let long = format!("{:?}", "x".repeat(65));
    for id in ["-1", "1.5", "[1]", "{}", "true", "\"\"", "9007199254740992", &long] {
        for (format, name, data) in [
            (format(layouts::requests()), "request", r#"{"resource":"m","requestId":ID}"#),
            (format(layouts::dmno()), "request", r#"{"requestType":"m","requestId":ID}"#),
            (format(layouts::state("me")), "request", r#"{"id":ID,"type":"m"}"#),
            (format(layouts::by_id("call")), "call", r#"{"id":ID,"name":"m"}"#),
        ] {
            let frame = event(name, &data.replace("ID", id), false);
            let invalid = reads(&format, &frame).unwrap().unwrap_err();
            assert_eq!((invalid.code(), invalid.number), (codes::INVALID_CALL, None), "{frame}");
        }
    }
    let longest = format!("{:?}", "x".repeat(64));
    let frame = event("request", &format!(r#"{{"resource":"m","requestId":{longest}}}"#), false);
    assert!(call(&format(layouts::requests()), &frame).0.is_some());
}

#[test]
fn a_method_has_a_name_of_at_most_256_units() {
    let format = format(layouts::requests());
    let frame = |name: &str| {
        event("request", &format!(r#"{{"resource":"{name}","requestId":"a"}}"#), false)
    };
    assert_eq!(call(&format, &frame(&"é".repeat(256))).1, "é".repeat(256));
    for name in [String::new(), "é".repeat(257)] {
        let invalid = reads(&format, &frame(&name)).unwrap().unwrap_err();
        // It can be answered.
        assert_eq!((invalid.code(), invalid.number), (codes::INVALID_CALL, Some(of_text("a"))));
    }
}

#[test]
fn state_has_no_arguments_and_repeats_the_method() {
    let format = format(layouts::state("me"));
    let mut out = BytesMut::new();
    let error = format.encode_call(&head(1, "get"), &[1], &mut out).unwrap_err();
    assert_eq!((error.code(), out.len()), (codes::UNSUPPORTED, 0));
    // An error that is null is none.
    let frame = event("response", r#"{"id":"7","type":"get","result":3,"error":null}"#, false);
    assert_eq!(answer(&format, &frame), (of_integer(7), Some("3".to_owned())));
    let both = event("response", r#"{"id":"7","type":"get","result":3,"error":"no"}"#, false);
    assert_eq!(failure(&format, &both).2, "no");
}

#[test]
fn a_layout_says_what_it_cannot_say() {
    let (seven, failed) = (of_integer(7), Failure::new("full", "no room"));
    let dmno = format(layouts::dmno());
    let error = signals(&dmno, &Signal::Failure(&seven, &failed)).unwrap_err();
    assert_eq!(error.code(), codes::UNSUPPORTED);
    assert!(error.to_string().contains("no room"), "{error}");
    for format in [dmno, format(layouts::json()), format(layouts::done())] {
        for signal in [Signal::Cancel(7), Signal::Credit(7, 1)] {
            assert_eq!(signals(&format, &signal).unwrap_err().code(), codes::UNSUPPORTED);
        }
        let mut out = BytesMut::new();
        let stream = CallHead { credit: Some(8), ..head(7, "rows") };
        let asked = format.encode_call(&stream, &(), &mut out).unwrap_err();
        let item = format.encode_answer(&seven, true, &1, &mut out).unwrap_err();
        assert_eq!((asked.code(), item.code()), (codes::UNSUPPORTED, codes::UNSUPPORTED));
        assert!(out.is_empty());
    }
}

#[test]
fn without_a_layout_nothing_changes_and_events_are_as_ever_with_one() {
    let plain = NodeFormat::v14();
    assert!(!plain.uses_any_event());
    let laid_out = NodeFormat::v14().with_layout(layouts::json());
    assert!(laid_out.uses_any_event() && laid_out.calls().is_some());
    let (mut one, mut other) = (BytesMut::new(), BytesMut::new());
    plain.encode("news", &[1], &mut one).unwrap();
    laid_out.encode("news", &[1], &mut other).unwrap();
    assert_eq!(one, other);
    let raw = laid_out.with_raw(ipc_compat::Encoding::Utf8);
    assert!(raw.calls().is_none());
    let error = raw.encode_call(&head(1, "m"), &1, &mut BytesMut::new()).unwrap_err();
    assert_eq!(error.code(), codes::RAW_MODE);
}

#[test]
fn numbers_of_arguments_and_results_keep_their_digits() {
    let digits = "123456789012345678901234567890";
    let args: RawJson = digits.parse().unwrap();
    for layout in [layouts::json(), layouts::requests()] {
        let format = format(layout);
        let mut out = BytesMut::new();
        format.encode_call(&head(7, "m"), &args, &mut out).unwrap();
        assert_eq!(call(&format, &text(out)).2.as_deref(), Some(digits));
        let mut out = BytesMut::new();
        format.encode_answer(&of_integer(7), false, &args, &mut out).unwrap();
        assert_eq!(answer(&format, &text(out)).1.as_deref(), Some(digits));
    }
}

#[test]
fn a_table_of_a_programs_own() {
    let call_shape = Shape::new("rpc").id("id").method("method").value("params");
    let answer_shape = Shape::new("rpc").id("id").constant("state", "ok").value("result");
    let failure = Shape::new("rpc").id("id").constant("state", "failed").error_object("error");
    let format = format(Table::new(call_shape, answer_shape).with_failures(failure));
    let asked = asks(&format, 7, "x");
    assert_eq!(asked, event("rpc", r#"{"id":"7","method":"sum","params":"x"}"#, false));
    assert_eq!(call(&format, &asked).2.as_deref(), Some("\"x\""));
    let answered = answers(&format, &of_text("7"), &3);
    assert_eq!(answer(&format, &answered), (of_integer(7), Some("3".to_owned())));
}
