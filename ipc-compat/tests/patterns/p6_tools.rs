//! A socket by which other tools steer a program: at an explicit path, greeting each client, with
//! large messages, and with a malformed frame that concerns its sender only.

use std::path::Path;

use ipc_compat::{Dialect, Ipc, IpcClient, IpcServer, NodeFormat, codes};
use ipc_core::{Access, Allow, ClientEvent, EventStream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

use crate::kit::{DIALECTS, Inbox, Room, heard, inbox, soon};
use crate::program::nodes;

/// A program that can be steered.
#[derive(Debug)]
struct Steered {
    _server: IpcServer,
    /// The codes of what went wrong, with the number of the tool it concerned.
    wrong: Inbox<(&'static str, u64)>,
    gone: Inbox<u64>,
}

async fn serve(ipc: &Ipc, path: &Path) -> Steered {
    ipc.configure(|config| {
        // The tools of this user, and only what they are for.
        config.access = Access::same_user();
        config.allow = Allow::new().events(["echo"]).unwrap();
    });
    let server = ipc.serve(path).unwrap();
    server.on_connect(|socket| socket.emit("hello", "what can I do?").unwrap());
    server.on("echo", |text: String, socket| socket.emit("echo", &text).unwrap());
    let (report, wrong) = inbox();
    server
        .on_error(move |error, socket| report.put((codes::of(error), socket.unwrap().id().get())));
    let (leave, gone) = inbox();
    server.on_socket_disconnected(move |socket, _| leave.put(socket.id().get()));
    server.start().await.unwrap();
    Steered { _server: server, wrong, gone }
}

#[derive(Debug)]
struct Tool {
    client: IpcClient,
    greetings: Inbox<String>,
    echoes: EventStream<NodeFormat, ClientEvent, String>,
}

impl Tool {
    fn open(ipc: &Ipc, path: &Path) -> Self {
        let client = ipc.connect_to(("program", path)).unwrap();
        let (greet, greetings) = inbox();
        client.on("hello", move |text: String, _| greet.put(text));
        let echoes = client.stream("echo");
        client.start().unwrap();
        Self { client, greetings, echoes }
    }

    async fn says(&mut self, text: &str) {
        self.client.emit("echo", text).unwrap();
        assert!(heard(&mut self.echoes).await == text);
    }
}

/// Returns 5 MB in characters of one to four bytes, so that reads end within characters.
fn large() -> String {
    let text = "aß雪🦀".repeat(5_000_000 / 10);
    assert_eq!(text.len(), 5_000_000);
    text
}

both_runtimes!(who_comes_is_greeted_and_may_send_five_megabytes);
async fn who_comes_is_greeted_and_may_send_five_megabytes() {
    for dialect in DIALECTS {
        let room = Room::new(dialect);
        let path = room.path("steer.sock");
        let _steered = serve(&room.ipc("program"), &path).await;
        for _ in 0..2 {
            let mut tool = Tool::open(&room.ipc("tool"), &path);
            assert_eq!(tool.greetings.next().await, "what can I do?");
            tool.says(&large()).await;
            assert!(tool.greetings.is_empty());
        }
    }
}

both_runtimes!(a_tool_of_node_is_greeted_and_sends_five_megabytes);
async fn a_tool_of_node_is_greeted_and_sends_five_megabytes() {
    for node in nodes("a_tool_of_node_is_greeted_and_sends_five_megabytes") {
        let room = Room::new(node.dialect);
        let path = room.path("steer.sock");
        let _steered = serve(&room.ipc("program"), &path).await;
        let mut tool = node.script("p6_tool.cjs", &room.root(), &[path.to_str().unwrap()]);
        assert_eq!(tool.line().await, "greeted: what can I do?");
        assert_eq!(tool.line().await, "5000000 bytes came back as they were");
        assert!(tool.ended().await.status.success());
    }
}

both_runtimes!(a_program_in_node_greets_and_takes_five_megabytes);
async fn a_program_in_node_greets_and_takes_five_megabytes() {
    for node in nodes("a_program_in_node_greets_and_takes_five_megabytes") {
        let room = Room::new(node.dialect);
        let path = room.path("steer.sock");
        let mut program = node.script("p6_program.cjs", &room.root(), &[path.to_str().unwrap()]);
        assert_eq!(program.line().await, "up");
        let mut tool = Tool::open(&room.ipc("tool"), &path);
        assert_eq!(tool.greetings.next().await, "what can I do?");
        tool.says(&large()).await;
    }
}

/// Reads frames until one holds this text.
async fn reads(stream: &mut UnixStream, text: &str) {
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).contains(text) {
        let count = soon("an answer", stream.read_buf(&mut read)).await.unwrap();
        assert_ne!(count, 0, "the end, after {:?}", String::from_utf8_lossy(&read));
    }
}

both_runtimes!(a_character_may_be_cut_anywhere);
async fn a_character_may_be_cut_anywhere() {
    for dialect in DIALECTS {
        let room = Room::new(dialect);
        let path = room.path("steer.sock");
        let _steered = serve(&room.ipc("program"), &path).await;
        let frame = "{\"type\":\"echo\",\"data\":\"🦀\"}\x0c".as_bytes();
        for cut in 1..frame.len() {
            let mut stream = UnixStream::connect(&path).await.unwrap();
            reads(&mut stream, "hello").await;
            stream.write_all(&frame[..cut]).await.unwrap();
            // The other side's task runs and reads what is there.
            tokio::task::yield_now().await;
            stream.write_all(&frame[cut..]).await.unwrap();
            reads(&mut stream, "🦀").await;
        }
    }
}

/// What a tool sends that is not a message, or that no tool may send, and the code of the error.
const NONSENSE: [(&str, &str); 5] = [
    ("{\"type\":\"quit\",\"data\":{}}", codes::DENIED),
    ("GET / HTTP/1.1\r\n\r\n", codes::INVALID_JSON),
    ("[1, 2]", codes::INVALID_MESSAGE),
    ("{\"data\":1}", codes::INVALID_EVENT),
    ("", codes::INVALID_JSON),
];

both_runtimes!(nonsense_is_the_business_of_who_sent_it);
async fn nonsense_is_the_business_of_who_sent_it() {
    for dialect in DIALECTS {
        let room = Room::new(dialect);
        let path = room.path("steer.sock");
        let mut steered = serve(&room.ipc("program"), &path).await;
        let mut tool = Tool::open(&room.ipc("tool"), &path);
        tool.greetings.next().await;
        for (n, (nonsense, code)) in (2..).zip(NONSENSE) {
            let mut stream = UnixStream::connect(&path).await.unwrap();
            reads(&mut stream, "hello").await;
            stream.write_all(format!("{nonsense}\x0c").as_bytes()).await.unwrap();
            assert_eq!(steered.wrong.next().await, (code, n));
            if dialect == Dialect::Classic || code == codes::DENIED {
                // It may continue, as with node-ipc of that family.
                stream.write_all(b"{\"type\":\"echo\",\"data\":\"sorry\"}\x0c").await.unwrap();
                reads(&mut stream, "sorry").await;
            } else {
                assert_eq!(soon("the end", stream.read(&mut [0; 16])).await.unwrap(), 0);
            }
            drop(stream);
            assert_eq!(steered.gone.next().await, n);
            tool.says("still here").await;
        }
        assert!(steered.gone.is_empty());
    }
}
