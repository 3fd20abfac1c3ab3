//! Clients that are let in by their tokens: plain ones of node-ipc's form and ours, and files of tokens.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails the test")]

#[macro_use]
#[path = "../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use ipc_compat::{
    Config, ConfigError, Dialect, Ipc, IpcError, IpcServer, TokenFileError, blocking, read_token,
    read_tokens,
};
use ipc_core::{
    ClientEvent, Hello, Identity, PlainPeers, Refusal, ServerEvent, Token, TokenCheck, Tokens,
    TokensError, WaitingLimits,
};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

both_runtimes!(
    a_plain_client_says_hello_in_one_line,
    a_plain_client_without_a_token_is_refused_in_time_or_let_in,
    a_client_of_ours_is_let_in_by_a_file_of_tokens,
    a_program_may_have_a_check_of_its_own,
);

/// A client that is only frames.
struct Plain(BufReader<UnixStream>);

impl Plain {
    fn connect(path: PathBuf) -> Self {
        let socket = UnixStream::connect(path).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self(BufReader::new(socket))
    }

    fn send(&mut self, event: &str, data: &str) {
        let frame = format!("{{\"type\":\"{event}\",\"data\":{data}}}\x0c");
        self.0.get_mut().write_all(frame.as_bytes()).unwrap();
    }

    /// Returns the next frame, or nothing at the end.
    fn hear(&mut self) -> String {
        let mut frame = Vec::new();
        self.0.read_until(b'\x0c', &mut frame).unwrap();
        String::from_utf8(frame).unwrap().trim_end_matches('\x0c').to_owned()
    }
}

struct Rig {
    dir: TempDir,
    server: IpcServer,
    happened: mpsc::UnboundedReceiver<String>,
}

impl Rig {
    async fn new(dialect: Dialect, settings: impl FnOnce(&mut Config, &TempDir)) -> Self {
        let dir = TempDir::new().unwrap();
        let mut config = Self::config(dialect, &dir);
        settings(&mut config, &dir);
        let server = Ipc::new(config).serve(()).unwrap();
        let (note, happened) = mpsc::unbounded_channel();
        let other = note.clone();
        server.core().on_lifecycle(move |event| {
            let line = match event {
                ServerEvent::Connect(_) => "connect".to_owned(),
                ServerEvent::Identified { identity, .. } => format!("{} is here", identity.name),
                ServerEvent::Refused { why, .. } => format!("refused {}", why.code()),
                _ => return,
            };
            let _ = other.send(line);
        });
        server.on("say", move |text: String, socket| {
            let _ = note.send(format!("said {text}"));
            socket.emit("heard", &text).unwrap();
        });
        server.start().await.unwrap();
        Self { dir, server, happened }
    }

    fn config(dialect: Dialect, dir: &TempDir) -> Config {
        let mut config = Config::classic();
        config.dialect = dialect;
        config.socket_root = dir.path().join("");
        config.id = "world".to_owned();
        config.retry = Duration::from_millis(10);
        config
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("app.world")
    }

    async fn happens(&mut self, lines: &[&str]) {
        for line in lines {
            let next = tokio::time::timeout(Duration::from_secs(60), self.happened.recv());
            assert_eq!(next.await.unwrap().as_deref(), Some(*line));
        }
    }
}

fn table(config: &mut Config) {
    config.token = Some(Tokens::new([("bob", "hunter2")]).unwrap().into());
}

const HELLO: &str = r#"{"call":"$hello","n":1,"args":{"v":1,"name":"bob","token":"hunter2"}}"#;
const WRONG: &str = r#"{"call":"$hello","n":1,"args":{"v":1,"name":"bob","token":"Hunter2"}}"#;
const DENIED: &str = r#"{"type":"$answer","data":{"n":1,"error":{"code":"denied","message":"the server does not let this client in"}}}"#;
const BYE: &str = r#"{"type":"$call","data":{"call":"$bye","args":{"code":"denied","message":"the server does not let this client in","reconnect":false}}}"#;

