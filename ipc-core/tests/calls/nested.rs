//! Calls that are made while a call is answered: they have what that one has left.

use std::time::Duration;

use ipc_core::{Call, CallError, Failure, MsgPack};
use tokio::time::sleep;

use crate::rig::{Notes, Pair, pair, soon};

const SECOND: Duration = Duration::from_secs(1);

/// Returns a pair whose client notes the time that each call of `inner` has.
async fn noted() -> (Pair, Notes) {
    let (pair, notes) = (pair().await, Notes::new());
    let other = notes.clone();
    pair.client.on_call("inner", move |(): (), call: Call<MsgPack>| {
        other.note(call.time_left().as_millis());
        async { Ok::<u64, Failure>(1) }
    });
    (pair, notes)
}

#[tokio::test(start_paused = true)]
async fn a_nested_call_has_what_is_left() {
    let (pair, notes) = noted().await;
    pair.server.on_call("outer", |(): (), call| async move {
        let inner = || call.peer().call::<_, u64>("inner", &());
        let mut sum = inner().await?;
        sleep(Duration::from_millis(500)).await;
        sum += inner().await?;
        // Less may be asked for, and more is cut.
        sum += inner().within(SECOND).await?;
        sum += inner().within(20 * SECOND).await?;
        // This one is independent.
        sum += inner().detached().await?;
        Ok::<u64, CallError>(sum)
    });
    let sum: u64 = soon(pair.client.call("outer", &()).within(2 * SECOND)).await.unwrap();
    assert_eq!(sum, 5);
    assert_eq!(notes.lines(), ["2000", "1500", "1000", "1500", "30000"]);
}

#[tokio::test(start_paused = true)]
async fn calls_of_other_tasks_do_not_inherit() {
    let (pair, notes) = noted().await;
    pair.server.on_call("outer", |(): (), call| async move {
        let peer = call.peer().clone();
        let inner = tokio::spawn(async move { peer.call::<_, u64>("inner", &()).await });
        Ok::<u64, Failure>(soon(inner).await.unwrap()?)
    });
    soon(pair.client.call::<_, u64>("outer", &()).within(2 * SECOND)).await.unwrap();
    assert_eq!(notes.lines(), ["30000"]);
}

#[tokio::test(start_paused = true)]
async fn a_stopped_call_cancels_what_it_has_called() {
    let (pair, notes) = (pair().await, Notes::new());
    let other = notes.clone();
    pair.client.on_call("inner", move |(): (), _| {
        let guard = other.guard("inner dropped");
        other.note("inner");
        async move {
            let _guard = guard;
            std::future::pending::<Result<u64, Failure>>().await
        }
    });
    pair.server.on_call("outer", |(): (), call| async move {
        call.peer().call::<_, u64>("inner", &()).detached().await
    });
    let outer = crate::rig::asking_unit(&pair.client, "outer");
    notes.until("inner").await;
    outer.abort();
    notes.until("inner dropped").await;
}
