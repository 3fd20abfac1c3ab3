//! Peers that are other users, and one that floods a server whose peers have a rate.

use std::fs::{self, Permissions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use ipc_core::{Access, OverRate, Rate, Refusal, Server, ServerEvent};
use ipc_transport::{Transport, UnixTransport};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::floods::MOST;
use crate::killed::{runtime, soon};
use crate::lines::Lines;

/// The user who owns nothing, and is not this one.
const STRANGER: u32 = 65534;

/// A group that is not the primary one of that user.
const GROUP: u32 = 4242;

/// How the other process is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum As {
    /// As this user.
    Us,
    Stranger,
    /// As that user with a further group.
    StrangerIn(u32),
}

/// Tells the server something and prints what comes of it.
#[expect(clippy::print_stdout, reason = "this is how the other process says what it saw")]
pub(crate) fn play(path: &str) {
    let said = match UnixStream::connect(path) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => "no permission".to_owned(),
        Err(error) => error.to_string(),
        Ok(mut socket) => {
            // A server that refuses may have closed already.
            let _ = socket.write_all(b"say hello\n");
            let mut answer = [0; 11];
            match socket.read_exact(&mut answer) {
                Ok(()) => String::from_utf8_lossy(&answer).trim_end().to_owned(),
                Err(_) => "closed".to_owned(),
            }
        }
    };
    println!("{said}");
}

/// A directory that every user can enter, with a copy of this program that every user can start.
struct Place {
    dir: TempDir,
    program: PathBuf,
}

impl Place {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        let program = dir.path().join("processes");
        fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        Self { dir, program }
    }

    fn socket(&self) -> PathBuf {
        self.dir.path().join("socket")
    }

    /// Returns what a process of this user saw; `None` if it cannot be started.
    fn ask(&self, who: As) -> Option<String> {
        let mut command = match who {
            As::Us => Command::new(&self.program),
            As::Stranger => {
                let mut command = Command::new(&self.program);
                command.uid(STRANGER).gid(STRANGER);
                command
            }
            As::StrangerIn(group) => {
                let mut command = Command::new("setpriv");
                command.arg(format!("--reuid={STRANGER}")).arg(format!("--regid={STRANGER}"));
                command.arg(format!("--groups={group}")).arg(&self.program);
                command
            }
        };
        match command.args(["--play", "stranger"]).arg(self.socket()).output() {
            Ok(output) => {
                assert!(output.status.success(), "{output:?}");
                Some(String::from_utf8(output.stdout).unwrap().trim_end().to_owned())
            }
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => panic!("{error}"),
        }
    }
}

/// Row for row: the mode of the socket, whom the server lets in, who comes, and what they see.
#[expect(clippy::print_stdout, reason = "a test that cannot run says so")]
pub(crate) fn other_users() {
    let place = Place::new();
    if !is_root(&place) {
        println!("skipped: only root can act as other users");
        return;
    }
    let any = Access::any;
    for (mode, access, who, expected) in [
        (0o600, any(), As::Us, "echo hello"),
        (0o600, any(), As::Stranger, "no permission"),
        (0o600, Access::users([STRANGER]), As::Stranger, "no permission"),
        (0o666, any(), As::Stranger, "echo hello"),
        (0o666, Access::same_user(), As::Us, "echo hello"),
        (0o666, Access::same_user(), As::Stranger, "closed"),
        (0o666, Access::users([STRANGER]), As::Stranger, "echo hello"),
        (0o666, Access::users([STRANGER]), As::Us, "closed"),
        (0o666, Access::users([]), As::Stranger, "closed"),
        (0o666, Access::groups([STRANGER]), As::Stranger, "echo hello"),
        (0o666, Access::groups([GROUP]), As::Stranger, "closed"),
        (0o666, Access::groups([GROUP]), As::StrangerIn(GROUP), "echo hello"),
        (0o666, Access::groups([GROUP]), As::StrangerIn(GROUP + 1), "closed"),
        (0o666, Access::same_user().or(Access::users([STRANGER])), As::Stranger, "echo hello"),
    ] {
        let shown = format!("{mode:o} {access:?} {who:?}");
        let (seen, refused) = serve(&place, mode, access, who);
        let Some(seen) = seen else {
            println!("skipped: there is no setpriv for {who:?}");
            continue;
        };
        assert_eq!(seen, expected, "{shown}");
        // The program learns who it was and why; the peer has learned neither.
        let user = if who == As::Us { (0, 0) } else { (STRANGER, STRANGER) };
        let expected = (expected == "closed").then_some((user, Some(user)));
        assert_eq!(refused, expected, "{shown}");
    }
}

/// Who was refused, as the system has it and as the reason names it.
type Refused = Option<((u32, u32), Option<(u32, u32)>)>;

