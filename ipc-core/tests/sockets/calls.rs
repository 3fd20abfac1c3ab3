//! Calls over real sockets, datagrams among them.

use std::future::pending;
use std::time::Duration;

use ipc_core::session::ReconnectPolicy;
use ipc_core::{CallError, Client, Failure, MsgPack, Sent, Server};
use ipc_transport::{Endpoint, TcpTransport, Transport, UdpTransport, UnixTransport};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::support::soon;

/// A server and a client of it.
struct Pair {
    server: Server<MsgPack>,
    client: Client<MsgPack>,
    _dir: TempDir,
}

async fn pair(transport: impl Transport, dir: TempDir) -> Pair {
    let server = Server::builder(MsgPack::new(), transport).build();
    let endpoint: Endpoint = soon(server.listen()).await.unwrap();
    let client = Client::builder(MsgPack::new(), endpoint.transport().unwrap());
    let client = client.reconnect(ReconnectPolicy::never()).build();
    server.on_call("sum", |numbers: Vec<u64>, _| async move {
        Ok::<_, Failure>(numbers.iter().sum::<u64>())
    });
    server.on_call("repeat", |count: usize, _| async move { Ok::<_, Failure>("x".repeat(count)) });
    server.on_call("greet", |(): (), call| async move {
        let name: String = call.peer().call("name", &()).await?;
        Ok::<_, CallError>(format!("hello {name}"))
    });
    client.on_call("name", |(): (), _| async { Ok::<_, Failure>("client") });
    Pair { server, client, _dir: dir }
}

/// Returns a pair for each kind of socket that has connections.
async fn pairs() -> [Pair; 2] {
    let dir = TempDir::new().unwrap();
    let unix = UnixTransport::new(dir.path().join("socket"));
    let tcp = TcpTransport::new("127.0.0.1", 0);
    [pair(unix, dir).await, pair(tcp, TempDir::new().unwrap()).await]
}

async fn datagrams() -> Pair {
    pair(UdpTransport::udp4("127.0.0.1", 0), TempDir::new().unwrap()).await
}

/// Adds a method that says on a channel that it has started and that it was stopped.
fn on_wait(server: &Server<MsgPack>) -> mpsc::UnboundedReceiver<&'static str> {
    struct Guard(mpsc::UnboundedSender<&'static str>);
    impl Drop for Guard {
        fn drop(&mut self) {
            let _ = self.0.send("stopped");
        }
    }
    let (sender, receiver) = mpsc::unbounded_channel();
    server.on_call("wait", move |(): (), _| {
        let guard = Guard(sender.clone());
        sender.send("started").unwrap();
        async move {
            let _guard = guard;
            pending::<Result<u64, Failure>>().await
        }
    });
    receiver
}

both_runtimes!(
    many_calls_go_both_ways_at_once,
    large_arguments_and_results_arrive,
    a_dropped_call_stops_its_method,
    the_end_of_the_server_ends_its_calls,
    what_a_server_is_its_user_learns_over_unix_sockets_and_not_over_tcp,
    datagrams_carry_calls_both_ways,
    over_datagrams_a_larger_answer_is_too_large,
    over_datagrams_a_lost_call_ends_at_its_deadline,
);

async fn many_calls_go_both_ways_at_once() {
    for pair in pairs().await {
        let mut calls = JoinSet::new();
        for n in 0..500_u64 {
            let client = pair.client.clone();
            calls.spawn(async move {
                if n % 2 == 0 {
                    assert_eq!(client.call::<_, u64>("sum", &[n, 1]).await.unwrap(), n + 1);
                } else {
                    // Each of these runs for a while: 256 are the most.
                    let greeting: String = client.call("greet", &()).await.unwrap();
                    assert_eq!(greeting, "hello client");
                }
            });
        }
        soon(calls.join_all()).await;
        assert!(soon(pair.client.close()).await.undelivered.is_empty());
        soon(pair.server.shutdown(Duration::from_secs(60))).await;
    }
}

