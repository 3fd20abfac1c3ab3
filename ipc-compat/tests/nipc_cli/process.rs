//! `Nipc`: a running `nipc`, of which nothing is waited for without end.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};
use serde_json::Value;
use tempfile::TempDir;

/// How long anything may take: far more than it does, on a machine with other work.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// A running `nipc`. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Nipc {
    child: Child,
    stdin: Option<Sender<String>>,
    lines: Receiver<String>,
    errors: Receiver<String>,
    ended: Receiver<()>,
}

/// How a `nipc` ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: i32,
    /// The lines of stdout that were not taken yet.
    pub(crate) lines: Vec<String>,
    /// What was said on stderr.
    pub(crate) errors: String,
}

impl Nipc {
    /// Starts `nipc` with these words.
    pub(crate) fn with(words: &[&str]) -> Self {
        Self::spawn(Command::new(env!("CARGO_BIN_EXE_nipc")).args(words))
    }

    /// Starts `nipc` with these words and this stdout, of which no line can be taken then.
    pub(crate) fn with_stdout(words: &[&str], stdout: impl Into<Stdio>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nipc"));
        Self::spawn_with(command.args(words), Stdio::piped(), stdout.into())
    }

    /// Starts `nipc` with these words and this stdin, to which no line can be said then.
    pub(crate) fn with_stdin(words: &[&str], stdin: impl Into<Stdio>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_nipc"));
        Self::spawn_with(command.args(words), stdin.into(), Stdio::piped())
    }

    /// Starts this command.
    pub(crate) fn spawn(command: &mut Command) -> Self {
        Self::spawn_with(command, Stdio::piped(), Stdio::piped())
    }

    fn spawn_with(command: &mut Command, stdin: Stdio, stdout: Stdio) -> Self {
        let mut child = command
            .stdin(stdin)
            .stdout(stdout)
            .stderr(Stdio::piped())
            .spawn()
            .expect("nipc starts");
        let lines = child.stdout.take().map_or_else(|| channel().1, each_line);
        let errors = each_line(child.stderr.take().expect("stderr"));
        let (sender, ended) = channel();
        let pid = pid(&child);
        thread::spawn(move || {
            // The process stays there to be reaped, so that its number is not another's before.
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while waitid(WaitId::Pid(pid), options).is_err_and(|e| e == rustix::io::Errno::INTR) {}
            let _ = sender.send(());
        });
        let stdin = child.stdin.take().map(writer);
        Self { child, stdin, lines, errors, ended }
    }

    /// Writes a line to stdin, or several, as soon as they are read.
    #[track_caller]
    pub(crate) fn say(&self, line: &str) {
        let stdin = self.stdin.as_ref().expect("stdin is open");
        stdin.send(format!("{line}\n")).expect("nipc reads its stdin");
    }

    /// Ends stdin.
    pub(crate) fn hang_up(&mut self) {
        self.stdin = None;
    }

    /// Returns the next line of stdout.
    #[track_caller]
    pub(crate) fn line(&mut self) -> String {
        match self.lines.recv_timeout(DEADLINE) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => panic!("no line came"),
            Err(RecvTimeoutError::Disconnected) => panic!("no line came: {:?}", self.end()),
        }
    }

    /// Takes the next line of stdout, which has to be this one.
    #[track_caller]
    pub(crate) fn expect(&mut self, line: &str) {
        assert_eq!(self.line(), line);
    }

    /// Takes the next line of stdout, which has to be of this event.
    #[track_caller]
    pub(crate) fn event(&mut self, event: &str) -> Value {
        let line = self.line();
        let json: Value = serde_json::from_str(&line).expect("a line is JSON");
        assert_eq!(json["event"], event, "{line}");
        json
    }

    /// Takes the next line of stdout, which has to be an error with this code.
    #[track_caller]
    pub(crate) fn error(&mut self, code: &str) -> Value {
        let error = self.event("error");
        assert_eq!(error["code"], code, "{error}");
        error
    }

    /// Returns the next line of stderr.
    #[track_caller]
    pub(crate) fn note(&self) -> String {
        self.errors.recv_timeout(DEADLINE).expect("a line on stderr")
    }

    /// Returns how many bytes of its memory are resident; 0 where the system does not tell.
    pub(crate) fn resident(&self) -> usize {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.child.id()));
        let pages = statm.ok().and_then(|statm| statm.split(' ').nth(1)?.parse::<usize>().ok());
        pages.unwrap_or_default() * 4096
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(pid(&self.child), signal).expect("the process is there");
    }

    /// Stops the process as `kill -STOP` does, and waits until each of its threads has stopped: the signal stops
    /// one of them, whenever that runs next, and only then the others.
    pub(crate) fn stop(&self) {
        self.signal(Signal::STOP);
        let options = WaitIdOptions::STOPPED | WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        let became = waitid(WaitId::Pid(pid(&self.child)), options).expect("the process is there");
        assert!(became.is_some_and(|state| state.stopped()), "it ended");
    }

    /// Returns whether the process has a handler for this signal. Where that cannot be asked, it is assumed to.
    pub(crate) fn catches(&self, signal: Signal) -> bool {
        has_signal(&self.child.id().to_string(), "SigCgt:", signal).unwrap_or(true)
    }

    /// Kills the process, as `kill -9` does, and waits until it is gone.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("the process is there");
        self.end();
    }

    /// Waits for the process to end by itself.
    #[track_caller]
    pub(crate) fn end(&mut self) -> Ended {
        self.ended.recv_timeout(DEADLINE).expect("nipc ends by itself");
        let status = self.child.wait().expect("the process is there").code().unwrap_or(-1);
        let lines = self.lines.iter().collect();
        let errors = self.errors.iter().map(|line| line + "\n").collect();
        Ended { status, lines, errors }
    }

    /// Waits for the process to end by itself, with this status and no more lines.
    #[track_caller]
    pub(crate) fn ends(mut self, status: i32) -> String {
        let ended = self.end();
        assert_eq!((ended.status, ended.lines.as_slice()), (status, &[][..]), "{}", ended.errors);
        ended.errors
    }

    /// Runs `nipc` with these words until it exits.
    #[track_caller]
    pub(crate) fn run(words: &[&str]) -> Ended {
        Self::with(words).end()
    }
}

