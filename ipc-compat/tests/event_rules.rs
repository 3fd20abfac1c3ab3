//! Which names the rules for events let pass.

use bytes::{Bytes, BytesMut};
use ipc_compat::{EventRules, NodeFormat, codes};
use ipc_core::{EncodePayload, MessageFormat};

#[track_caller]
fn check(rules: &EventRules, name: &str, expected: Result<(), &str>) {
    let code = |error: ipc_core::FormatError| error.code();
    assert_eq!(rules.check(name).map_err(code), expected, "{name:?}");

    let format = NodeFormat::v14().with_event_rules(rules.clone());
    assert_eq!(format.event_rules(), rules);
    let sent = format.encode(name, &1, &mut BytesMut::new());
    assert_eq!(sent.map_err(code), expected, "sent {name:?}");
    let frame = serde_json::json!({"type": name, "data": 1}).to_string();
    let received = format.decode(Bytes::from(frame)).map(drop);
    assert_eq!(received.map_err(code), expected, "received {name:?}");
}

#[test]
fn open_rules_take_any_name_up_to_their_limit() {
    let rules = EventRules::open();
    for name in ["", "m", "error", "start", "__proto__", "toString", "*", "\0"] {
        check(&rules, name, Ok(()));
    }
    let limit = EventRules::OPEN_MAX_LENGTH;
    check(&rules, &"n".repeat(limit - 1), Ok(()));
    check(&rules, &"n".repeat(limit), Ok(()));
    check(&rules, &"n".repeat(limit + 1), Err(codes::EVENT_TOO_LARGE));
    check(&rules.with_max_length(usize::MAX), &"n".repeat(limit + 1), Ok(()));
}

// Tests W16
#[test]
fn guarded_rules_are_those_of_14() {
    let rules = EventRules::guarded();
    check(&rules, "m", Ok(()));
    check(&rules, "*", Ok(()));
    check(&rules, "", Err(codes::INVALID_EVENT));
    for name in ["constructor", "hasOwnProperty", "__proto__", "__lookupSetter__", "valueOf"] {
        check(&rules, name, Err(codes::INVALID_EVENT));
    }
    for name in [
        "start",
        "connect",
        "disconnect",
        "destroy",
        "close",
        "socket.disconnected",
        "error",
        "data",
    ] {
        check(&rules, name, Err(codes::RESERVED_EVENT));
        check(&rules.clone().with_reserved_names(), name, Ok(()));
    }
}

// Tests W16
#[test]
fn length_is_counted_in_code_units() {
    let rules = EventRules::guarded();
    check(&rules, &"n".repeat(256), Ok(()));
    check(&rules, &"n".repeat(257), Err(codes::EVENT_TOO_LARGE));
    check(&rules, &"é".repeat(256), Ok(()));
    check(&rules, &"é".repeat(257), Err(codes::EVENT_TOO_LARGE));
    check(&rules, &"😀".repeat(128), Ok(()));
    check(&rules, &"😀".repeat(129), Err(codes::EVENT_TOO_LARGE));
}

// Tests W16
#[test]
fn assured_rules_take_what_they_list() {
    let rules = EventRules::assured(["m", "error"]);
    check(&rules, "m", Ok(()));
    check(&rules, "n", Err(codes::EVENT_NOT_ALLOWED));
    check(&rules, "error", Err(codes::RESERVED_EVENT));
    check(&rules, "", Err(codes::INVALID_EVENT));
    check(&EventRules::assured([""; 0]), "m", Err(codes::EVENT_NOT_ALLOWED));
}

#[test]
fn errors_carry_limit_and_length() {
    let error = EventRules::guarded().check(&"n".repeat(300)).unwrap_err();
    assert_eq!(error.message(), "event type of 300 characters is longer than 256");
    let error = EventRules::guarded().check("close").unwrap_err();
    assert_eq!(error.message(), "event type of 5 characters is reserved for lifecycle events");
}

#[test]
fn an_error_does_not_say_the_name() {
    let secret = "secret\nINFO forged";
    let assured = EventRules::assured(["close"]);
    for name in ["__proto__", "close", secret] {
        let error = assured.check(name).unwrap_err();
        assert!(!format!("{error} {error:?}").contains(name), "{error:?}");
    }
    // On the way out as on the way in.
    let format = NodeFormat::classic().with_event_rules(assured);
    let sent = format.encode(secret, &1, &mut BytesMut::new()).unwrap_err();
    let frame = r#"{"type":"secret\nINFO forged","data":1}"#;
    let received = format.decode(frame.into()).map(drop).unwrap_err();
    let expected = "event type of 18 characters is not in the list of allowed ones";
    assert_eq!((sent.message(), received.message()), (expected, expected));
}