async fn large_arguments_and_results_arrive() {
    for pair in pairs().await {
        let numbers = vec![1_u64; 1_000_000];
        let sum: u64 = soon(pair.client.call("sum", &numbers).into_future()).await.unwrap();
        assert_eq!(sum, 1_000_000);
        let text: String =
            soon(pair.client.call("repeat", &2_000_000).into_future()).await.unwrap();
        assert_eq!(text.len(), 2_000_000);
    }
}

async fn a_dropped_call_stops_its_method() {
    for pair in pairs().await {
        let mut notes = on_wait(&pair.server);
        let client = pair.client.clone();
        let call = tokio::spawn(async move { client.call::<_, u64>("wait", &()).await });
        assert_eq!(soon(notes.recv()).await, Some("started"));
        call.abort();
        assert_eq!(soon(notes.recv()).await, Some("stopped"));
        let sum: u64 = soon(pair.client.call("sum", &[1, 2]).into_future()).await.unwrap();
        assert_eq!(sum, 3);
    }
}

async fn the_end_of_the_server_ends_its_calls() {
    for pair in pairs().await {
        let mut notes = on_wait(&pair.server);
        let client = pair.client.clone();
        let call = tokio::spawn(async move { client.call::<_, u64>("wait", &()).await });
        assert_eq!(soon(notes.recv()).await, Some("started"));
        soon(pair.server.shutdown(Duration::ZERO)).await;
        assert_eq!(soon(notes.recv()).await, Some("stopped"));
        let error = soon(call).await.unwrap().unwrap_err();
        assert!(matches!(error, CallError::Disconnected { sent: Sent::Maybe }), "{error:?}");
    }
}

async fn what_a_server_is_its_user_learns_over_unix_sockets_and_not_over_tcp() {
    let [unix, tcp] = pairs().await;
    let about = soon(unix.client.about()).await.unwrap();
    assert_eq!(about.pid, Some(std::process::id().into()));
    assert_eq!(about.methods.unwrap().len(), 3);
    // A server asks its clients, too.
    let about = soon(unix.server.peers()[0].about()).await.unwrap();
    assert_eq!(&*about.methods.unwrap()[0].name, "name");
    let error = soon(tcp.client.about()).await.unwrap_err();
    assert!(matches!(error, CallError::Denied(_)), "{error:?}");
}

async fn datagrams_carry_calls_both_ways() {
    let pair = datagrams().await;
    for n in 0..100 {
        let sum: u64 = soon(pair.client.call("sum", &[n, 1]).into_future()).await.unwrap();
        assert_eq!(sum, n + 1);
    }
    let greeting: String = soon(pair.client.call("greet", &()).into_future()).await.unwrap();
    assert_eq!(greeting, "hello client");
}

async fn over_datagrams_a_larger_answer_is_too_large() {
    let pair = datagrams().await;
    let call = pair.client.call::<_, String>("repeat", &100_000);
    let error = soon(call.into_future()).await.unwrap_err();
    assert_eq!(error.code(), "too_large", "{error:?}");
    let numbers = vec![1_u64; 100_000];
    let call = pair.client.call::<_, u64>("sum", &numbers);
    let error = soon(call.into_future()).await.unwrap_err();
    assert!(matches!(error, CallError::NotSent(_)), "{error:?}");
    let text: String = soon(pair.client.call("repeat", &100).into_future()).await.unwrap();
    assert_eq!(text.len(), 100);
}

async fn over_datagrams_a_lost_call_ends_at_its_deadline() {
    // This one hears everything and answers nothing.
    let silent = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let transport = UdpTransport::udp4("127.0.0.1", silent.local_addr().unwrap().port());
    let client = Client::builder(MsgPack::new(), transport).build();
    // Otherwise the time could be over before the call is written.
    soon(client.connected()).await.unwrap();
    let call = client.call::<_, u64>("sum", &[1]).within(Duration::from_millis(50));
    let error = soon(call.into_future()).await.unwrap_err();
    assert!(matches!(error, CallError::Deadline { .. }), "{error:?}");
    // The call, and its cancel.
    let mut room = [0; 1000];
    for event in ["$call", "cancel"] {
        let length = soon(silent.recv(&mut room)).await.unwrap();
        assert!(String::from_utf8_lossy(&room[..length]).contains(event));
    }
}
