//! No message makes a layout panic, and what one writes it reads.

use ipc_compat::layouts::{self, Layout};
use ipc_core::protocol::calls::EncodeCall;
use proptest::prelude::*;

use super::*;

fn all() -> [(&'static str, NodeFormat); 7] {
    fn of(layout: impl Layout) -> NodeFormat {
        format(layout)
    }
    [
        ("json", of(layouts::json())),
        ("json, null", of(layouts::json().with_unknown_as_null())),
        ("requests", of(layouts::requests())),
        ("by id", of(layouts::by_id("request"))),
        ("dmno", of(layouts::dmno())),
        ("state", of(layouts::state("me"))),
        ("done", of(layouts::done().answering(["request", "message"]))),
    ]
}

/// Objects of the members that the layouts have, with values that fit and that do not.
fn objects() -> impl Strategy<Value = String> {
    let key = prop::sample::select(
        &[
            "id",
            "name",
            "args",
            "type",
            "result",
            "resource",
            "requestId",
            "body",
            "status",
            "error",
            "requestType",
            "payload",
            "response",
            "parameters",
            "data",
            "code",
            "message",
        ][..],
    );
    let value = prop::sample::select(
        &[
            "7",
            "\"7\"",
            "0",
            "-1",
            "null",
            "true",
            "\"reply\"",
            "\"error\"",
            "\"push\"",
            "\"success\"",
            "\"m\"",
            "\"\"",
            "\"\\ud800\"",
            "[1, 2]",
            "{ }",
            "{\"code\":1}",
            "{\"message\":\"x\",\"code\":\"y\"}",
            "[",
            "\"",
            "1e999",
        ][..],
    );
    let member = (key, value).prop_map(|(key, value)| format!("\"{key}\" : {value}"));
    prop::collection::vec(member, 0..6).prop_map(|members| format!(" {{{}}}", members.join(", ")))
}

fn data() -> impl Strategy<Value = String> {
    let quoted = objects().prop_map(|json| serde_json::to_string(&json).unwrap());
    prop_oneof![4 => objects(), 4 => quoted, 1 => "\\PC{0,40}", 1 => "\"\\PC{0,40}\""]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Every call that is read can be answered, in every way that the layout has.
    #[test]
    fn any_message_is_read_or_refused(
        event in prop::sample::select(
            &["message", "request", "response", "request-response", "R_7", "R_", "messageDone", "x"][..],
        ),
        data in data(),
    ) {
        for (name, format) in all() {
            let message = Message::new(event, Some(Bytes::from(data.clone())));
            let Some(Ok(Control::Call { number: Some(number), .. })) = format.control(&message)
            else { continue };
            let mut out = BytesMut::new();
            let answered = format.encode_answer(&number, false, &1, &mut out);
            prop_assert!(answered.is_ok(), "{name}: {answered:?}");
            prop_assert!(format.encode_signal(&Signal::End(&number), &mut out).is_ok());
            let failure = Failure::new("x", "y");
            let failed = format.encode_signal(&Signal::Failure(&number, &failure), &mut out);
            prop_assert!(failed.is_ok() || name == "dmno", "{name}: {failed:?}");
        }
    }

    #[test]
    fn what_is_written_is_read(
        n in 1_u64..(1 << 53),
        method in "\\PC{1,40}",
        args in any::<(Option<String>, Vec<i64>)>(),
    ) {
        for (name, format) in all() {
            let mut out = BytesMut::new();
            let asked = format.encode_call(&head(n, &method), &args, &mut out);
            if name == "state" {
                prop_assert!(asked.is_err());
                continue;
            }
            if name == "done" {
                continue;
            }
            let (number, read, payload) = call(&format, &text(out));
            prop_assert_eq!(read, method.as_str());
            prop_assert_eq!(payload, Some(serde_json::to_string(&args).unwrap()));
            // And its answer is that of call `n`.
            let answered = answers(&format, &number.unwrap(), &args);
            let (number, result) = answer(&format, &answered);
            prop_assert_eq!(number, of_integer(n));
            prop_assert_eq!(result, Some(serde_json::to_string(&args).unwrap()));
        }
    }
}