/// Serves one process, and returns what it saw and who was refused.
fn serve(place: &Place, mode: u32, access: Access, who: As) -> (Option<String>, Refused) {
    let runtime = runtime();
    runtime.block_on(async {
        let transport = UnixTransport::new(place.socket()).with_mode(mode);
        let server = Server::builder(Lines, transport).access(access).build();
        server.on("say", |text: String, peer| peer.emit("echo", text.as_str()).unwrap());
        let (told, mut refusals) = mpsc::unbounded_channel();
        server.on_lifecycle(move |event| {
            if let ServerEvent::Refused { info, why } = event {
                let user = info.credentials.unwrap();
                let named = match why {
                    Refusal::User { uid, gid } => Some((*uid, *gid)),
                    _ => None,
                };
                told.send(((user.uid, user.gid), named)).unwrap();
            }
        });
        server.listen().await.unwrap();
        let seen = tokio::task::block_in_place(|| place.ask(who));
        server.shutdown(Duration::from_secs(5)).await;
        (seen, refusals.try_recv().ok())
    })
}

fn is_root(place: &Place) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(place.dir.path()).unwrap().uid() == 0
}

/// How many other peers are served during a flood, and how often each asks.
const OTHERS: usize = 10;
const QUESTIONS: usize = 200;

/// One peer writes as fast as it can; the others ask and wait for the answer. Prints how long that
/// took, which is 1 ms of 100 for an optimised build on a machine that does nothing else.
#[expect(clippy::print_stdout, reason = "it is a measurement, too")]
fn flood(over: OverRate) {
    let rate = Rate::messages(2_000).burst(4_000).bytes(16 << 20).over(over);
    runtime().block_on(async {
        let dir = TempDir::new().unwrap();
        let transport = UnixTransport::new(dir.path().join("socket"));
        let server = Server::builder(Lines, transport.clone()).rate(Some(rate)).build();
        let handled = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&handled);
        server.on("flood", move |_: String, _| {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        server.on("say", |text: String, peer| peer.emit("echo", text.as_str()).unwrap());
        server.listen().await.unwrap();
        // The time is taken outside of what is counted, so that a wait of this thread only raises the bound.
        let began = Instant::now();
        let (flooding, sent) = start_flood(&dir.path().join("socket"));
        while handled.load(Ordering::Relaxed) == 0 {
            tokio::task::yield_now().await;
        }
        let mut asking = tokio::task::JoinSet::new();
        for _ in 0..OTHERS {
            let mut peer = soon(transport.dial()).await.unwrap();
            asking.spawn(async move {
                let mut times = Vec::new();
                for _ in 0..QUESTIONS {
                    let asked = Instant::now();
                    peer.write_all(b"say hello\n").await.unwrap();
                    let mut answer = [0; 11];
                    peer.read_exact(&mut answer).await.unwrap();
                    times.push(asked.elapsed());
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
                times
            });
        }
        let mut times: Vec<Duration> = soon(asking.join_all()).await.concat();
        let (flooded, took) = (handled.load(Ordering::Relaxed), began.elapsed());
        times.sort();
        let p99 = times[times.len() * 99 / 100];
        let sent = sent.load(Ordering::Relaxed);
        println!("{over:?}: p99 {p99:?} of {}, {flooded} of {sent} in {took:?}", times.len());
        // A burst, what the rate allows since, and what a turn had read already.
        let most = 4_000 + (took.as_secs_f64() * 2_000.0) as u64 + 2_000;
        assert!(flooded <= most, "{flooded} of at most {most} in {took:?}");
        assert!(p99 < MOST, "{p99:?}");
        let peers = server.peers();
        let limited = || peers.first().unwrap().limited();
        // The flood's thread may not have had time yet to write more than the rate allows.
        let some = async {
            while limited() == ipc_core::Limited::default() {
                tokio::task::yield_now().await;
            }
        };
        soon(some).await;
        let limited = limited();
        assert_eq!(limited.throttled > 0, over == OverRate::Throttle, "{limited:?}");
        assert_eq!(limited.dropped > 0, over == OverRate::Drop, "{limited:?}");
        assert!(peers[1..].iter().all(|peer| peer.limited() == ipc_core::Limited::default()));
        server.shutdown(Duration::from_secs(1)).await;
        flooding.join().unwrap();
    });
}

/// Writes until the server is gone; returns how many messages it has written.
fn start_flood(path: &Path) -> (thread::JoinHandle<()>, Arc<AtomicU64>) {
    const CHUNK: usize = 1_000;
    let mut socket = UnixStream::connect(path).unwrap();
    let sent = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&sent);
    let flooding = thread::spawn(move || {
        let chunk = "flood x\n".repeat(CHUNK);
        while socket.write_all(chunk.as_bytes()).is_ok() {
            counted.fetch_add(CHUNK as u64, Ordering::Relaxed);
        }
    });
    (flooding, sent)
}

pub(crate) fn throttled_flood() {
    flood(OverRate::Throttle);
}

pub(crate) fn dropped_flood() {
    flood(OverRate::Drop);
}
