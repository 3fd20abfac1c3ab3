//! Listening sockets that a process is started with, by this test as parent and by systemd's own tool.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};

use ipc_transport::{Endpoint, Transport, inherited};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::Runtime;

use crate::Result;
use crate::child::{Other, say};
use crate::kill::text;

/// The other process: says how many sockets it has, then of each its name, its endpoint, and what
/// its first client says, which it also answers.
pub(crate) fn serve() -> Result {
    let sockets = inherited::take()?;
    say(&sockets.len().to_string());
    if !sockets.is_empty() {
        let again = inherited::take();
        assert!(matches!(again, Err(inherited::InheritError::AlreadyTaken)), "{again:?}");
    }
    let runtime = Runtime::new()?;
    for socket in sockets {
        let name = socket.name().unwrap_or("-").to_owned();
        let transport = socket.into_transport()?;
        let served: Result = runtime.block_on(async {
            let mut listener = transport.listen().await?;
            let mut client = listener.accept().await?;
            let said = client.read_u8().await?;
            client.write_u8(said + 1).await?;
            say(&format!("{name} {} {said}", listener.endpoint()));
            Ok(listener.close().await?)
        });
        served?;
    }
    Ok(())
}

pub(crate) fn passed_sockets_are_served() -> Result {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("app.world");
    let unix = UnixListener::bind(&path)?;
    let tcp = TcpListener::bind("127.0.0.1:0")?;
    let port = tcp.local_addr()?.port();
    let script = "exec 3<&0 4>&2 0</dev/null 2>/dev/null; export LISTEN_PID=$$ LISTEN_FDS=2 \
        LISTEN_FDNAMES=files:net; exec \"$0\" --play passed";
    let mut server = start(script, Some((unix.try_clone()?.into(), tcp.into())))?;
    assert_eq!(server.hear()?, "2");
    let there = Endpoint::Unix(path.clone());
    assert_eq!(ask(&there, 7)?, 8);
    assert_eq!(server.hear()?, format!("files {there} 7"));
    let there = Endpoint::Tcp { host: "127.0.0.1".into(), port };
    if cfg!(feature = "tcp") {
        assert_eq!(ask(&there, 9)?, 10);
        assert_eq!(server.hear()?, format!("net {there} 9"));
    }
    assert_eq!(server.hear()?, "", "it has ended");
    assert!(path.exists(), "the file is the parent's");
    drop(unix);
    Ok(())
}

/// Each process serves one client and ends, so if two clients are served, each had one.
pub(crate) fn one_socket_is_served_by_two_processes() -> Result {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("app.world");
    let socket = UnixListener::bind(&path)?;
    let script = "exec 3<&0 0</dev/null 2>/dev/null; export LISTEN_PID=$$ LISTEN_FDS=1; \
        exec \"$0\" --play passed";
    let start = || start(script, Some((socket.try_clone()?.into(), socket.try_clone()?.into())));
    let mut workers = [start()?, start()?];
    for worker in &mut workers {
        assert_eq!(worker.hear()?, "1");
    }
    let there = Endpoint::Unix(path);
    for number in [1, 3] {
        assert_eq!(ask(&there, number)?, number + 1);
    }
    let mut served = Vec::new();
    for worker in &mut workers {
        served.push(worker.hear()?);
        assert_eq!(worker.hear()?, "", "it has ended");
    }
    served.sort();
    assert_eq!(served, [format!("- {there} 1"), format!("- {there} 3")]);
    Ok(())
}

pub(crate) fn sockets_passed_to_another_are_left() -> Result {
    for script in [
        "export LISTEN_PID=1 LISTEN_FDS=2; exec \"$0\" --play passed",
        "unset LISTEN_PID LISTEN_FDS; exec \"$0\" --play passed",
    ] {
        assert_eq!(start(script, None)?.hear()?, "0");
    }
    Ok(())
}

pub(crate) fn sockets_that_are_not_there_are_named() -> Result {
    for (variables, expected) in [
        ("LISTEN_FDS=1", "descriptor 3 is not open"),
        ("LISTEN_FDS=x", "LISTEN_FDS is \"x\", which is not a whole number"),
    ] {
        let script =
            format!("exec 3>&-; export LISTEN_PID=$$ {variables}; exec \"$0\" --play passed");
        let heard = start(&script, None)?.hear();
        assert_eq!(heard.map_err(|error| error.to_string()), Err(expected.to_owned()));
    }
    Ok(())
}

/// systemd's tool binds, waits for the first client, and then starts the program.
pub(crate) fn systemd_passes_sockets_by_name() -> Result {
    if !Path::new(ACTIVATE).exists() {
        say(&format!("{ACTIVATE} is not there: nothing to see here"));
        return Ok(());
    }
    let directory = tempfile::tempdir()?;
    let paths = ["one", "two"].map(|name| directory.path().join(name));
    let mut activate = Command::new(ACTIVATE);
    activate.args(["-l", text(&paths[0])?, "-l", text(&paths[1])?, "--fdname=first:second"]);
    activate.arg(std::env::current_exe()?).args(["--play", "passed"]);
    activate.env("SYSTEMD_LOG_LEVEL", "info").env("SYSTEMD_LOG_TARGET", "console");
    let mut server = Other::spawn(activate.stderr(Stdio::piped()))?;
    // Kept open to the end, for the child writes there, too.
    let mut errors = BufReader::new(server.errors().ok_or("no stderr")?);
    for _ in &paths {
        let mut line = String::new();
        errors.read_line(&mut line)?;
        assert!(line.starts_with("Listening on"), "{line}");
    }
    let there = paths.map(Endpoint::Unix);
    assert_eq!(ask(&there[0], 1)?, 2);
    assert_eq!(server.hear()?, "2");
    assert_eq!(server.hear()?, format!("first {} 1", there[0]));
    assert_eq!(ask(&there[1], 3)?, 4);
    assert_eq!(server.hear()?, format!("second {} 3", there[1]));
    Ok(())
}

fn start(script: &str, sockets: Option<(OwnedFd, OwnedFd)>) -> Result<Other> {
    let mut command = Command::new("sh");
    command.args(["-c", script]).arg(std::env::current_exe()?);
    if let Some((stdin, stderr)) = sockets {
        command.stdin(stdin).stderr(stderr);
    }
    Other::spawn_deaf(&mut command)
}

/// Says a number to a server and returns its answer.
fn ask(there: &Endpoint, number: u8) -> Result<u8> {
    Runtime::new()?.block_on(async {
        let mut stream = there.transport()?.dial().await?;
        stream.write_u8(number).await?;
        Ok(stream.read_u8().await?)
    })
}

const ACTIVATE: &str = "/usr/bin/systemd-socket-activate";
