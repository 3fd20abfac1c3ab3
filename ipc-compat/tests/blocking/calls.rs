//! Calls without a runtime, in JSON.

use std::thread;

use ipc_compat::Config;
use ipc_compat::blocking::{Incoming, IpcClient, IpcServer};
use ipc_core::{CallError, Failure};
use serde_json::{Value, json};

use crate::{DEADLINE, Place, peer, text};

/// Both ask and both answer, in the frames of docs/calls.md.
#[test]
fn calls_go_both_ways() {
    let place = Place::new();
    for config in [place.classic(), place.config(Config::v14())] {
        let mut server = IpcServer::serve(&config, ()).unwrap();
        server.start().unwrap();
        let serving = thread::spawn(move || {
            let mut client = server.accept().unwrap();
            let name: String = client.call("name", &json!({"of": "it"})).unwrap();
            assert_eq!(name, "hello");
            let mut noticed = Vec::new();
            while let Some(event) = client.next() {
                let Incoming::Call(call) = event else { continue };
                match (call.method(), client.decode::<Vec<u64>>(call.args())) {
                    ("sum", Ok(numbers)) => {
                        client.answer(call, &numbers.iter().sum::<u64>()).unwrap();
                    }
                    ("sum", Err(error)) => {
                        client.fail(call, Failure::invalid_args(&error)).unwrap();
                    }
                    ("log", _) => noticed.push(client.decode::<Value>(call.args()).unwrap()),
                    (other, _) => {
                        let failure = Failure::unknown_method(other);
                        client.fail(call, failure).unwrap();
                    }
                }
            }
            noticed
        });
        let mut client = IpcClient::connect_to(&config, "world").unwrap();
        let call = loop {
            match client.next_timeout(DEADLINE).unwrap() {
                Incoming::Call(call) => break call,
                other => assert_eq!(text(&other), "connect"),
            }
        };
        assert_eq!((call.method(), call.is_notice()), ("name", false));
        assert_eq!(client.decode::<Value>(call.args()).unwrap(), json!({"of": "it"}));
        client.answer(call, "hello").unwrap();
        assert_eq!(client.call::<_, u64>("sum", &[1, 2, 3]).unwrap(), 6);
        let wrong = client.call_within::<_, u64>(DEADLINE, "sum", "text").unwrap_err();
        assert!(matches!(wrong, CallError::InvalidArgs(_)), "{wrong:?}");
        let none = client.call::<_, Value>("none", &()).unwrap_err();
        assert!(matches!(none, CallError::UnknownMethod(_)), "{none:?}");
        client.notice("log", "a line").unwrap();
        assert!(client.close().undelivered.is_empty());
        assert_eq!(serving.join().unwrap(), [json!("a line")]);
    }
}

/// The bytes of the frames, and numbers that are texts.
#[test]
fn a_call_of_another_program_is_answered_as_it_asked() {
    let place = Place::new();
    let listener = place.listener();
    let asks = concat!(
        r#"{"type":"$call","data":{"n":"seven","call":"sum","args":[1,2],"ms":30000}}"#,
        "\u{c}",
        r#"{"type":"$answer","data":{"n":1,"ok":5}}"#,
        "\u{c}",
    );
    let peer = peer(listener, asks.as_bytes());
    let mut client = IpcClient::connect_to(&place.classic(), "world").unwrap();
    client.connected().unwrap();
    assert_eq!(client.call::<_, u64>("ask", &json!({"x": 1})).unwrap(), 5);
    let call = std::iter::from_fn(|| client.next_timeout(DEADLINE).ok())
        .find_map(|event| if let Incoming::Call(call) = event { Some(call) } else { None });
    let call = call.unwrap();
    assert_eq!(client.decode::<[u64; 2]>(call.args()).unwrap(), [1, 2]);
    client.answer(call, &3).unwrap();
    assert!(client.flush());
    drop(client);
    let heard = String::from_utf8(peer.join().unwrap()).unwrap();
    let frames: Vec<_> = heard.split_terminator('\u{c}').collect();
    let asked: Value = serde_json::from_str(frames[0]).unwrap();
    let left = asked["data"]["ms"].as_u64().unwrap();
    assert!((1..=30_000).contains(&left), "{left}");
    let data = json!({"n": 1, "call": "ask", "args": {"x": 1}, "ms": left});
    assert_eq!(asked, json!({"type": "$call", "data": data}));
    assert_eq!(frames[1..], [r#"{"type":"$answer","data":{"n":"seven","ok":3}}"#]);
}

/// The frames of a stream, and the credit for more of it.
#[test]
fn a_stream_of_another_program_is_read() {
    let place = Place::new();
    let listener = place.listener();
    let item = r#"{"type":"$answer","data":{"n":1,"ok":{"id":5},"more":true}}"#;
    let end = r#"{"type":"$answer","data":{"n":1}}"#;
    let says = format!("{}{end}\u{c}", format!("{item}\u{c}").repeat(4)).leak();
    let peer = peer(listener, says.as_bytes());
    let mut client = IpcClient::connect_to(&place.classic(), "world").unwrap();
    let items = client.call_stream::<_, Value>("rows", &json!({})).unwrap();
    let items: Vec<Value> = items.collect::<Result<_, _>>().unwrap();
    assert_eq!(items, vec![json!({"id": 5}); 4]);
    assert!(client.flush());
    drop(client);
    let heard = String::from_utf8(peer.join().unwrap()).unwrap();
    let frames: Vec<_> = heard.split_terminator('\u{c}').collect();
    let asked: Value = serde_json::from_str(frames[0]).unwrap();
    assert_eq!((&asked["data"]["n"], &asked["data"]["stream"]), (&json!(1), &json!(8)));
    assert_eq!(frames[1..], [r#"{"type":"$call","data":{"n":1,"credit":4}}"#]);
}
