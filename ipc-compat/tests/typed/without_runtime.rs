//! Enums of events without a runtime.

use std::thread;

use ipc_compat::blocking::{Incoming, IpcClient, IpcServer};
use ipc_compat::{Config, codes};
use ipc_core::{CallError, Failure};
use ipc_transport::{Endpoint, TcpTransport};
use serde::{Deserialize, Serialize};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Event {
    Text(String),
    Move { x: i32, y: i32 },
    Quit,
}

#[derive(Debug, Serialize, Deserialize)]
enum Method {
    Half(u64),
    Ready,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
enum Odd {
    #[error("{0} is odd")]
    Number(u64),
}

/// Sends back every event and answers every call, until the client goes.
fn serve(mut server: IpcServer) -> Vec<String> {
    let mut client = server.accept().unwrap();
    let mut others = Vec::new();
    while let Some(incoming) = client.next() {
        match incoming {
            Incoming::Message(message) => match client.decode_event::<Event>(&message) {
                Ok(event) => client.emit_event(&event).unwrap(),
                Err(error) => others.push(format!("{} {}", message.event(), error.code())),
            },
            Incoming::Call(call) => match client.decode_event::<Method>(call.args()) {
                Ok(Method::Half(number)) if number % 2 == 1 => {
                    let failure = client.typed_failure(&Odd::Number(number));
                    client.fail(call, failure).unwrap();
                }
                Ok(Method::Half(number)) => client.answer(call, &(number / 2)).unwrap(),
                Ok(Method::Ready) => client.answer(call, &0_u64).unwrap(),
                Err(error) if error.code() == codes::UNKNOWN_EVENT => {
                    let failure = Failure::unknown_method(call.method());
                    client.fail(call, failure).unwrap();
                }
                Err(error) => client.fail(call, Failure::invalid_args(&error)).unwrap(),
            },
            _ => {}
        }
    }
    others
}

#[test]
fn events_methods_and_errors_go_both_ways() {
    for config in [Config::classic(), Config::v14()] {
        // Over TCP: without a runtime there are no pipes.
        let mut server = IpcServer::serve_on(&config, TcpTransport::new("127.0.0.1", 0)).unwrap();
        let Endpoint::Tcp { port, .. } = server.start().unwrap() else { panic!("not TCP") };
        let serving = thread::spawn(move || serve(server));
        let transport = TcpTransport::new("127.0.0.1", port);
        let mut client = IpcClient::connect_on(&config, "world", transport).unwrap();
        for event in [Event::Text("a".to_owned()), Event::Move { x: 1, y: -2 }, Event::Quit] {
            client.emit_event(&event).unwrap();
            client.send_event(&event).unwrap();
            for _ in 0..2 {
                let message = loop {
                    if let Incoming::Message(message) = client.next().unwrap() {
                        break message;
                    }
                };
                assert_eq!(client.decode_event::<Event>(&message).unwrap(), event);
            }
        }
        client.emit("none", "x").unwrap();
        client.emit("Move", "x").unwrap();
        assert_eq!(client.emit_event("text").unwrap_err().code(), codes::NOT_AN_ENUM);
        assert_eq!(client.call_method::<_, u64>(&Method::Half(8)).unwrap(), 4);
        assert_eq!(client.call_method::<_, u64>(&Method::Ready).unwrap(), 0);
        let error = client.call_method::<_, u64>(&Method::Half(7)).unwrap_err();
        let odd: Odd = client.decode_failure(error.failure().unwrap()).unwrap();
        assert_eq!((odd, error.to_string()), (Odd::Number(7), "7 is odd (Number)".to_owned()));
        let error = client.call::<_, u64>("Half", "text").unwrap_err();
        assert!(matches!(error, CallError::InvalidArgs(_)), "{error:?}");
        let error = client.call::<_, u64>("None", &1).unwrap_err();
        assert!(matches!(error, CallError::UnknownMethod(_)), "{error:?}");
        let error = client.call_method::<_, u64>(&1).unwrap_err();
        assert_eq!((error.code(), error.has_not_run()), (codes::NOT_AN_ENUM, true));
        client.close();
        let others = serving.join().unwrap();
        assert_eq!(others, ["none ERR_IPC_UNKNOWN_EVENT", "Move ERR_IPC_INVALID_DATA"]);
    }
}
