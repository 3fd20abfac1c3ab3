//! This workspace: ipc-core with the format of ipc-compat, used as its documentation does.

mod blocking;
mod call;
mod echo;
mod flood;
mod lossy;
mod news;
mod paced;
mod restart;

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ipc_benches::{Body, FIRST_SEQ, Outcome, OwnedBody, Task, Work};
use ipc_compat::{NodeFormat, RawJson};
use ipc_core::protocol::calls::EncodeCall;
use ipc_core::{
    Client, DecodePayload, EncodePayload, FlushPolicy, MessageFormat, MsgPack, Server, Spin,
};
use ipc_transport::Endpoint;
use tokio::runtime::{Builder, Runtime};

use crate::net::{SPIN, give_up, ready};
use crate::{Result, tls};

/// How this workspace is used.
///
/// A driver or a format that is new gets a name here, and what differs with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Typed handlers, on a runtime of one thread.
    CurrentThread,
    /// Typed handlers, on a runtime of two threads.
    MultiThread,
    /// The client's own task awaits each answer, on a runtime of one thread.
    Awaiting,
    /// Handlers that take the payload as it is, on a runtime of one thread.
    RawJson,
    /// As `CurrentThread`, in MessagePack.
    MsgPack,
    /// Calls instead of events, on a runtime of one thread.
    Calls,
    /// As `Calls`, in MessagePack.
    CallsMsgPack,
    /// The blocking driver.
    Blocking,
    /// The blocking driver, spinning on both sides.
    BlockingSpin,
    /// As `CurrentThread`, and every message is written at once.
    Immediate,
    /// As `CurrentThread`, and messages gather for up to a millisecond.
    Within,
}

impl Kind {
    fn flush_policy(self) -> FlushPolicy {
        match self {
            Self::Immediate => FlushPolicy::Immediate,
            Self::Within => FlushPolicy::Within(Duration::from_millis(1)),
            _ => FlushPolicy::WhenIdle,
        }
    }

    fn spin(self) -> Option<Spin> {
        if self == Self::BlockingSpin { Spin::for_up_to(SPIN).ok() } else { None }
    }
}

impl FromStr for Kind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Ok(match name {
            "ours" => Self::CurrentThread,
            "ours-multi" => Self::MultiThread,
            "ours-await" => Self::Awaiting,
            "ours-json" => Self::RawJson,
            "ours-msgpack" => Self::MsgPack,
            "ours-call" => Self::Calls,
            "ours-call-msgpack" => Self::CallsMsgPack,
            "ours-blocking" | "ours-blocking-call" => Self::Blocking,
            "ours-blocking-spin" => Self::BlockingSpin,
            "ours-immediate" => Self::Immediate,
            "ours-within" => Self::Within,
            _ => return Err(format!("no subject is called {name:?}")),
        })
    }
}

fn runtime(kind: Kind) -> Result<Runtime> {
    let mut builder = match kind {
        Kind::MultiThread => Builder::new_multi_thread(),
        _ => Builder::new_current_thread(),
    };
    Ok(builder.worker_threads(2).enable_all().build()?)
}

/// A format that takes what is sent here.
trait Format:
    MessageFormat
    + for<'a> EncodePayload<Body<'a>>
    + EncodePayload<OwnedBody>
    + EncodeCall<OwnedBody>
    + DecodePayload<OwnedBody>
    + EncodePayload<u64>
    + DecodePayload<u64>
    + EncodePayload<()>
    + DecodePayload<()>
{
}

impl<F> Format for F where
    F: MessageFormat
        + for<'a> EncodePayload<Body<'a>>
        + EncodePayload<OwnedBody>
        + EncodeCall<OwnedBody>
        + DecodePayload<OwnedBody>
        + EncodePayload<u64>
        + DecodePayload<u64>
        + EncodePayload<()>
        + DecodePayload<()>
{
}

pub(crate) fn serve(endpoint: &Endpoint, kind: Kind) -> Result<()> {
    match kind {
        Kind::Blocking | Kind::BlockingSpin => return blocking::serve(endpoint, kind.spin()),
        Kind::MsgPack | Kind::CallsMsgPack => {
            return runtime(kind)?.block_on(async {
                let server = server(MsgPack::new(), endpoint, kind)?;
                server.on("echo", |data: OwnedBody, peer| told(peer.emit("echo", &data)));
                listen(&server).await
            });
        }
        _ => {}
    }
    runtime(kind)?.block_on(async {
        let server = server(NodeFormat::v14(), endpoint, kind)?;
        if kind == Kind::RawJson {
            server.on("echo", |data: RawJson, peer| told(peer.emit("echo", &data)));
        } else {
            server.on("echo", |data: OwnedBody, peer| told(peer.emit("echo", &data)));
        }
        listen(&server).await
    })
}

