//! What `nipc serve --methods` answers calls with.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use ipc_compat::{IpcServer, NodeFormat, RawJson};
use ipc_core::protocol::calls::CallNumber;
use ipc_core::{Call, Failure, Message, Sink, SinkError};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use tokio::sync::mpsc;

/// The methods of the file, by their names.
pub(crate) struct Methods(BTreeMap<String, Answer>);

/// How one method answers.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Ok(RawJson),
    Error(Error),
    Stream(Vec<RawJson>),
    #[serde(deserialize_with = "yes")]
    Echo(()),
    #[serde(deserialize_with = "yes")]
    Silent(()),
}

#[derive(Debug, Clone, Deserialize)]
struct Error {
    code: String,
    #[serde(default)]
    message: String,
    data: Option<RawJson>,
}

/// Reads `true`, which is all that may be there.
fn yes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    match bool::deserialize(deserializer)? {
        true => Ok(()),
        false => Err(D::Error::custom("it can only be true")),
    }
}

/// A call that was received.
pub(crate) struct Received {
    pub(crate) peer: u64,
    pub(crate) number: Option<CallNumber>,
    pub(crate) method: String,
    pub(crate) args: Option<RawJson>,
}

/// The calls that are received, to be printed.
pub(crate) type Calls = mpsc::Receiver<Received>;

impl Methods {
    /// Reads the file.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let name = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read {name}: {error}"))?;
        let methods: BTreeMap<String, Box<RawValue>> =
            serde_json::from_str(&text).map_err(|error| format!("{name}: {error}"))?;
        let methods = methods.into_iter().map(|(method, answer)| {
            let answer = serde_json::from_str(answer.get())
                .map_err(|error| format!("{name}: method {method:?}: {error}"))?;
            Ok((method, answer))
        });
        Ok(Self(methods.collect::<Result<_, String>>()?))
    }

    /// Returns the names of the methods.
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// Has the server answer them, and returns the calls as they come.
    pub(crate) fn register(self, server: &IpcServer) -> Calls {
        let (received, calls) = mpsc::channel(PRINTED);
        for (method, answer) in self.0 {
            let received = received.clone();
            if let Answer::Stream(items) = answer {
                let items = Arc::new(items);
                server.on_stream(&method, move |args, sink| {
                    stream(received.clone(), args, sink, Arc::clone(&items))
                });
            } else {
                let answer = Arc::new(answer);
                server.on_call(&method, move |args, call| {
                    once(received.clone(), args, call, Arc::clone(&answer))
                });
            }
        }
        calls
    }
}

async fn once(
    received: mpsc::Sender<Received>,
    args: Option<RawJson>,
    call: Call<NodeFormat>,
    answer: Arc<Answer>,
) -> Result<RawJson, Failure> {
    note(&received, &args, &call).await;
    match &*answer {
        Answer::Ok(result) => Ok(result.clone()),
        Answer::Error(Error { code, message, data }) => {
            let failure = Failure::new(code.as_str(), message.as_str());
            Err(match data {
                Some(data) => failure.with_data(Message::new("", Some(data.clone().into_bytes()))),
                None => failure,
            })
        }
        Answer::Echo(_) | Answer::Stream(_) => match args {
            Some(args) => Ok(args),
            None => Ok(RawJson::from_value(&())?),
        },
        Answer::Silent(_) => std::future::pending().await,
    }
}

async fn stream(
    received: mpsc::Sender<Received>,
    args: Option<RawJson>,
    sink: Sink<NodeFormat, RawJson>,
    items: Arc<Vec<RawJson>>,
) -> Result<(), SinkError> {
    note(&received, &args, sink.call()).await;
    for item in items.iter() {
        sink.send(item).await?;
    }
    Ok(())
}

/// Has the call printed; waits while too many are to be.
fn note<'a>(
    received: &'a mpsc::Sender<Received>,
    args: &Option<RawJson>,
    call: &Call<NodeFormat>,
) -> impl Future<Output = ()> + 'a {
    let received_call = Received {
        peer: call.peer().id().get(),
        number: call.number(),
        method: call.method().to_owned(),
        args: args.clone(),
    };
    async move {
        // Without a receiver the server is closing.
        let _ = received.send(received_call).await;
    }
}

/// How many calls may wait to be printed.
const PRINTED: usize = 64;