impl Drop for Nipc {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An empty directory with a path for a socket, gone when this is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    directory: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a temporary directory") }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Returns the path of the socket, as text.
    pub(crate) fn socket(&self) -> String {
        self.path("s").to_str().expect("UTF-8").to_owned()
    }

    /// Returns the directory, as text.
    pub(crate) fn root(&self) -> &str {
        self.directory.path().to_str().expect("UTF-8")
    }

    /// Lets other users reach this directory and start the copy of `nipc` that it then has, with these
    /// words and the socket here; `None` unless this is root, who alone can act as others.
    #[expect(clippy::print_stderr, reason = "a test that cannot run says so")]
    pub(crate) fn for_others(&self) -> Option<impl Fn(u32, &[&str]) -> Nipc> {
        use std::os::unix::fs::PermissionsExt;
        use std::os::unix::process::CommandExt;

        if !rustix::process::getuid().is_root() {
            eprintln!("not root: cannot act as another user, so nothing to see here");
            return None;
        }
        std::fs::set_permissions(self.root(), PermissionsExt::from_mode(0o1777)).expect("a mode");
        let program = self.path("nipc");
        // Another process copies it: no program that is open for writing can be started, and a child that another
        // test starts meanwhile would have this one's file open for a moment.
        let mut copy = Command::new("cp");
        let copied = copy.arg(env!("CARGO_BIN_EXE_nipc")).arg(&program).status();
        assert!(copied.expect("cp").success());
        let socket = self.socket();
        Some(move |user: u32, words: &[&str]| {
            let mut command = Command::new(&program);
            Nipc::spawn(command.args(words).args(["--path", &socket]).uid(user).gid(user))
        })
    }

    /// Starts a server here and waits until it is there. The options have single spaces.
    #[track_caller]
    pub(crate) fn serve(&self, options: &str) -> Nipc {
        let mut server = Nipc::with(&words("serve", &self.socket(), options));
        server.expect(&format!(r#"{{"event":"start","endpoint":"unix:{}"}}"#, self.socket()));
        server
    }

    /// Starts a client of the server here and waits for nothing.
    pub(crate) fn client(&self, options: &str) -> Nipc {
        Nipc::with(&words("connect", &self.socket(), options))
    }

    /// Starts a client of the server here and waits until it is connected.
    #[track_caller]
    pub(crate) fn connect(&self, options: &str) -> Nipc {
        let mut client = self.client(options);
        client.expect(r#"{"event":"connect"}"#);
        client
    }
}

/// Returns whether a hangup ends what this process starts, and says so if not: under `nohup` all inherit that it is
/// ignored, and `nipc` respects that.
#[expect(clippy::print_stdout, reason = "a test that cannot run says so")]
pub(crate) fn hangups_end() -> bool {
    let is_ignored = has_signal("self", "SigIgn:", Signal::HUP).unwrap_or(false);
    if is_ignored {
        println!("SKIPPED: SIGHUP is ignored here, as under `nohup`");
    }
    !is_ignored
}

/// Returns whether a signal is in this set of a process; `None` where that cannot be asked.
fn has_signal(process: &str, set: &str, signal: Signal) -> Option<bool> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let mask = status.lines().find_map(|line| line.strip_prefix(set))?;
    let mask = u64::from_str_radix(mask.trim(), 16).ok()?;
    Some(mask >> (signal.as_raw() - 1) & 1 == 1)
}

/// Waits for something that shows nowhere but in the file system.
#[track_caller]
#[expect(clippy::disallowed_methods, reason = "the deadline of a wait that has no timeout")]
pub(crate) fn until(done: impl Fn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !done() {
        assert!(Instant::now() < deadline, "waited in vain");
        thread::yield_now();
    }
}

fn words<'a>(command: &'a str, socket: &'a str, options: &'a str) -> Vec<&'a str> {
    let options = options.split(' ').filter(|word| !word.is_empty());
    [command, "--path", socket].into_iter().chain(options).collect()
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// Writes to a pipe in a thread of its own, so that a process that does not read it blocks no test
/// for ever. The pipe is closed when the sender is dropped.
fn writer(mut pipe: impl Write + Send + 'static) -> Sender<String> {
    let (sender, texts) = channel::<String>();
    thread::spawn(move || {
        for text in texts {
            if pipe.write_all(text.as_bytes()).is_err() {
                break;
            }
        }
    });
    sender
}

fn each_line(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).split(b'\n') {
            let Ok(line) = line else { break };
            if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                break;
            }
        }
    });
    lines
}
