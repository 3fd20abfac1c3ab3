//! The methods that it answers with items, and the reading of items; `peers/calls.cjs` has the same.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipc_compat::NodeFormat;
use ipc_core::{CallError, CallStream, Failure, Handlers, Sink, SinkError};
use serde_json::{Value, json};

use crate::methods::Aborted;
use crate::print;

/// How many items each call of `endless` has begun to send, by its key.
type Produced = Arc<Mutex<HashMap<String, u64>>>;

/// Answers calls with items.
pub(crate) fn answer<L>(handlers: &Handlers<NodeFormat, L>) {
    handlers.on_stream("rows", |count: u64, sink: Sink<_, u64>| async move {
        numbers(count, &sink).await
    });
    handlers.on_stream("each", |items: Vec<Value>, sink: Sink<_, Value>| async move {
        for item in &items {
            sink.send(item).await?;
        }
        Ok::<(), SinkError>(())
    });
    handlers.on_stream("breaks", |count: u64, sink: Sink<_, u64>| async move {
        numbers(count, &sink).await?;
        Err::<(), _>(Failure::new("not_found", "no such row"))
    });
    handlers.on_stream("stalls", |key: Value, sink: Sink<_, Value>| async move {
        let aborted = Aborted(key);
        sink.send(&aborted.0).await?;
        std::future::pending::<Result<(), Failure>>().await
    });
    let produced = Produced::default();
    let begun = Arc::clone(&produced);
    handlers.on_stream("endless", move |key: String, sink: Sink<_, u64>| {
        let begun = Arc::clone(&begun);
        async move {
            print(&json!({"event": "started", "key": key}));
            let _aborted = Aborted(key.clone().into());
            let mut number = 0;
            loop {
                lock(&begun).insert(key.clone(), number + 1);
                sink.send(&number).await?;
                number += 1;
            }
            #[expect(unreachable_code, reason = "it says what the method fails with")]
            Ok::<(), Failure>(())
        }
    });
    handlers.on_call("produced", move |key: String, _| {
        let count = lock(&produced).get(&key).copied().unwrap_or_default();
        async move { Ok::<u64, Failure>(count) }
    });
}

async fn numbers(count: u64, sink: &Sink<NodeFormat, u64>) -> Result<(), Failure> {
    for number in 0..count {
        sink.send(&number).await?;
    }
    Ok(())
}

/// Reads a stream to its end, and prints its first item as soon as it is there.
pub(crate) async fn read_all(
    key: &str,
    mut stream: CallStream<NodeFormat, Value>,
) -> (Vec<Value>, Result<(), CallError>) {
    let mut items = Vec::new();
    while let Some(item) = stream.next().await {
        match item {
            Ok(item) => items.push(item),
            Err(error) => return (items, Err(error)),
        }
        if let [item] = items.as_slice() {
            print(&json!({"event": "item", "key": key, "item": item}));
        }
    }
    (items, Ok(()))
}

fn lock(produced: &Produced) -> MutexGuard<'_, HashMap<String, u64>> {
    produced.lock().unwrap_or_else(PoisonError::into_inner)
}
