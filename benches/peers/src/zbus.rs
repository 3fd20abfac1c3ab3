//! zbus: D-Bus between two processes, over a Unix socket and without a bus. What is in flight are method calls, which
//! are all answered.

use std::future::pending;

use ::zbus::connection::Builder;
use ::zbus::{Guid, interface};
use ipc_benches::{Outcome, OwnedBody, Task, Work, calls};
use tokio::net::{UnixListener, UnixStream};

use crate::Result;
use crate::net::ready;

struct Answers;

#[interface(name = "bench.Peer")]
impl Answers {
    fn echo(&self, seq: u64, body: String) -> (u64, String) {
        (seq, body)
    }
}

pub async fn serve(path: &str) -> Result<()> {
    let listener = UnixListener::bind(path)?;
    ready(&format!("unix:{path}"));
    let (socket, _) = listener.accept().await?;
    let builder = Builder::unix_stream(socket.into_std()?).server(Guid::generate()).p2p();
    let _connection = builder.serve_at("/peer", Answers).build().await?;
    pending().await
}

pub async fn measure(path: &str, task: &Task) -> Result<Outcome> {
    let socket = UnixStream::connect(path).await?.into_std()?;
    let connection = Builder::unix_stream(socket).p2p().build().await?;
    match task.work {
        Work::Echo | Work::Call => {
            calls::measure(task, async |OwnedBody { seq, body, .. }| {
                let none = None::<&str>;
                let answer = connection
                    .call_method(none, "/peer", Some("bench.Peer"), "Echo", &(seq, body))
                    .await?;
                let (seq, body) = answer.body().deserialize()?;
                Ok(OwnedBody::with(seq, body))
            })
            .await
        }
        _ => Err("zbus is not measured in that".into()),
    }
}
