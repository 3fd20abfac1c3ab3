//! Payloads that are not JSON, and that some type reads to the end all the same.

use super::*;
use crate::fuzzing::decode;

fn check(payload: &[u8]) {
    let frame = [b"{\"type\":\"m\",\"data\":", payload, b"}"].concat();
    presuming_agrees(&frame, &decode(&open(), &frame));
    check_call(payload, ",\"ms\":5");
    if let Some(members) = payload.strip_prefix(b"{") {
        let pad = [b"{\"type\":\"m\",\"data\":{\"pad\":\"", &[b'x'; 600][..], b"\","];
        let frame = [&pad.concat(), members, b"}"].concat();
        presuming_agrees(&frame, &decode(&open(), &frame));
    }
}

fn check_call(args: &[u8], rest: &str) {
    let call = [b"{\"n\":1,\"call\":\"m\",\"args\":", args, rest.as_bytes(), b"}"];
    presuming_calls_agrees(&call.concat());
}

/// Each is not JSON, and some type above reads it to its end.
#[test]
fn what_is_read_is_not_always_json() {
    for payload in [
        &b"\"abc"[..],
        b"1.",
        b"[1.]",
        b"[-,1]",
        b"[1,]",
        b"[[1,]",
        b"{\"a\"}",
        b"{\"a\":}",
        b"{\"ab\":}",
        b"{\"ab\":1,}",
        b"{\"m\":}",
        b"{\"a\":1.}",
        b"{\"a\":[1 ,\"b\":2}",
        b"{\"b\":[\"m\" }",
        b"[,1]",
        b"[,,",
        b"{\"a\":\"\",\"ab\":}",
        b"{\"ab\":1:2}",
        b"{\"abc\":1:2,\"abc\":3:4}",
        b"{[]:1}",
        b"{1:2}",
        b"{\"\x01\":2}",
        b"\"\x01\"",
        b"[\"\n\"]",
        b"\"\xff\"",
        b"1,\"data\":2",
        b"1,\"type\":\"n\"",
        b"1,\"ms\":2",
        b"1,\"ms\":",
        b"1,\"stream\":0",
        b"\"a,\"ms\":2",
        b"{\"ms\":2",
        b"1}",
        b"",
        b" 1",
    ] {
        check(payload);
        for rest in ["", ",\"stream\":1", ",\"ms\":5,\"stream\":1", ",\"stream\":1,\"ms\":5"] {
            check_call(payload, rest);
        }
        let frame = [b"{\"type\":\"m\",\"data\":", payload, b"}"].concat();
        let decoded = decode(&open().with_broken_text(BrokenText::Refuse), &frame);
        let same = decoded.is_ok_and(|decoded| decoded.payload() == Some(payload));
        assert!(!same, "{}", payload.escape_ascii());
    }
}

#[test]
fn three_tokens_in_any_order() {
    let tokens: [&[u8]; 22] = [
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\"a\"",
        b"\"ab\"",
        b"\"m\"",
        b"1",
        b"-",
        b"1.",
        b"1e",
        b"null",
        b"n",
        b"\"",
        b"\\",
        b"\"\x01\"",
        b"\"\\ud800\"",
        b"\"\xff\"",
        b" ",
        b"\n",
    ];
    for one in tokens {
        for two in tokens {
            for three in tokens {
                check(&[one, two, three].concat());
                check(&[b"[", one, two, three, b"]"].concat());
                check(&[b"{\"a\":", one, two, three, b"}"].concat());
            }
        }
    }
}
