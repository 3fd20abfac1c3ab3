//! A play: one script, step by step, with our client and our server.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ipc_compat::{Config, Dialect, Ipc, IpcClient, IpcServer, NoData, RawJson, UdpType};
use ipc_core::HandlerId;
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::place::{Kind, Place};
use crate::raw::{Raw, end};

/// What was published, by the client's side and by the server's.
#[derive(Clone)]
struct Notes {
    began: Instant,
    client: Arc<Mutex<Vec<String>>>,
    server: Arc<Mutex<Vec<String>>>,
}

impl Notes {
    fn client(&self, what: &str) {
        let at = self.began.elapsed().as_millis();
        self.client.lock().unwrap().push(format!("{at} client {what}"));
    }

    fn server(&self, what: &str) {
        let at = self.began.elapsed().as_millis();
        self.server.lock().unwrap().push(format!("{at} server {what}"));
    }
}

/// What a script does, and what it has made so far.
struct Play {
    notes: Notes,
    place: Place,
    mine: Ipc,
    theirs: Ipc,
    client: Arc<Mutex<Option<IpcClient>>>,
    handlers: Arc<Mutex<HashMap<String, HandlerId>>>,
    server: Option<IpcServer>,
    listening: Option<JoinHandle<()>>,
    accepted: Arc<Mutex<Vec<Raw>>>,
    dialed: HashMap<String, Raw>,
}

/// Plays the script and returns what was published: the client's lines, then the server's.
pub(crate) async fn play(dialect: Dialect, kind: Kind, script: &[String]) -> Vec<String> {
    let directory = TempDir::new().unwrap();
    let mut config = match dialect {
        Dialect::V14 => Config::v14(),
        _ => Config::classic(),
    };
    config.id = "world".to_owned();
    config.socket_root = PathBuf::from(format!("{}/", directory.path().display()));
    config.retry = Duration::from_millis(200);
    let (client, server) = (Arc::default(), Arc::default());
    let mut play = Play {
        notes: Notes { began: Instant::now(), client, server },
        place: Place::new(kind, config.socket_path("world")),
        mine: Ipc::new(config.clone()),
        theirs: Ipc::new(config),
        client: Arc::default(),
        handlers: Arc::default(),
        server: None,
        listening: None,
        accepted: Arc::default(),
        dialed: HashMap::new(),
    };
    for step in script {
        let (name, rest) = step.split_once(' ').unwrap_or((step, ""));
        play.step(name, rest).await;
    }
    let mut lines = play.notes.client.lock().unwrap().clone();
    lines.extend(play.notes.server.lock().unwrap().iter().cloned());
    play.clear().await;
    lines
}

impl Play {
    async fn step(&mut self, name: &str, rest: &str) {
        let words: Vec<_> = rest.splitn(4, ' ').collect();
        match (name, words.as_slice()) {
            ("at", [ms]) => {
                let at = self.notes.began + Duration::from_millis(ms.parse().unwrap());
                tokio::time::sleep_until(at).await;
            }
            ("config", _) => {
                let json: Value = serde_json::from_str(rest).unwrap();
                self.mine.configure(|config| config.apply_json(&json).unwrap());
                self.theirs.configure(|config| config.apply_json(&json).unwrap());
            }
            ("connect", _) => self.connect(),
            ("disconnect", _) => drop(self.mine.disconnect("world")),
            ("emit", [event, data]) => {
                self.client().emit(event, &data.parse::<RawJson>().unwrap()).unwrap();
            }
            ("on", [event, tag, then @ ..]) => {
                self.scene().on(event, tag, then.first().copied().zip(then.get(1).copied()));
            }
            ("once", [event, tag]) => self.scene().once(event, tag),
            ("off", [event, tag]) => self.scene().off(event, tag),
            ("serve", _) => self.serve().await,
            ("stop", _) => {
                let server = self.server.clone().unwrap();
                tokio::spawn(async move { server.stop().await });
            }
            ("broadcast", [event, data]) => {
                let server = self.server.as_ref().unwrap();
                server.broadcast(event, &data.parse::<RawJson>().unwrap()).unwrap();
            }
            ("listen", _) => self.listen().await,
            ("say", _) => self.say(rest).await,
            ("drop", _) => self.drop_accepted().await,
            ("die", _) => {
                // The file of a listener that is dropped stays.
                end(self.listening.take().unwrap()).await;
                self.drop_accepted().await;
            }
            ("dial", [name]) => self.dial(name).await,
            ("write", [name, ..]) => {
                self.dialed[*name].write(rest.split_once(' ').unwrap().1).await;
            }
            ("kill", [name]) => {
                self.dialed.remove(*name).unwrap().close().await;
                self.notes.client(&format!("{name} closed"));
            }
            other => panic!("no step {other:?}"),
        }
    }

