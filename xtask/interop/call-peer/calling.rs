//! What it calls: one command for each call, one line for each end.

use std::collections::HashMap;
use std::error::Error;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ipc_compat::{IpcClient, IpcServer, RawJson, Socket};
use ipc_core::{Bye, CallError, Sent};
use serde_json::{Value, json};
use tokio::sync::Notify;
use tokio::task::{AbortHandle, JoinSet};

use crate::streams::read_all;
use crate::typed::StoreError;
use crate::{groups, print, topics, value};

/// What this program is.
pub(crate) enum Side {
    Client(IpcClient),
    Server(IpcServer),
}

/// Who is called.
#[derive(Clone)]
enum Asked {
    Server(IpcClient),
    Client(Socket),
}

/// The calls that were made and have not ended.
pub(crate) struct Calling {
    side: Side,
    open: Mutex<HashMap<String, AbortHandle>>,
    /// Notified when streams that are not read are to be.
    read: Arc<Notify>,
}

impl Calling {
    pub(crate) fn new(side: Side) -> Self {
        Self { side, open: Mutex::default(), read: Arc::default() }
    }

    /// Does what the command says; `false` if that is to end.
    pub(crate) fn command(&self, command: &Value) -> Result<bool, Box<dyn Error>> {
        let text = |name: &str| command[name].as_str().unwrap_or_default().to_owned();
        match command["do"].as_str() {
            Some("call") => self.call(text("key"), text("method"), command)?,
            Some("stream") => self.stream(text("key"), text("method"), command)?,
            Some("read") => self.read.notify_waiters(),
            Some("drop") => {
                if let Some(call) = self.lock().remove(&text("key")) {
                    call.abort();
                }
            }
            Some("kick") => {
                if let Asked::Client(socket) = self.asked()? {
                    socket.kick(Bye::new("limit", "too loud"));
                }
            }
            Some("publish") => match &self.side {
                Side::Server(server) => topics::publish(server, &text("type"), &command["data"]),
                Side::Client(_) => return Err("a client publishes nothing".into()),
            },
            Some("subscribe") => match &self.side {
                Side::Client(client) => {
                    topics::subscribe(client, text("key"), &command["patterns"]);
                }
                Side::Server(_) => return Err("a server subscribes to nothing".into()),
            },
            Some("many") => self.many(text("key"), text("method"), command)?,
            Some("to" | "notice" | "survey") => match &self.side {
                Side::Server(server) => groups::command(server, command)?,
                Side::Client(_) => return Err("only a server has groups".into()),
            },
            Some(_) => return Ok(false),
            None => match self.asked()? {
                Asked::Server(client) => client.emit(&text("type"), &command["data"])?,
                Asked::Client(socket) => socket.emit(&text("type"), &command["data"])?,
            },
        }
        Ok(true)
    }

    /// Calls, and prints the end of the call.
    fn call(&self, key: String, method: String, command: &Value) -> Result<(), Box<dyn Error>> {
        let asked = self.asked()?;
        let args = RawJson::from_value(&command["args"])?;
        let within = command["ms"].as_u64().map_or(DEADLINE, Duration::from_millis);
        let name = key.clone();
        let task = tokio::spawn(async move {
            let result: Result<Option<RawJson>, _> = match &asked {
                Asked::Server(client) => client.call(&method, &args).within(within).await,
                Asked::Client(socket) => socket.call(&method, &args).within(within).await,
            };
            print(&match result {
                Ok(Some(result)) => json!({"event": "result", "key": key, "ok": value(&result)}),
                Ok(None) => json!({"event": "result", "key": key}),
                Err(error) => {
                    let failure = error.failure();
                    let typed = failure.and_then(|failure| match &asked {
                        Asked::Server(client) => client.decode_failure::<StoreError>(failure).ok(),
                        Asked::Client(socket) => socket.decode_failure(failure).ok(),
                    });
                    failed(&key, &error, typed)
                }
            });
        });
        self.lock().insert(name, task.abort_handle());
        Ok(())
    }