async fn a_plain_client_says_hello_in_one_line() {
    for dialect in [Dialect::Classic, Dialect::V14] {
        let mut rig = Rig::new(dialect, |config, _| table(config)).await;
        let path = rig.path();
        let talk = move || {
            let mut stranger = Plain::connect(path.clone());
            stranger.send("say", "\"secrets\"");
            stranger.send("$call", WRONG);
            assert_eq!((stranger.hear().as_str(), stranger.hear().as_str()), (DENIED, BYE));
            assert_eq!(stranger.hear(), "");
            let mut bob = Plain::connect(path);
            bob.send("say", "\"one\"");
            // Cut within the hello.
            let frame = format!("{{\"type\":\"$call\",\"data\":{HELLO}}}\x0c");
            let (begin, end) = frame.split_at(30);
            bob.0.get_mut().write_all(begin.as_bytes()).unwrap();
            bob.0.get_mut().flush().unwrap();
            bob.0.get_mut().write_all(end.as_bytes()).unwrap();
            bob.send("say", "\"two\"");
            let welcome = bob.hear();
            assert!(
                welcome.starts_with(r#"{"type":"$answer","data":{"n":1,"ok":{"v":1,"#),
                "{welcome}"
            );
            assert_eq!(bob.hear(), r#"{"type":"heard","data":"one"}"#);
            assert_eq!(bob.hear(), r#"{"type":"heard","data":"two"}"#);
            bob
        };
        let _bob = spawn_blocking(talk).await.unwrap();
        rig.happens(&["refused denied", "connect", "bob is here", "said one", "said two"]).await;
        assert_eq!(rig.server.identity("bob").len(), 1);
    }
}

async fn a_plain_client_without_a_token_is_refused_in_time_or_let_in() {
    let time = WaitingLimits::default().time(Duration::from_millis(200));
    let mut rig = Rig::new(Dialect::Classic, |config, _| {
        table(config);
        config.waiting_limits = time;
    })
    .await;
    let path = rig.path();
    let talk = move || {
        let mut plain = Plain::connect(path);
        plain.send("say", "\"hi\"");
        assert_eq!(plain.hear(), "");
    };
    spawn_blocking(talk).await.unwrap();
    rig.happens(&["refused late"]).await;
    let mut rig = Rig::new(Dialect::Classic, |config, _| {
        table(config);
        config.plain_peers = PlainPeers::Admit;
    })
    .await;
    let path = rig.path();
    let talk = move || {
        let mut plain = Plain::connect(path);
        plain.send("say", "\"hi\"");
        assert_eq!(plain.hear(), r#"{"type":"heard","data":"hi"}"#);
    };
    spawn_blocking(talk).await.unwrap();
    rig.happens(&["connect", "said hi"]).await;
}

fn file(dir: &TempDir, text: &str, mode: u32) -> PathBuf {
    let path = dir.path().join("tokens");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    path
}

async fn a_client_of_ours_is_let_in_by_a_file_of_tokens() {
    let text = r#"{"alice": "s3cret", "bob": ["old", "new"]}"#;
    let mut rig = Rig::new(Dialect::V14, |config, dir| {
        let path = file(dir, text, 0o640);
        config.apply_json(&serde_json::json!({ "tokenFile": path })).unwrap();
    })
    .await;
    for (name, token) in [("alice", "s3cret"), ("bob", "old"), ("bob", "new")] {
        let mut config = Rig::config(Dialect::V14, &rig.dir);
        config.hello = Some(Hello::new(name).token(token));
        let client = Ipc::new(config).connect_to("world").unwrap();
        client.emit("say", token).unwrap();
        rig.happens(&["connect", &format!("{name} is here"), &format!("said {token}")]).await;
        client.close().await;
    }
    // A refused one learns it in plain words, and does not come back.
    let mut config = Rig::config(Dialect::V14, &rig.dir);
    config.hello = Some(Hello::new("alice").token("new"));
    let client = Ipc::new(config).connect_to("world").unwrap();
    let mut events = client.events();
    let mut lines = Vec::new();
    while let Some(event) = events.next().await {
        match event {
            ipc_core::Incoming::Lifecycle(ClientEvent::Error(error)) => {
                let cause = std::error::Error::source(&*error).unwrap().to_string();
                lines.push(format!("{error}: {cause}"));
            }
            ipc_core::Incoming::Lifecycle(ClientEvent::Dismissed(bye)) => {
                lines.push(format!("{}: {}", bye.code, bye.message));
            }
            ipc_core::Incoming::Lifecycle(ClientEvent::Destroy) => lines.push("destroy".into()),
            _ => {}
        }
    }
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].contains("the server does not let this client in"), "{lines:?}");
    assert_eq!(lines[1..], ["denied: the server does not let this client in", "destroy"]);
    rig.happens(&["refused denied"]).await;
}

async fn a_program_may_have_a_check_of_its_own() {
    let mut rig = Rig::new(Dialect::Classic, |config, _| {
        config.token = Some(TokenCheck::new(|claim, info| async move {
            tokio::task::yield_now().await;
            // A user of this machine needs no token.
            let user = Identity::by_user("somebody", &info).filter(|_| claim.token.is_none());
            user.ok_or_else(|| Refusal::new("too much"))
        }));
    })
    .await;
    let path = rig.path();
    let talk = move || {
        let mut plain = Plain::connect(path);
        plain.send("$call", r#"{"n":"a","call":"$hello","args":{"v":1}}"#);
        let welcome = plain.hear();
        assert!(
            welcome.starts_with(r#"{"type":"$answer","data":{"n":"a","ok":{"v":1,"#),
            "{welcome}"
        );
        plain
    };
    let _plain = spawn_blocking(talk).await.unwrap();
    rig.happens(&["connect", "somebody is here"]).await;
    assert!(rig.server.identity("somebody")[0].proven_identity().is_some());
}

#[test]
fn a_file_of_tokens_is_read_only_if_it_is_right() {
    let dir = TempDir::new().unwrap();
    let error = |text: &str, mode| read_tokens(file(&dir, text, mode)).unwrap_err();
    for mode in [0o644, 0o604, 0o602, 0o666] {
        let error = error(r#"{"a":"b"}"#, mode);
        assert!(matches!(error, TokenFileError::OpenToOthers { actual, .. } if actual == mode));
        assert!(error.to_string().contains(&format!("its mode is {mode:04o}")), "{error}");
    }
    for mode in [0o600, 0o640, 0o660, 0o400] {
        read_tokens(file(&dir, r#"{"a":"b"}"#, mode)).unwrap();
        fs::remove_file(dir.path().join("tokens")).unwrap();
    }
    for text in [
        "",
        "s3cret",
        r#""s3cret""#,
        r#"["s3cret"]"#,
        r#"{"alice":7,"s3cret":"x"}"#,
        r#"{"alice":["s3cret",null]}"#,
        r#"{"alice":{"s3cret":1}}"#,
    ] {
        let error = error(text, 0o600);
        assert!(matches!(error, TokenFileError::Malformed { .. }), "{error:?}");
        assert!(!format!("{error:?} {error}").contains("s3cret"), "{error:?}");
    }
    for (text, problem) in [
        (r#"{"":"s3cret"}"#, TokensError::EmptyName),
        (r#"{"a":""}"#, TokensError::EmptyToken { name: "a".into() }),
        (
            r#"{"a":"s3cret","b":["s3cret"]}"#,
            TokensError::SameToken { first: "a".into(), second: "b".into() },
        ),
    ] {
        let error = error(text, 0o600);
        assert!(!format!("{error:?} {error}").contains("s3cret"), "{error:?}");
        assert!(matches!(error, TokenFileError::Tokens { source, .. } if source == problem));
    }
    // As long as it may be, and longer.
    let table = |length: usize| format!("{{}}{}", " ".repeat(length - 2));
    read_tokens(file(&dir, &table(1 << 20), 0o600)).unwrap();
    let error = error(&table((1 << 20) + 1), 0o600);
    assert!(matches!(error, TokenFileError::TooLarge { limit, .. } if limit == 1 << 20));
    assert!(matches!(read_tokens(dir.path()).unwrap_err(), TokenFileError::NotAFile { .. }));
    let missing = read_tokens(dir.path().join("none")).unwrap_err();
    let why = |error| matches!(error, TokenFileError::Unreadable { why: ErrorKind::NotFound, .. });
    assert!(why(missing));
}

#[test]
fn a_clients_own_token_is_one_line() {
    let dir = TempDir::new().unwrap();
    for text in ["s3cret", "s3cret\n", " s3cret\r\n"] {
        assert_eq!(read_token(file(&dir, text, 0o600)).unwrap(), Token::from("s3cret"));
    }
    for text in ["", "\n", "one\ntwo"] {
        let error = read_token(file(&dir, text, 0o600)).unwrap_err();
        assert!(matches!(error, TokenFileError::Malformed { .. }), "{error:?}");
    }
    let error = read_token(file(&dir, "s3cret", 0o644)).unwrap_err();
    assert!(matches!(error, TokenFileError::OpenToOthers { .. }), "{error:?}");
}

#[test]
fn a_server_is_not_made_without_the_check_that_it_should_have() {
    let dir = TempDir::new().unwrap();
    let mut config = Rig::config(Dialect::Classic, &dir);
    config.token_file = Some(dir.path().join("none"));
    let error = Ipc::new(config.clone()).serve(()).unwrap_err();
    assert!(matches!(error, IpcError::TokenFile(TokenFileError::Unreadable { .. })), "{error:?}");
    assert_eq!(error.code(), "ERR_IPC_TOKEN_FILE");
    let error = config.server_options().unwrap_err();
    let unreadable = matches!(error, ConfigError::TokenFile(TokenFileError::Unreadable { .. }));
    assert!(unreadable, "{error:?}");
    assert_eq!(error.code(), "ERR_IPC_TOKEN_FILE");
    table(&mut config);
    let error = config.token_check().unwrap_err();
    assert!(matches!(error, TokenFileError::NotAlone { .. }), "{error:?}");
    config.token = None;
    let error = blocking::IpcServer::serve(&config, ()).unwrap_err();
    assert_eq!(error.code(), "ERR_IPC_TOKEN_FILE");
    config.token_file = None;
    blocking::IpcServer::serve(&config, ()).unwrap();
    assert!(config.token_check().unwrap().is_none());
}

#[test]
fn a_blocking_server_checks_the_tokens_of_its_config() {
    let dir = TempDir::new().unwrap();
    let mut config = Rig::config(Dialect::Classic, &dir);
    table(&mut config);
    let mut server = blocking::IpcServer::serve(&config, ()).unwrap();
    server.start().unwrap();
    let path = dir.path().join("app.world");
    let accepting = std::thread::spawn(move || (server.accept().unwrap(), server));
    let mut eve = Plain::connect(path.clone());
    eve.send("$call", WRONG);
    assert_eq!((eve.hear().as_str(), eve.hear().as_str()), (DENIED, BYE));
    let mut bob = Plain::connect(path);
    bob.send("$call", HELLO);
    let (connection, server) = accepting.join().unwrap();
    assert!(bob.hear().contains(r#""ok":{"v":1"#));
    assert_eq!(connection.identity().map(|identity| &*identity.name), Some("bob"));
    assert_eq!(server.refused(), 1);
}