    fn client(&self) -> IpcClient {
        self.client.lock().unwrap().clone().expect("a script connects first")
    }

    fn scene(&self) -> Scene {
        let (notes, handlers) = (self.notes.clone(), Arc::clone(&self.handlers));
        Scene { client: self.client(), notes, handlers }
    }

    fn connect(&self) {
        let (notes, slot) = (self.notes.clone(), Arc::clone(&self.client));
        let callback = move |ipc: &Ipc| {
            notes.client("callback");
            let client = ipc.of("world").expect("it is there when the callback runs");
            let mut slot = slot.lock().unwrap();
            let known = slot.as_ref().is_some_and(|old| old.socket() == client.socket());
            if !known {
                watch_client(&client, &notes);
                *slot = Some(client);
            }
        };
        let _ = match &self.place {
            Place::File(_) => self.mine.connect_to(("world", callback)).unwrap(),
            Place::Net(_, at) => {
                let host = at.ip().to_string();
                self.mine.connect_to_net(("world", host, at.port(), callback)).unwrap()
            }
        };
    }

    async fn serve(&mut self) {
        let server = match &self.place {
            Place::File(_) => self.theirs.serve(()),
            Place::Net(Kind::Udp, at) => {
                self.theirs.serve_net((at.ip().to_string(), at.port(), UdpType::Udp4))
            }
            Place::Net(_, at) => self.theirs.serve_net((at.ip().to_string(), at.port())),
        };
        let server = server.unwrap();
        watch_server(&server, &self.notes);
        server.start().await.unwrap();
        self.server = Some(server);
    }

    async fn listen(&mut self) {
        let mut listener = self.place.listen().await;
        let (notes, accepted) = (self.notes.clone(), Arc::clone(&self.accepted));
        self.listening = Some(tokio::spawn(async move {
            loop {
                let stream = listener.accept().await;
                let notes = notes.clone();
                let got = move |text: &str| notes.server(&format!("got {text}"));
                accepted.lock().unwrap().push(Raw::stream(stream, got, || ()));
            }
        }));
    }

    async fn say(&self, text: &str) {
        let accepted = std::mem::take(&mut *self.accepted.lock().unwrap());
        for raw in &accepted {
            raw.write(text).await;
        }
        self.accepted.lock().unwrap().extend(accepted);
    }

    async fn drop_accepted(&self) {
        let accepted = std::mem::take(&mut *self.accepted.lock().unwrap());
        for raw in accepted {
            raw.close().await;
        }
    }

    async fn dial(&mut self, name: &str) {
        let (notes, closed) = (self.notes.clone(), self.notes.clone());
        let (got, gone) = (format!("{name} got"), format!("{name} closed"));
        let got = move |text: &str| notes.client(&format!("{got} {text}"));
        let raw = match &self.place {
            Place::Net(Kind::Udp, at) => Raw::datagrams(*at, got).await,
            place => Raw::stream(place.dial().await, got, move || closed.client(&gone)),
        };
        self.dialed.insert(name.to_owned(), raw);
    }

