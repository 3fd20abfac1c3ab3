//! The other process: it obeys one line at a time, and answers each with one line.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitCode, Stdio};

use ipc_transport::{AbstractTransport, Endpoint, PeerCheck, Stream, Transport, UnixTransport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Runtime;

#[cfg(target_os = "linux")]
use crate::namespaces;
use crate::{Result, descriptors, fork, hang_up, passed};

/// A child process that plays a role; killed when dropped.
pub(crate) struct Other {
    child: Child,
    /// `None` if its stdin is something else.
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Other {
    /// Starts a child with the rights and limits of this process.
    pub(crate) fn start(role: &[&str]) -> Result<Self> {
        Self::spawn(Command::new(std::env::current_exe()?).arg("--play").args(role))
    }

    /// Starts a child as another user; only root can.
    pub(crate) fn start_as(uid: u32, role: &[&str]) -> Result<Self> {
        Self::start_as_through(uid, &[], role)
    }

    /// Starts a child as another user, by a program that executes it.
    pub(crate) fn start_as_through(uid: u32, program: &[&str], role: &[&str]) -> Result<Self> {
        // A copy, because the user may not be able to reach the binary where cargo built it.
        let directory = std::env::temp_dir().join(format!("ipc-processes-{}", std::process::id()));
        let copy = directory.join("processes");
        if !copy.exists() {
            std::fs::create_dir_all(&directory)?;
            std::fs::copy(std::env::current_exe()?, &copy)?;
        }
        let mut command = match program.split_first() {
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments).arg(&copy);
                command
            }
            None => Command::new(&copy),
        };
        let other = Self::spawn(command.arg("--play").args(role).uid(uid).gid(uid));
        // A program has to find the copy before it can execute it, and whoever speaks has been.
        match other {
            Ok(mut other) if !program.is_empty() => {
                assert_eq!(other.hear()?, "here");
                std::fs::remove_dir_all(&directory)?;
                Ok(other)
            }
            other => {
                std::fs::remove_dir_all(&directory)?;
                other
            }
        }
    }

    /// Starts a child that may have only this many file descriptors open.
    pub(crate) fn start_limited(descriptors: u32, role: &[&str]) -> Result<Self> {
        let script = format!("ulimit -n {descriptors}; exec \"$0\" --play \"$@\"");
        Self::spawn(
            Command::new("sh").args(["-c", &script]).arg(std::env::current_exe()?).args(role),
        )
    }

    /// Reads the next line the child says; an empty one if it has gone, an error if it failed.
    pub(crate) fn hear(&mut self) -> Result<String> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        match line.strip_prefix("error: ") {
            Some(error) => Err(error.trim_end().into()),
            None => Ok(line.trim_end().to_owned()),
        }
    }

    /// Says a line to the child and reads its answer.
    pub(crate) fn ask(&mut self, order: &str) -> Result<String> {
        writeln!(self.orders.as_ref().ok_or("no stdin")?, "{order}")?;
        self.hear()
    }

    /// Kills the child with SIGKILL and waits until it is gone.
    pub(crate) fn kill(mut self) -> Result {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Returns what the child writes to stderr, if the command has a pipe there.
    pub(crate) fn errors(&mut self) -> Option<ChildStderr> {
        self.child.stderr.take()
    }

    pub(crate) fn spawn(command: &mut Command) -> Result<Self> {
        Self::spawn_deaf(command.stdin(Stdio::piped()))
    }

    /// Starts a child that takes no orders unless the command has a pipe for them.
    pub(crate) fn spawn_deaf(command: &mut Command) -> Result<Self> {
        let mut child = command.stdout(Stdio::piped()).spawn()?;
        let answers = BufReader::new(child.stdout.take().ok_or("no stdout")?);
        Ok(Self { orders: child.stdin.take(), child, answers })
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        // It may be gone already, which is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Plays a role until standard input ends.
pub(crate) fn play(role: &[String]) -> ExitCode {
    let role: Vec<&str> = role.iter().map(String::as_str).collect();
    let result = match role[..] {
        ["listen", place] => listen(place, "any"),
        ["listen", place, check] => listen(place, check),
        ["group", path, group] => give_to_group(path, group),
        ["passed"] => passed::serve(),
        ["fork", endpoint] => fork::listen_and_fork(endpoint),
        ["stdin"] => fork::serve_stdin(),
        #[cfg(target_os = "linux")]
        ["name", path] => namespaces::name(path),
        #[cfg(target_os = "linux")]
        ["explain", path] => namespaces::explain(path),
        ["leave", path] => leave(path),
        ["hang-up", kind] => hang_up::play(kind, ""),
        ["hang-up", kind, driver] => hang_up::play(kind, driver),
        ["dial", path, check] => dial(path, check),
        ["crowded", endpoint] => endpoint
            .parse::<Endpoint>()
            .map_err(Into::into)
            .and_then(|endpoint| descriptors::crowded(&endpoint)),
        _ => Err(format!("no such role: {role:?}").into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Says one line to the parent.
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// Reads the parent's next line; `None` when there are no more.
pub(crate) fn next_order() -> Result<Option<String>> {
    let mut line = String::new();
    let count = std::io::stdin().read_line(&mut line)?;
    Ok((count > 0).then(|| line.trim_end().to_owned()))
}

/// Says `listening`, or the code of the error; then accepts one connection for each order,
/// and keeps it.
fn listen(place: &str, check: &str) -> Result {
    let runtime = Runtime::new()?;
    let check = to_check(check)?;
    let transport: Box<dyn Transport> = match place.strip_prefix("abstract:") {
        Some(name) => Box::new(AbstractTransport::new(name).with_accept_check(check)),
        None => Box::new(UnixTransport::new(place).with_mode(0o666).with_accept_check(check)),
    };
    let mut listener = match runtime.block_on(transport.listen()) {
        Ok(listener) => listener,
        Err(error) => {
            say(error.code());
            return Ok(());
        }
    };
    say("listening");
    let mut kept = Vec::new();
    while next_order()?.is_some() {
        let mut stream = match runtime.block_on(listener.accept()) {
            Ok(stream) => stream,
            Err(error) => {
                say(error.code());
                continue;
            }
        };
        say(match runtime.block_on(stream.read_u8()) {
            Ok(_) => "heard",
            Err(_) => "gone",
        });
        kept.push(stream);
    }
    Ok(())
}

/// Leaves a stale socket behind.
fn leave(path: &str) -> Result {
    drop(std::os::unix::net::UnixListener::bind(path)?);
    say("left");
    Ok(())
}

/// Says what comes of a socket file for this group.
fn give_to_group(path: &str, group: &str) -> Result {
    let transport = UnixTransport::new(path).with_group(group.parse::<u32>()?);
    let listened = Runtime::new()?.block_on(transport.listen());
    say(&listened.map_or_else(|error| outcome(&error), |_| "listening".to_owned()));
    Ok(())
}

/// Dials once for each order, and says what came of it.
fn dial(place: &str, check: &str) -> Result {
    let transport: Box<dyn Transport> = match (place.strip_prefix("abstract:"), check) {
        (Some(name), "default") => Box::new(AbstractTransport::new(name)),
        (Some(name), check) => {
            Box::new(AbstractTransport::new(name).with_peer_check(to_check(check)?))
        }
        (None, check) => Box::new(UnixTransport::new(place).with_peer_check(to_check(check)?)),
    };
    let runtime = Runtime::new()?;
    while next_order()?.is_some() {
        let dialed = runtime.block_on(async {
            let mut stream: Stream = transport.dial().await?;
            // It counts only if it can be written to.
            Ok(stream.write_all(b"!").await.map(|()| stream))
        });
        match dialed {
            Ok(written) => say(if written.is_ok() { "connected" } else { "write failed" }),
            Err::<_, ipc_transport::TransportError>(error) => say(&outcome(&error)),
        }
    }
    Ok(())
}

fn to_check(check: &str) -> Result<PeerCheck> {
    Ok(match check {
        "default" => PeerCheck::default(),
        "any" => PeerCheck::Any,
        "same" => PeerCheck::SameUser,
        "root too" => PeerCheck::SameUserOrRoot,
        uid => PeerCheck::Uid(uid.parse()?),
    })
}

/// The code of an error, and the number of the system's, if any.
fn outcome(error: &ipc_transport::TransportError) -> String {
    match error.raw_os_error() {
        Some(number) => {
            format!("{} {}", error.code(), std::io::Error::from_raw_os_error(number).kind())
        }
        None => error.code().to_owned(),
    }
}
