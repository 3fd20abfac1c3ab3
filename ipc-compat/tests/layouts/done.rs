//! The layout without numbers: `X` and `XDone`.

use ipc_compat::{codes, layouts};
use ipc_core::protocol::calls::{CallFormat, Failure, Signal};

use super::*;

#[test]
fn one_call_of_a_name_is_open_at_a_time() {
    let format = format(layouts::done());
    assert_eq!(asks(&format, 1, &7), event("sum", "7", false));
    // The same call is written again if it found no room.
    assert_eq!(asks(&format, 1, &7), event("sum", "7", false));
    let mut out = BytesMut::new();
    let error = format.encode_call(&head(2, "sum"), &8, &mut out).unwrap_err();
    assert_eq!((error.code(), out.len()), (codes::CALL_IN_PROGRESS, 0));
    format.encode_call(&head(3, "other"), &8, &mut out).unwrap();
    // A notice is not open.
    format.encode_call(&head(None, "sum"), &8, &mut out).unwrap();

    let done = event("sumDone", "15", false);
    assert_eq!(answer(&format, &done), (of_integer(1), Some("15".to_owned())));
    // It was the answer to that call; another one is an event like any other.
    assert!(reads(&format, &done).is_none());
    asks(&format, 4, &7);
    assert_eq!(answer(&format, &done).0, of_integer(4));
    assert_eq!(answer(&format, &event("otherDone", "1", false)).0, of_integer(3));
}

#[test]
fn a_call_that_has_ended_makes_way_for_the_next_of_its_name() {
    let format = format(layouts::done());
    asks(&format, 1, &7);
    format.call_ended(2);
    let refused = format.encode_call(&head(2, "sum"), &8, &mut BytesMut::new());
    assert_eq!(refused.unwrap_err().code(), codes::CALL_IN_PROGRESS);
    format.call_ended(1);
    asks(&format, 2, &8);
    assert_eq!(answer(&format, &event("sumDone", "1", false)).0, of_integer(2));
}

#[test]
fn an_error_member_is_a_failure() {
    let format = format(layouts::done());
    for (data, code, message, more) in [
        (r#"{"error":"no room"}"#, "error", "no room", None),
        (r#"{"error":"no room","code":"full","x":1}"#, "full", "no room", None),
        (r#"{"error":{"a":1}}"#, "error", "error", Some(r#"{"a":1}"#)),
    ] {
        asks(&format, 1, &7);
        let (number, is, says, has) = failure(&format, &event("sumDone", data, false));
        assert_eq!((number, is.as_str(), says.as_str()), (of_integer(1), code, message));
        assert_eq!(has.as_deref(), more);
    }
    for data in [r#"{"error":null}"#, "[]", "null", r#""error""#] {
        asks(&format, 1, &7);
        let frame = event("sumDone", data, false);
        assert_eq!(answer(&format, &frame), (of_integer(1), Some(data.to_owned())));
    }
}

#[test]
fn only_the_methods_that_are_named_are_calls() {
    let format = format(layouts::done().answering(["sum"]));
    for other in ["news", "sumDone", "Done", "sums", ""] {
        assert!(reads(&format, &event(other, "1", false)).is_none(), "{other}");
    }
    // Two of one name are two calls.
    let (one, method, args) = call(&format, &event("sum", "[1,2]", false));
    assert_eq!((method.as_str(), args.as_deref()), ("sum", Some("[1,2]")));
    let (two, ..) = call(&format, r#"{"type":"sum"}"#);
    let (one, two) = (one.unwrap(), two.unwrap());
    assert_ne!(one, two);
    assert_eq!(answers(&format, &two, &3), event("sumDone", "3", false));
    assert_eq!(
        fails(&format, &one, &Failure::new("full", "no room")),
        event("sumDone", r#"{"error":"no room","code":"full"}"#, false),
    );
    // node-ipc sends an event without data so.
    assert_eq!(signals(&format, &Signal::End(&one)).unwrap(), event("sumDone", "{}", false));
    let foreign = signals(&format, &Signal::End(&of_text("x"))).unwrap_err();
    assert_eq!(foreign.code(), codes::UNSUPPORTED);
}

#[test]
fn suffix_and_error_member_are_settings() {
    let layout = layouts::done().answering(["go"]).with_suffix("-ack").with_error_member("problem");
    let format = format(layout);
    let number = call(&format, &event("go", "1", false)).0.unwrap();
    assert_eq!(
        fails(&format, &number, &Failure::new("full", "no room")),
        event("go-ack", r#"{"problem":"no room","code":"full"}"#, false),
    );
    asks(&format, 1, &7);
    let frame = event("sum-ack", r#"{"problem":"no room"}"#, false);
    assert_eq!(failure(&format, &frame).2, "no room");
}