    async fn clear(self) {
        self.drop_accepted().await;
        if let Some(task) = self.listening {
            end(task).await;
        }
        for raw in self.dialed.into_values() {
            raw.close().await;
        }
        if let Some(client) = self.client.lock().unwrap().take() {
            client.socket().disconnect();
        }
        if let Some(server) = self.server {
            server.stop().await;
        }
    }
}

fn watch_client(client: &IpcClient, notes: &Notes) {
    let note = |what: &'static str| {
        let notes = notes.clone();
        move || notes.client(what)
    };
    let (error, disconnect) = (note("error"), note("disconnect"));
    client.on_error(move |_| error());
    let connect = note("connect");
    client.on_connect(move |_| connect());
    client.on_disconnect(move |_| disconnect());
    client.on_destroy(note("destroy"));
    let notes = notes.clone();
    client.on("told", move |data: RawJson, _| notes.client(&format!("told {data}")));
}

fn watch_server(server: &IpcServer, notes: &Notes) {
    let note = |what: &'static str| {
        let notes = notes.clone();
        move || notes.server(what)
    };
    let (start, connect, close, error) =
        (note("start"), note("connect"), note("close"), note("error"));
    server.on_start(move |_| start());
    server.on_connect(move |_| connect());
    // Registered before the handler that has to run first.
    server.on_close(move |_| close());
    server.on_error(move |_, _| error());
    let id_of = |id: Option<&RawJson>| id.map_or_else(|| "false".to_owned(), RawJson::to_string);
    let noted = notes.clone();
    server.on_socket_disconnected(move |_, id| {
        noted.server(&format!("socket.disconnected {}", id_of(id)));
    });
    let noted = notes.clone();
    server.on("told", move |data: RawJson, _| noted.server(&format!("told {data}")));
    let (noted, of) = (notes.clone(), server.clone());
    server.on("id", move |_: RawJson, socket| {
        noted.server(&format!("id {}", id_of(of.socket_id(socket).as_ref())));
    });
    let notes = notes.clone();
    server.on("ask", move |data: RawJson, socket| {
        notes.server(&format!("ask {data}"));
        let socket = socket.clone();
        tokio::spawn(async move {
            // A step of the script later, as node-ipc's side of the transcripts does. The clock is paused.
            tokio::time::sleep(Duration::from_millis(200)).await;
            socket.emit("told", &data).unwrap();
        });
    });
}

/// What handlers need to change handlers.
#[derive(Clone)]
struct Scene {
    client: IpcClient,
    notes: Notes,
    handlers: Arc<Mutex<HashMap<String, HandlerId>>>,
}

impl Scene {
    /// Registers a handler that notes its name, and does something to another one.
    fn on(&self, event: &str, tag: &str, then: Option<(&str, &str)>) {
        let (scene, this, named) = (self.clone(), event.to_owned(), tag.to_owned());
        let then = then.map(|(what, other)| (what.to_owned(), other.to_owned()));
        let run = move || {
            scene.notes.client(&named);
            match &then {
                Some((what, other)) if what == "off" => scene.off(&this, other),
                Some((what, other)) if what == "on" => scene.on(&this, other, None),
                Some((_, other)) => scene.client.emit(other, &NoData).unwrap(),
                None => {}
            }
        };
        let id = match event {
            "*" => self.client.on_any(move |_, _| run()),
            _ => self.client.on(event, move |_: Option<Value>, _| run()),
        };
        self.handlers.lock().unwrap().insert(tag.to_owned(), id);
    }

    fn once(&self, event: &str, tag: &str) {
        let (notes, named) = (self.notes.clone(), tag.to_owned());
        let id = self.client.once(event, move |_: Option<Value>, _| notes.client(&named));
        self.handlers.lock().unwrap().insert(tag.to_owned(), id);
    }

    fn off(&self, event: &str, tag: &str) {
        if tag == "*" {
            self.client.off_event(event);
            return;
        }
        let id = self.handlers.lock().unwrap()[tag];
        self.client.off(id);
    }
}
