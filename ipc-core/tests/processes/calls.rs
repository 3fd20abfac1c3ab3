//! Calls of peers that are killed with SIGKILL while they answer.

use std::future::{IntoFuture, pending};
use std::path::Path;
use std::time::Duration;

use ipc_core::session::ReconnectPolicy;
use ipc_core::{CallError, Client, Failure, MsgPack, PeerId, Sent, Server};
use ipc_transport::UnixTransport;
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::killed::{Player, kill, runtime, soon, start};

/// Plays a role until it is killed: a side whose one method says that it has started, and never
/// ends.
#[expect(clippy::print_stdout, reason = "this is how a role says that it has begun")]
pub(crate) fn play(role: &str, path: &str) {
    let transport = UnixTransport::new(path);
    runtime().block_on(async {
        match role {
            "called server" => {
                let server = Server::builder(MsgPack::new(), transport).build();
                server.on_call("wait", |(): (), call| async move {
                    call.peer().emit("started", &()).unwrap();
                    pending::<Result<u64, Failure>>().await
                });
                server.on_call("add", |n: u64, _| async move { Ok::<_, Failure>(n + 1) });
                server.listen().await.unwrap();
                println!("begun");
                pending().await
            }
            "called client" => {
                let client = Client::builder(MsgPack::new(), transport).build();
                client.on_call("wait", |(): (), call| async move {
                    call.peer().emit("started", &()).unwrap();
                    pending::<Result<u64, Failure>>().await
                });
                client.on_call("add", |n: u64, _| async move { Ok::<_, Failure>(n + 1) });
                client.connected().await.unwrap();
                println!("begun");
                pending().await
            }
            other => panic!("no such role: {other}"),
        }
    });
}

/// Plays rounds in which a call is made and the process that answers it is killed. Each call fails, and
/// one within 100 ms: a machine that is busy may delay many of them.
fn check<F: Future<Output = (CallError, Duration)>>(round: impl Fn(TempDir) -> F) {
    runtime().block_on(async {
        let mut took = Vec::new();
        while took.len() < 5 || took.iter().all(|after| *after >= Duration::from_millis(100)) {
            assert!(took.len() < 100, "after {took:?}");
            let (error, after) = round(TempDir::new().unwrap()).await;
            assert!(matches!(error, CallError::Disconnected { sent: Sent::Maybe }), "{error:?}");
            took.push(after);
        }
    });
}

/// Kills the process once the method has started, and returns how the call ended, and when.
async fn end(
    call: tokio::task::JoinHandle<Result<u64, CallError>>,
    mut started: mpsc::UnboundedReceiver<()>,
    child: Player,
) -> (CallError, Duration) {
    soon(started.recv()).await.unwrap();
    kill(child);
    let killed = Instant::now();
    let error = soon(call).await.unwrap().unwrap_err();
    (error, killed.elapsed())
}

fn path(dir: &TempDir) -> std::path::PathBuf {
    Path::join(dir.path(), "socket")
}

pub(crate) fn killed_server() {
    check(|dir| async move {
        let child = start("called server", &path(&dir));
        let client = Client::builder(MsgPack::new(), UnixTransport::new(path(&dir)))
            .reconnect(ReconnectPolicy::never())
            .build();
        let (sender, started) = mpsc::unbounded_channel();
        client.on("started", move |(): (), _| sender.send(()).unwrap());
        let call = tokio::spawn(async move {
            let call = client.call::<_, u64>("wait", &());
            call.within(Duration::from_secs(60)).into_future().await
        });
        end(call, started, child).await
    });
}

pub(crate) fn killed_client() {
    check(|dir| async move {
        let server = Server::builder(MsgPack::new(), UnixTransport::new(path(&dir))).build();
        let (sender, started) = mpsc::unbounded_channel();
        server.on("started", move |(): (), _| sender.send(()).unwrap());
        server.listen().await.unwrap();
        let child = start("called client", &path(&dir));
        while server.peers().is_empty() {
            tokio::task::yield_now().await;
        }
        let peer = server.peers().remove(0);
        let call = tokio::spawn(async move { peer.call::<_, u64>("wait", &()).await });
        end(call, started, child).await
    });
}

/// Of three processes that were asked together one is killed: its item comes at once, and the others are
/// still waited for.
pub(crate) fn killed_member() {
    check(|dir| async move {
        let server = Server::builder(MsgPack::new(), UnixTransport::new(path(&dir))).build();
        let (sender, mut started) = mpsc::unbounded_channel();
        server.on("started", move |(): (), _| sender.send(()).unwrap());
        server.listen().await.unwrap();
        let mut children = Vec::new();
        for id in 1..=3 {
            children.push(start("called client", &path(&dir)));
            while server.peer(PeerId::from(id)).is_none() {
                tokio::task::yield_now().await;
            }
        }
        for peer in server.peers() {
            peer.join("workers").unwrap();
        }
        let workers = server.to("workers");
        let calling = workers.call("wait", &()).within(Duration::from_secs(60));
        let mut survey = calling.survey::<u64>();
        for _ in 0..3 {
            soon(started.recv()).await.unwrap();
        }
        kill(children.remove(1));
        let killed = Instant::now();
        let (peer, answer) = soon(survey.next()).await.unwrap();
        let after = killed.elapsed();
        assert_eq!((peer, survey.left()), (PeerId::from(2), 2));
        children.into_iter().for_each(kill);
        let others = soon(survey.gather()).await;
        assert!(others.iter().all(|(_, answer)| answer.is_err()) && others.len() == 2);
        (answer.unwrap_err(), after)
    });
}
