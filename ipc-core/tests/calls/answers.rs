//! Results and failures: what a call returns.

use ipc_core::{CallError, Failure};

use crate::rig::{pair, soon};

both_runtimes!(a_call_returns_what_the_method_does, a_method_that_waits_is_answered_later);

async fn a_call_returns_what_the_method_does() {
    let pair = pair().await;
    pair.server.on_call("sum", |numbers: Vec<u64>, _| async move {
        Ok::<u64, Failure>(numbers.iter().sum())
    });
    pair.server.on_call("fail", |(): (), _| async move {
        Err::<(), _>(Failure::new("not_found", "no such key"))
    });
    let sum: u64 = soon(pair.client.call("sum", &[1, 2, 3])).await.unwrap();
    assert_eq!(sum, 6);
    let failed: Result<(), _> = soon(pair.client.call("fail", &())).await;
    let Err(CallError::Remote(failure)) = failed else { panic!("{failed:?}") };
    assert_eq!((&*failure.code, &*failure.message), ("not_found", "no such key"));
    let unknown: Result<(), _> = soon(pair.client.call("none", &())).await;
    assert!(matches!(unknown, Err(CallError::UnknownMethod(_))), "{unknown:?}");
    let wrong: Result<u64, _> = soon(pair.client.call("sum", "text")).await;
    assert!(matches!(wrong, Err(CallError::InvalidArgs(_))), "{wrong:?}");
    let other: Result<String, _> = soon(pair.client.call("sum", &[1])).await;
    assert!(matches!(other, Err(CallError::InvalidResult(_))), "{other:?}");
}

async fn a_method_that_waits_is_answered_later() {
    let pair = pair().await;
    pair.client.on_call("name", |(): (), _| async { Ok::<_, Failure>("client") });
    pair.server.on_call("greet", |(): (), call| async move {
        let name: String = call.peer().call("name", &()).await?;
        Ok::<_, Failure>(format!("hello {name}"))
    });
    let calls = (0..100).map(|_| {
        let client = pair.client.clone();
        tokio::spawn(async move { client.call::<_, String>("greet", &()).await })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(soon(call).await.unwrap().unwrap(), "hello client");
    }
}
