//! Enums of methods, and of their errors.

use std::time::Duration;

use ipc_compat::{IpcServer, codes};
use ipc_core::{CallError, Failure};
use serde::{Deserialize, Serialize};

use crate::rig::{pair, soon};

both_runtimes!(
    methods_of_an_enum_are_called,
    calls_of_other_methods_reach_the_variant_for_them,
    errors_of_an_enum_come_back_as_one,
);

#[derive(Debug, Serialize, Deserialize)]
enum Method {
    Sum(Vec<u64>),
    #[serde(rename = "power of")]
    Power {
        base: u64,
        exponent: u32,
    },
    Nothing,
    Wait,
}

/// Answers the methods; `Wait` until it is cancelled.
fn answer(server: &IpcServer) {
    let calls = server.on_calls(|method: Method, call| async move {
        match method {
            Method::Sum(numbers) => Ok(numbers.iter().sum()),
            Method::Power { base, exponent } => {
                base.checked_pow(exponent).ok_or_else(|| Failure::new("overflow", call.method()))
            }
            Method::Nothing => Ok(0),
            Method::Wait => std::future::pending().await,
        }
    });
    calls.unwrap();
}

async fn methods_of_an_enum_are_called() {
    let (server, client, notes) = pair().await;
    answer(&server);
    let sum: u64 = soon(client.call_method(&Method::Sum(vec![1, 2]))).await.unwrap();
    assert_eq!(sum, 3);
    // By name, as from JavaScript.
    assert_eq!(soon(client.call::<_, u64>("Sum", &[4, 5])).await.unwrap(), 9);
    assert_eq!(soon(client.call::<_, u64>("Nothing", "anything")).await.unwrap(), 0);
    let power = |base, exponent| Method::Power { base, exponent };
    assert_eq!(soon(client.call_method::<_, u64>(&power(2, 10))).await.unwrap(), 1024);
    let error = soon(client.call_method::<_, u64>(&power(10, 100))).await.unwrap_err();
    assert_eq!((error.code(), error.to_string()), ("overflow", "power of (overflow)".to_owned()));
    let within = Duration::from_millis(1);
    let waiting = client.call_method::<_, u64>(&Method::Wait).within(within).detached();
    assert!(matches!(
        soon(waiting).await,
        Err(CallError::Deadline { .. } | CallError::PeerDeadline(_))
    ));
    let error = soon(client.call::<_, u64>("Sum", "text")).await.unwrap_err();
    assert!(matches!(error, CallError::InvalidArgs(_)), "{error:?}");
    assert_eq!(
        notes.until(1).await,
        ["ERR_IPC_INVALID_DATA: the payload of \"Sum\" is not what its handler takes"]
    );
    let error = soon(client.call::<_, u64>("Power", &())).await.unwrap_err();
    assert!(matches!(error, CallError::UnknownMethod(_)), "{error:?}");
    let error = soon(client.call_method::<_, u64>(&Some(Method::Nothing))).await.unwrap_err();
    assert_eq!((error.code(), error.has_not_run()), (codes::NOT_AN_ENUM, true));
    assert_eq!(client.notice_method(&1).unwrap_err().code(), codes::NOT_AN_ENUM);
    // One of them alone can be replaced and removed.
    server.on_call("Nothing", |(): (), _| async { Ok::<u64, Failure>(7) });
    assert_eq!(soon(client.call_method::<_, u64>(&Method::Nothing)).await.unwrap(), 7);
    server.core().handlers().off_calls::<Method>().unwrap();
    let error = soon(client.call_method::<_, u64>(&Method::Nothing)).await.unwrap_err();
    assert!(matches!(error, CallError::UnknownMethod(_)), "{error:?}");
}

#[derive(Debug, Serialize, Deserialize)]
enum AnyMethod {
    Known,
    #[serde(other)]
    Unknown,
}

async fn calls_of_other_methods_reach_the_variant_for_them() {
    let (server, client, notes) = pair().await;
    answer(&server);
    let noted = notes.clone();
    let calls = server.on_calls(move |method: AnyMethod, call| {
        noted.note(format!("{method:?} {}", call.method()));
        async { Ok::<u64, Failure>(1) }
    });
    calls.unwrap();
    assert_eq!(soon(client.call::<_, u64>("Known", &())).await.unwrap(), 1);
    assert_eq!(soon(client.call::<_, u64>("none", &[1])).await.unwrap(), 1);
    assert_eq!(soon(client.call::<_, u64>("Sum", &[1, 2])).await.unwrap(), 3);
    client.notice_method(&Method::Sum(vec![])).unwrap();
    client.notice("gone", "x").unwrap();
    assert_eq!(notes.until(3).await, ["Known Known", "Unknown none", "Unknown gone"]);
    // Reserved names are not methods of a program.
    let error = soon(client.call::<_, u64>("$none", &())).await.unwrap_err();
    assert!(matches!(error, CallError::UnknownMethod(_)), "{error:?}");
    server.core().handlers().off_calls::<AnyMethod>().unwrap();
    for method in ["Known", "none"] {
        let error = soon(client.call::<_, u64>(method, &())).await.unwrap_err();
        assert!(matches!(error, CallError::UnknownMethod(_)), "{error:?}");
    }
    assert_eq!(soon(client.call::<_, u64>("Sum", &[1, 2])).await.unwrap(), 3);
}

#[derive(Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
enum StoreError {
    #[error("there is no key {key}")]
    NotFound { key: String },
    #[error("the store is full")]
    Full,
    #[error("{0} is not a number")]
    NotANumber(String),
}

async fn errors_of_an_enum_come_back_as_one() {
    let (server, client, _) = pair().await;
    server.on_call("get", |key: String, call| async move {
        Err::<u64, _>(call.typed_failure(&match &*key {
            "full" => StoreError::Full,
            // Not changed by the dialect: it is no data of an event.
            "" => StoreError::NotANumber(key),
            _ => StoreError::NotFound { key },
        }))
    });
    for (key, expected) in [
        ("a", StoreError::NotFound { key: "a".to_owned() }),
        ("full", StoreError::Full),
        ("", StoreError::NotANumber(String::new())),
    ] {
        let error = soon(client.call::<_, u64>("get", key)).await.unwrap_err();
        let failure = error.failure().unwrap();
        assert_eq!(&*failure.message, expected.to_string());
        assert_eq!(client.decode_failure::<StoreError>(failure).unwrap(), expected);
    }
    let error = soon(client.call::<_, u64>("set", "a")).await.unwrap_err();
    let read = client.decode_failure::<StoreError>(error.failure().unwrap());
    assert_eq!(read.unwrap_err().code(), codes::UNKNOWN_EVENT);
}
