//! Calls in layouts between clients and servers: what the program sees is the same in each.

use std::sync::Arc;
use std::time::Duration;

use ipc_compat::layouts::{self, Layout};
use ipc_compat::{Config, Ipc, IpcClient, IpcServer, codes};
use ipc_core::{CallError, EmitError, Failure, Heartbeat, blocking};
use tempfile::TempDir;

/// A client and its server, both of one layout. The server answers `sum`, `fail` and `never`.
struct Pair {
    client: IpcClient,
    server: IpcServer,
    /// What the client was made of.
    ipc: Ipc,
    _dir: TempDir,
}

impl Pair {
    /// Connects both, each with a layout of its own.
    async fn new(layout: impl Fn() -> Arc<dyn Layout>) -> Self {
        Self::with(layout, |_| {}).await
    }

    /// The same with other settings.
    async fn with(layout: impl Fn() -> Arc<dyn Layout>, change: impl Fn(&mut Config)) -> Self {
        let dir = TempDir::new().unwrap();
        let ipc = || {
            let mut config = Config::classic();
            config.socket_root = format!("{}/", dir.path().display()).into();
            config.id = "world".to_owned();
            config.layout = Some(layout());
            config.retry = Duration::from_millis(5);
            change(&mut config);
            Ipc::new(config)
        };
        let server = ipc().serve(()).unwrap();
        server.on_call("sum", |numbers: Vec<u64>, _| async move {
            Ok::<u64, Failure>(numbers.iter().sum())
        });
        server.on_call("nothing", |(): (), _| async { Ok::<(), Failure>(()) });
        server.on_call("fail", |(): (), _| async { Err::<(), _>(Failure::new("full", "no room")) });
        server.on_call("never", |(): (), _| std::future::pending::<Result<(), Failure>>());
        server.start().await.unwrap();
        let ipc = ipc();
        let client = ipc.connect_to("world").unwrap();
        client.on_call("half", |number: u64, _| async move { Ok::<u64, Failure>(number / 2) });
        Self { client, server, ipc, _dir: dir }
    }
}

type MakeLayout = fn() -> Arc<dyn Layout>;

fn done() -> Arc<dyn Layout> {
    let methods = ["sum", "nothing", "fail", "never", "half"];
    Arc::new(layouts::done().answering(methods))
}

/// All layouts, but the one whose calls have no arguments.
fn all() -> [MakeLayout; 5] {
    [
        || Arc::new(layouts::json()),
        || Arc::new(layouts::requests()),
        || Arc::new(layouts::by_id("call")),
        || Arc::new(layouts::dmno()),
        done,
    ]
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(120), future).await.unwrap()
}

both_runtimes!(both_sides_call_each_other);
async fn both_sides_call_each_other() {
    for layout in all() {
        let pair = Pair::new(layout).await;
        let sum: u64 = soon(async { pair.client.call("sum", &[1, 2]).await }).await.unwrap();
        assert_eq!(sum, 3, "{:?}", layout());
        soon(async { pair.client.call::<(), ()>("nothing", &()).await }).await.unwrap();
        let peer = pair.server.sockets().remove(0);
        // A member `id` of a call is no name of the client.
        assert!(pair.server.socket_id(&peer).is_none(), "{:?}", layout());
        let half: u64 = soon(async { peer.call("half", &8).await }).await.unwrap();
        assert_eq!(half, 4);
    }
}

both_runtimes!(surveys_need_answers_with_numbers);
async fn surveys_need_answers_with_numbers() {
    for layout in all().into_iter().chain([done as MakeLayout]) {
        let pair = Pair::new(layout).await;
        let one: u64 = soon(async { pair.client.call("sum", &[1]).await }).await.unwrap();
        let answers = pair.server.all().call("half", &(8 * one)).survey::<u64>();
        let answers = soon(answers.gather()).await;
        let is_done = !layout().answers_have_numbers();
        match &answers[..] {
            [(_, Ok(4))] if !is_done => {}
            [(_, Err(CallError::Unsupported(_)))] if is_done => {}
            other => panic!("{:?}: {other:?}", layout()),
        }
    }
}

both_runtimes!(a_layout_without_arguments_calls_too);
async fn a_layout_without_arguments_calls_too() {
    let pair = Pair::new(|| Arc::new(layouts::state("me"))).await;
    soon(async { pair.client.call::<(), Option<u8>>("nothing", &()).await }).await.unwrap();
    let refused = soon(async { pair.client.call::<_, u64>("sum", &[1]).await }).await.unwrap_err();
    assert!(matches!(&refused, CallError::NotSent(_)), "{refused:?}");
    assert_eq!(refused.code(), codes::UNSUPPORTED);
}

both_runtimes!(failures_arrive_where_the_layout_has_them);
async fn failures_arrive_where_the_layout_has_them() {
    let cases: [(MakeLayout, &str, &str); 5] = [
        (|| Arc::new(layouts::json()), "full", "unknown_method"),
        (|| Arc::new(layouts::requests()), "full", "unknown_method"),
        // Only the message is on the wire.
        (|| Arc::new(layouts::by_id("call")), "error", "error"),
        (|| Arc::new(layouts::state("me")), "error", "error"),
        // Of an unknown name it is an event like any other, so that one is not tried.
        (done, "full", ""),
    ];
    for (layout, code, unknown) in cases {
        let pair = Pair::new(layout).await;
        let failed = soon(async { pair.client.call::<(), ()>("fail", &()).await }).await;
        let failed = failed.unwrap_err();
        let says = failed.failure().map(|failure| (&*failure.code, &*failure.message));
        assert_eq!(says, Some((code, "no room")), "{:?}", layout());
        if !unknown.is_empty() {
            let failed = soon(async { pair.client.call::<(), ()>("other", &()).await }).await;
            assert_eq!(failed.unwrap_err().code(), unknown);
        }
    }
}

