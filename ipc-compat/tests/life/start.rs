//! When a client begins to dial: not before the program had its chance to register handlers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use ipc_compat::{Config, Ipc, IpcClient, Logger};
use ipc_core::{ClientEvent, Incoming};
use ipc_transport::{Endpoint, Listener, MemoryTransport, Stream, Transport, TransportError};
use tokio::sync::mpsc;

use crate::rig::{CONNECTED, Place, at, ipc, soon};

/// How often each event is waited for: one in eight was missed before.
const MANY: usize = 1000;

both_runtimes!(a_greeting_is_heard_by_a_handler_on_the_line_after);
async fn a_greeting_is_heard_by_a_handler_on_the_line_after() {
    for kind in CONNECTED {
        let (place, ipc) = (Place::new(kind), ipc());
        let server = ipc.serve_on(place.server()).unwrap();
        server.on_connect(|socket| socket.emit("greeting", "welcome").unwrap());
        let endpoint = server.start().await.unwrap();
        let (hear, mut heard) = mpsc::unbounded_channel();
        for _ in 0..MANY {
            let client = ipc.connect_on("world", at(&endpoint)).unwrap();
            let hear = hear.clone();
            client.on("greeting", move |text: String, _| hear.send(text).unwrap());
            client.connected().await.unwrap();
            assert_eq!(soon(heard.recv()).await.as_deref(), Some("welcome"));
            client.close().await;
        }
        server.stop().await;
    }
}

/// Counts what happens to clients.
#[derive(Clone, Default)]
struct Counts(Arc<[AtomicUsize; 4]>);

impl Counts {
    fn watch(&self, client: &IpcClient) {
        let count = |index: usize| {
            let Self(counts) = self.clone();
            move || {
                counts.get(index).unwrap().fetch_add(1, Ordering::Relaxed);
            }
        };
        let (connect, disconnect, destroy, error) = (count(0), count(1), count(2), count(3));
        client.on_connect(move |_| connect());
        client.on_disconnect(move |_| disconnect());
        client.on_destroy(destroy);
        client.on_error(move |_| error());
    }

    fn get(&self) -> [usize; 4] {
        std::array::from_fn(|index| self.0.get(index).unwrap().load(Ordering::Relaxed))
    }
}

both_runtimes!(each_event_of_a_life_is_told_every_time);
async fn each_event_of_a_life_is_told_every_time() {
    for kind in CONNECTED {
        let (place, ipc, counts) = (Place::new(kind), ipc(), Counts::default());
        let server = ipc.serve_on(place.server()).unwrap();
        let endpoint = server.start().await.unwrap();
        for _ in 0..MANY {
            let client = ipc.connect_on("world", at(&endpoint)).unwrap();
            counts.watch(&client);
            client.connected().await.unwrap();
            soon(client.close()).await;
        }
        assert_eq!(counts.get(), [MANY, MANY, MANY, 0], "{kind:?}");
        server.stop().await;
    }
}

both_runtimes!(a_failure_is_told_every_time_although_it_is_the_end_at_once);
async fn a_failure_is_told_every_time_although_it_is_the_end_at_once() {
    let (place, ipc, counts) = (Place::new(crate::rig::Kind::Unix), ipc(), Counts::default());
    for _ in 0..MANY {
        let client = ipc.connect_on("absent", place.server()).unwrap();
        counts.watch(&client);
        soon(client.closed()).await;
    }
    assert_eq!(counts.get(), [0, MANY, MANY, MANY]);
    // A handler that is registered too late is never called: this has to be prevented.
    let late = Counts::default();
    let client = ipc.connect_on("absent", place.server()).unwrap();
    client.start().unwrap();
    soon(client.closed()).await;
    late.watch(&client);
    assert_eq!(late.get(), [0; 4]);
}

/// Counts how often it is dialed; there is no server.
#[derive(Debug, Clone)]
struct Counting(Arc<AtomicUsize>);

#[async_trait]
impl Transport for Counting {
    fn endpoint(&self) -> Endpoint {
        Endpoint::Memory("counting".into())
    }

    async fn dial(&self) -> Result<Stream, TransportError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        MemoryTransport::new("no server is here").dial().await
    }

    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        MemoryTransport::new("no server is here").listen().await
    }
}

both_runtimes!(nothing_is_dialed_before_something_needs_it);
async fn nothing_is_dialed_before_something_needs_it() {
    for begin in ["start", "emit", "connected", "closed", "close", "stream", "nothing"] {
        let (ipc, dialed) = (ipc(), Arc::new(AtomicUsize::new(0)));
        let client = ipc.connect_on("world", Counting(Arc::clone(&dialed))).unwrap();
        let mut events = client.events();
        assert!(ipc.of("world").is_some());
        // Another client has its whole life meanwhile.
        let other = ipc.connect_on("other", Counting(Arc::default())).unwrap();
        soon(other.closed()).await;
        assert_eq!(dialed.load(Ordering::Relaxed), 0, "{begin}");
        match begin {
            // Any handle will do, and a second call has no effect.
            "start" => (0..2).for_each(|_| ipc.of("world").unwrap().start().unwrap()),
            "emit" => client.emit("message", "hello").unwrap(),
            "connected" => drop(client.connected().await),
            "closed" => client.closed().await,
            "close" => drop(client.close().await),
            "stream" => {
                let first = soon(events.next()).await;
                assert!(matches!(first, Some(Incoming::Lifecycle(ClientEvent::Error(_)))));
            }
            _ => {
                soon(ipc.disconnect("world").unwrap().closed()).await;
                assert_eq!(dialed.load(Ordering::Relaxed), 0, "{begin}");
                continue;
            }
        }
        soon(client.closed()).await;
        assert_eq!(dialed.load(Ordering::Relaxed), 1, "{begin}");
    }
}

both_runtimes!(a_callback_registers_the_handlers_and_its_return_begins_the_dialing);
async fn a_callback_registers_the_handlers_and_its_return_begins_the_dialing() {
    let place = Place::new(crate::rig::Kind::Unix);
    let mut config = Config::classic();
    config.socket_root = format!("{}/", place.directory.path().display()).into();
    let ipc = Ipc::new(config);
    let server = ipc.serve(()).unwrap();
    server.on_connect(|socket| socket.emit("greeting", "welcome").unwrap());
    ipc.configure(|config| config.id = "client".into());
    server.start().await.unwrap();
    let (hear, mut heard) = mpsc::unbounded_channel();
    let id = ipc.config().id;
    let path = server.endpoint().map(|at| at.to_string()).unwrap_or_default();
    let path = path.trim_start_matches("unix:").to_owned();
    assert!(!id.is_empty());
    let _world = ipc
        .connect_to(("world", path.as_str(), move |ipc: &Ipc| {
            let world = ipc.of("world").unwrap();
            world.on("greeting", move |text: String, _| hear.send(text).unwrap());
        }))
        .unwrap();
    assert_eq!(soon(heard.recv()).await.as_deref(), Some("welcome"));
}

both_runtimes!(a_client_that_was_never_started_says_so_at_its_end);
async fn a_client_that_was_never_started_says_so_at_its_end() {
    let (ipc, lines) = (ipc(), Arc::new(Mutex::new(Vec::new())));
    let log = Arc::clone(&lines);
    ipc.configure(|config| {
        config.silent = false;
        config.logger = Some(Logger::new(move |line| log.lock().unwrap().push(line.to_owned())));
    });
    let client = ipc.connect_on("forgotten", Counting(Arc::default())).unwrap();
    drop((client, ipc));
    assert_eq!(
        *lines.lock().unwrap(),
        ["client of forgotten was never started: it did not connect"]
    );
}