/// Returns a server that does all but echo.
fn server<F: Format>(format: F, endpoint: &Endpoint, kind: Kind) -> Result<Server<F>> {
    let server = Server::builder(format, tls::serving(endpoint)?)
        .max_connections(MANY)
        .flush_policy(kind.flush_policy())
        // A stalled receiver is waited for once, while the others warm up.
        .stall_timeout(Some(Duration::from_secs(1)))
        .build();
    let counted = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&counted);
    server.on("count", move |_: OwnedBody, _| {
        count.fetch_add(1, Ordering::Relaxed);
    });
    server.on("end", move |(), peer| {
        told(peer.emit("ended", &counted.load(Ordering::Relaxed)));
    });
    call::answer(&server);
    let all = server.clone();
    server.on("broadcast", move |order: OwnedBody, _| {
        tokio::spawn(send_to(all.clone(), None, order));
    });
    server.on("join", |body: OwnedBody, peer| {
        told(peer.join(GROUP));
        told(peer.emit("joined", &body));
    });
    let members = server.clone();
    server.on("to group", move |order: OwnedBody, _| {
        tokio::spawn(send_to(members.clone(), Some(GROUP), order));
    });
    Ok(server)
}

async fn listen<F: Format>(server: &Server<F>) -> Result<()> {
    ready(&server.listen().await?);
    std::future::pending().await
}

/// Sends news to a group, or to every peer.
async fn send_to<F: Format>(server: Server<F>, group: Option<&str>, order: OwnedBody) {
    let target = group.map_or_else(|| server.all(), |group| server.to(group));
    for seq in FIRST_SEQ..FIRST_SEQ + order.seq {
        told(target.send("news", &Body::with(seq, &order.body)).await);
    }
}

const GROUP: &str = "members";

/// A message that cannot be sent would leave the other side waiting.
fn told<T, E: std::fmt::Display>(result: std::result::Result<T, E>) {
    if let Err(error) = result {
        give_up(&error);
    }
}

pub(crate) fn measure(endpoint: &Endpoint, kind: Kind, task: &Task) -> Result<Outcome> {
    match kind {
        Kind::Blocking | Kind::BlockingSpin => blocking::measure(endpoint, kind.spin(), task),
        Kind::MsgPack | Kind::CallsMsgPack => {
            runtime(kind)?.block_on(exchange(MsgPack::new, endpoint, kind, task))
        }
        _ => runtime(kind)?.block_on(exchange(NodeFormat::v14, endpoint, kind, task)),
    }
}

async fn exchange<F: Format>(
    format: fn() -> F,
    endpoint: &Endpoint,
    kind: Kind,
    task: &Task,
) -> Result<Outcome> {
    let connect = || -> Result<Client<F>> {
        let builder = Client::builder(format(), tls::dialing(endpoint)?);
        Ok(builder.flush_policy(kind.flush_policy()).build())
    };
    if task.work == Work::Flood {
        return flood::measure(connect, task).await;
    }
    let client = connect()?;
    let outcome = match (task.work, kind) {
        (Work::Echo, Kind::Awaiting) => echo::awaiting(&client, task).await,
        (Work::Call | Work::Stream, Kind::Calls | Kind::CallsMsgPack) => {
            call::measure(&client, task).await
        }
        // What a call and a stream are compared with is an event that comes back, and events.
        (Work::Stream, _) => news::measure(&client, task).await,
        (Work::Echo | Work::Call, _) => echo::handling(&client, task).await,
        (Work::Paced, _) => paced::measure(&client, task).await,
        (Work::Restart, _) => restart::measure(&client, task).await,
        (Work::LossyEcho, _) => lossy::echo(&client, task).await,
        (Work::LossyFlood, _) => lossy::flood(&client, task).await,
        _ => Err("ours has no client for that".into()),
    };
    client.close().await;
    outcome
}

/// More than any workload has.
const MANY: usize = 20_000;