both_runtimes!(a_call_without_an_answer_ends_at_its_deadline_and_the_next_goes_on);
/// Nothing is sent to cancel it, and the connection is as before.
async fn a_call_without_an_answer_ends_at_its_deadline_and_the_next_goes_on() {
    for layout in all() {
        let pair = Pair::new(layout).await;
        // Connected, so that the call is written.
        let _: u64 = soon(async { pair.client.call("sum", &[1]).await }).await.unwrap();
        for _ in 0..2 {
            let call = pair.client.call::<(), ()>("never", &()).within(Duration::from_millis(20));
            let error = soon(async { call.await }).await.unwrap_err();
            assert!(matches!(error, CallError::Deadline { .. }), "{error:?} {:?}", layout());
        }
        let sum: u64 = soon(async { pair.client.call("sum", &[1, 2]).await }).await.unwrap();
        assert_eq!(sum, 3);
    }
}

both_runtimes!(done_has_one_call_of_a_name_at_a_time);
async fn done_has_one_call_of_a_name_at_a_time() {
    let pair = Pair::new(done).await;
    let mut first = Box::pin(async { pair.client.call::<(), ()>("never", &()).await });
    tokio::select! {
        biased;
        _ = &mut first => panic!("it is never answered"),
        () = std::future::ready(()) => {}
    }
    let second = soon(async { pair.client.call::<(), ()>("never", &()).await }).await.unwrap_err();
    assert!(second.has_not_run());
    let CallError::NotSent(EmitError::Format(error)) = second else { panic!("{second:?}") };
    assert_eq!(error.code(), codes::CALL_IN_PROGRESS);
    // Another name has its own.
    let sum: u64 = soon(async { pair.client.call("sum", &[1, 2]).await }).await.unwrap();
    assert_eq!(sum, 3);
    // A lost connection ends the first, and makes way.
    pair.server.core().peers().remove(0).close();
    let lost = soon(&mut first).await.unwrap_err();
    assert!(matches!(lost, CallError::Disconnected { .. }), "{lost:?}");
    let call = pair.client.call::<(), ()>("never", &()).within(Duration::from_millis(20));
    let error = soon(async { call.await }).await.unwrap_err();
    assert!(matches!(error, CallError::Deadline { .. }), "{error:?}");
}

both_runtimes!(events_beside_calls_stay_events);
async fn events_beside_calls_stay_events() {
    let pair = Pair::new(|| Arc::new(layouts::json())).await;
    // The layout's own event, with data that is no call of it.
    let mut events = pair.server.stream::<serde_json::Value>("message");
    pair.client.emit("message", &7).unwrap();
    pair.client.emit("message", "{\"type\":\"other\"}").unwrap();
    let sum: u64 = soon(async { pair.client.call("sum", &[1, 2]).await }).await.unwrap();
    assert_eq!(sum, 3);
    assert_eq!(soon(events.next()).await.unwrap().unwrap(), 7);
    assert_eq!(soon(events.next()).await.unwrap().unwrap(), "{\"type\":\"other\"}");
}

/// A program without a runtime calls the same server.
#[test]
fn a_thread_that_waits_calls_in_layouts_too() {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.unwrap();
    for layout in all() {
        let pair = runtime.block_on(Pair::new(layout));
        let (config, transport) = (pair.ipc.config(), pair.ipc.transport_to("world").unwrap());
        let client = blocking::Client::builder(config.format().unwrap(), transport).unwrap();
        let mut client = client.options(config.client_options().unwrap()).build();
        client.connected().unwrap();
        let sum: u64 = client.call("sum", &[1, 2]).unwrap();
        assert_eq!(sum, 3, "{:?}", layout());
        for _ in 0..2 {
            let limit = Duration::from_millis(20);
            let error = client.call_within::<(), ()>(limit, "never", &()).unwrap_err();
            assert!(matches!(error, CallError::Deadline { .. }), "{error:?} {:?}", layout());
        }
        let sum: u64 = client.call("sum", &[2, 3]).unwrap();
        assert_eq!(sum, 5);
    }
}

// A layout has no `$ping`: a peer that answers calls in it is not asked, and so is not given up.
both_runtimes!(no_peer_is_asked_for_a_sign_of_life_in_a_layout);
async fn no_peer_is_asked_for_a_sign_of_life_in_a_layout() {
    for layout in all() {
        let ms = Duration::from_millis;
        let pair = Pair::with(layout, |config| {
            config.heartbeat = Some(Heartbeat::every(ms(10)));
        })
        .await;
        let (told, mut errors) = tokio::sync::mpsc::unbounded_channel();
        pair.client.on_error(move |error| told.send(error.code()).unwrap());
        let sum: u64 = soon(async { pair.client.call("sum", &[1, 2]).await }).await.unwrap();
        assert_eq!(sum, 3, "{:?}", layout());
        assert!(tokio::time::timeout(ms(200), errors.recv()).await.is_err(), "{:?}", layout());
        assert_eq!(pair.client.rtt(), None);
    }
}