    /// Calls for a stream, and prints its end; with `wait` it is read from when that is said.
    fn stream(&self, key: String, method: String, command: &Value) -> Result<(), Box<dyn Error>> {
        let asked = self.asked()?;
        let args = RawJson::from_value(&command["args"])?;
        let within = command["ms"].as_u64().map_or(DEADLINE, Duration::from_millis);
        let (name, read) = (key.clone(), Arc::clone(&self.read));
        let waits = command["wait"].as_bool() == Some(true);
        let listed = if command["list"].as_bool() == Some(false) { 0 } else { LISTED };
        let task = tokio::spawn(async move {
            let mut go_on = pin!(read.notified());
            go_on.as_mut().enable();
            let calling = match &asked {
                Asked::Server(client) => client.call_stream(&method, &args),
                Asked::Client(socket) => socket.call_stream(&method, &args),
            };
            let stream = calling.within(within).await;
            if waits {
                go_on.await;
            }
            let (items, result) = match stream {
                Ok(stream) => read_all(&key, stream).await,
                Err(error) => (Vec::new(), Err(error)),
            };
            let mut line = match result {
                Ok(()) => json!({"event": "result", "key": key}),
                Err(error) => failed(&key, &error, None),
            };
            line["count"] = items.len().into();
            line["items"] = items.into_iter().take(listed).collect();
            print(&line);
        });
        self.lock().insert(name, task.abort_handle());
        Ok(())
    }

    /// Calls with the numbers below `count`, before any answer is waited for.
    fn many(&self, key: String, method: String, command: &Value) -> Result<(), Box<dyn Error>> {
        let (asked, method) = (self.asked()?, Arc::<str>::from(method));
        let mut calls = JoinSet::new();
        for n in 0..command["count"].as_u64().unwrap_or_default() {
            let (asked, method) = (asked.clone(), Arc::clone(&method));
            calls.spawn(async move {
                let result: Result<Value, _> = match &asked {
                    Asked::Server(client) => client.call(&method, &n).await,
                    Asked::Client(socket) => socket.call(&method, &n).await,
                };
                (n, result.unwrap_or_else(|error| error.code().into()))
            });
        }
        tokio::spawn(async move {
            let mut results = calls.join_all().await;
            results.sort_by_key(|(n, _)| *n);
            let results: Vec<_> = results.into_iter().map(|(_, result)| result).collect();
            print(&json!({"event": "many", "key": key, "results": results}));
        });
        Ok(())
    }

    /// Ends in order.
    pub(crate) async fn close(&self) {
        match &self.side {
            Side::Client(client) => drop(client.close().await),
            Side::Server(server) => drop(server.stop().await),
        }
    }

    /// Returns who is called: the server, or the client that connected first.
    fn asked(&self) -> Result<Asked, &'static str> {
        match &self.side {
            Side::Client(client) => Ok(Asked::Server(client.clone())),
            Side::Server(server) => {
                server.sockets().first().cloned().map(Asked::Client).ok_or("no client")
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, AbortHandle>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the line for a call that failed: the error's code, its variant, what the peer said, and the
/// error of the method if it is one of [`StoreError`].
fn failed(key: &str, error: &CallError, typed: Option<StoreError>) -> Value {
    let debug = format!("{error:?}");
    let kind = debug.split([' ', '(', '{']).next();
    let sent = match error {
        CallError::Disconnected { sent } | CallError::Closed { sent } => match sent {
            Sent::No => Some("no"),
            Sent::Maybe => Some("maybe"),
        },
        _ => None,
    };
    let data = error.failure().and_then(|failure| failure.data.as_ref()?.payload());
    let data = data.and_then(|data| serde_json::from_slice::<Value>(data).ok());
    json!({
        "event": "failed", "key": key, "code": error.code(), "kind": kind, "sent": sent,
        "message": error.to_string(), "data": data,
        "typed": typed.map(|typed| format!("{typed:?}")),
    })
}

/// As node-ipc's side has it.
const DEADLINE: Duration = Duration::from_secs(30);
/// How many items of a stream are printed; as node-ipc's side has it.
const LISTED: usize = 10_000;
