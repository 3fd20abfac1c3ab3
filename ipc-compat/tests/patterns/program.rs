//! Programs of their own: this one again in another part, or a script for real node-ipc.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use ipc_compat::Dialect;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::kit::soon;
use crate::{p1_one_shot, p2_child, p4_workers};

/// A running program. What it says to the test are lines that begin with `> `. It is killed when
/// this is dropped.
#[derive(Debug)]
pub(crate) struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    /// Lines that no one has waited for.
    chatter: Vec<String>,
}

/// How a program ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// The rest of what it printed, on stdout and stderr.
    pub(crate) chatter: String,
}

impl Program {
    /// Starts this program again, to play a part.
    pub(crate) fn part(name: &str, words: &[&str]) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "program::plays_a_part", "--nocapture", "--quiet"]);
        command.env(PART, [&[name], words].concat().join("\n"));
        Self::start(command)
    }

    fn start(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, chatter: Vec::new() }
    }

    /// Waits for the next line that is said to the test.
    pub(crate) async fn line(&mut self) -> String {
        match self.next().await {
            Some(line) => line,
            None => {
                let ended = self.ended().await;
                panic!("it ended instead of saying something: {ended:?}")
            }
        }
    }

    /// Waits for it to end.
    pub(crate) async fn ended(&mut self) -> Ended {
        while let Some(line) = self.next().await {
            self.chatter.push(line);
        }
        let mut errors = String::new();
        if let Some(mut pipe) = self.child.stderr.take() {
            soon("the end of stderr", pipe.read_to_string(&mut errors)).await.unwrap();
        }
        let status = soon("the end of a program", self.child.wait()).await.unwrap();
        Ended { status, chatter: self.chatter.join("\n") + &errors }
    }

    /// Kills it with signal 9, and waits for that.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    async fn next(&mut self) -> Option<String> {
        loop {
            let line = soon("a line", self.lines.next_line()).await.unwrap()?;
            match line.strip_prefix("> ") {
                Some(said) => return Some(said.to_owned()),
                // The test harness announces itself.
                None if line.is_empty() || line == "running 1 test" => {}
                None => self.chatter.push(line),
            }
        }
    }
}

/// Real node-ipc, and the Node.js that runs it.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) dialect: Dialect,
    program: PathBuf,
    package: PathBuf,
}

impl Node {
    /// Starts a script of `js` with the room's root and more words.
    pub(crate) fn script(&self, name: &str, root: &str, words: &[&str]) -> Program {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/patterns/js");
        let mut command = Command::new(&self.program);
        command.arg(folder.join(name)).arg(root).args(words);
        command.env("NODE_IPC_DIR", &self.package);
        Program::start(command)
    }
}

/// Returns both versions of node-ipc, or prints why they are not available.
pub(crate) fn nodes(test: &str) -> Vec<Node> {
    let Some(peers) = std::env::var_os(PEERS) else {
        // Not by `eprintln`, which a test that passes keeps to itself.
        let _ = writeln!(std::io::stderr(), "{test}: SKIPPED: run it with `cargo xtask patterns`");
        return Vec::new();
    };
    let peers = peers.into_string().unwrap();
    let node = |line: &str| {
        let parts: Vec<_> = line.split('\t').collect();
        let [dialect, program, package] = parts[..] else { panic!("{PEERS}: {line:?}") };
        let dialect = match dialect {
            "classic" => Dialect::Classic,
            "v14" => Dialect::V14,
            _ => panic!("{PEERS}: {line:?}"),
        };
        Node { dialect, program: program.into(), package: package.into() }
    };
    peers.lines().map(node).collect()
}

/// Plays the part it was started for; without one this test does not apply.
#[test]
fn plays_a_part() {
    let Some(part) = std::env::var_os(PART) else { return };
    let part = part.into_string().unwrap();
    let words: Vec<_> = part.split('\n').collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let code = runtime.block_on(async {
        match words[..] {
            ["one-shot", root, what] => p1_one_shot::command(root, what).await,
            ["child", root, id] => p2_child::child(root, id).await,
            ["parent", root, id] => p2_child::parent(root, id).await,
            ["worker", root, index] => p4_workers::process(root, index).await,
            _ => panic!("no such part: {words:?}"),
        }
    });
    // At once: neither the runtime nor the test harness gets to tidy up.
    std::process::exit(code);
}

/// Says a line to the test that started this program.
pub(crate) fn say(line: &str) {
    println!("> {line}");
}

const PART: &str = "IPC_PATTERNS_PART";

/// Where `cargo xtask patterns` puts a line for each version of node-ipc: the dialect, the program
/// that is Node.js, and the directory of the package, with tabs between them.
const PEERS: &str = "IPC_PATTERNS_PEERS";
