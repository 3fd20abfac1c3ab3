//! The methods that it answers with; `peers/calls.cjs` has the same ones.

use ipc_compat::{NodeFormat, RawJson};
use ipc_core::{Call, CallError, Failure, Handlers};
use serde_json::{Value, json};

use crate::print;

/// Answers calls, and prints ordinary events.
pub(crate) fn answer<L>(handlers: &Handlers<NodeFormat, L>) {
    handlers.on_call("sum", |numbers: Vec<i64>, _| async move {
        Ok::<i64, Failure>(numbers.iter().sum())
    });
    handlers.on_call("double", |n: u64, _| async move { Ok::<u64, Failure>(2 * n) });
    handlers.on_call("shape", |args: Option<RawJson>, _| async move {
        match args {
            Some(args) => Ok(args),
            None => RawJson::from_value("absent"),
        }
    });
    handlers.on_call("nothing", |(): (), _| async { Ok::<(), Failure>(()) });
    handlers.on_call("fails", |(): (), call| async move { Err::<(), _>(not_found(&call)) });
    handlers.on_call("throws", |(): (), _| async { Err::<(), _>("no number") });
    handlers.on_call("slow", |key: Value, _| async move {
        print(&json!({"event": "started", "key": key}));
        let _aborted = Aborted(key);
        std::future::pending::<Result<(), Failure>>().await
    });
    handlers.on_call("whoami", |(): (), _| async { Ok::<_, Failure>("Rust") });
    handlers.on_call("back", |(): (), call| async move {
        let name: String = call.peer().call("whoami", &()).await?;
        Ok::<_, CallError>(name)
    });
    handlers.on_any(|message, _| {
        let data: Option<Value> =
            message.payload().and_then(|json| serde_json::from_slice(json).ok());
        print(&json!({"event": "message", "type": message.event(), "data": data}));
    });
}

fn not_found(call: &Call<NodeFormat>) -> Failure {
    let failure = call.failure("not_found", "no such key", &json!({"key": "a"}));
    failure.unwrap_or_else(Failure::from)
}

/// Prints that the call was stopped.
pub(crate) struct Aborted(pub(crate) Value);

impl Drop for Aborted {
    fn drop(&mut self) {
        print(&json!({"event": "aborted", "key": self.0}));
    }
}
