//! Forked children, which have copies of everything, and a socket that is handed to another process.
#![expect(unsafe_code, reason = "there is no safe fork, and a forked child is what this is about")]

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};
use std::time::Duration;

use ipc_transport::{Endpoint, Listener, OpenTransport, Transport, UnixTransport};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::runtime::{Builder, Runtime};

use crate::Result;
use crate::child::{Other, next_order, say};
use crate::kill::text;

/// The other process: listens, forks a child that ends in order, and serves one client.
pub(crate) fn listen_and_fork(endpoint: &str) -> Result {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let transport = endpoint.parse::<Endpoint>()?.transport()?;
    let mut listener = runtime.block_on(transport.listen())?;
    // SAFETY: this process has one thread; the child only drops values and exits.
    let child = unsafe { libc::fork() };
    if child == 0 {
        drop(listener);
        drop(runtime);
        std::process::exit(0);
    }
    let mut status = 0;
    // SAFETY: `status` is a place for a number, and the child is ours.
    if child == -1 || unsafe { libc::waitpid(child, &raw mut status, 0) } != child || status != 0 {
        return Err(format!("the child failed: {status}").into());
    }
    say(&listener.endpoint().to_string());
    let accepted = runtime
        .block_on(async { tokio::time::timeout(Duration::from_secs(30), listener.accept()).await });
    let mut stream = accepted.map_err(|_| "hears of no client any more")??;
    say(&runtime.block_on(stream.read_u8())?.to_string());
    next_order()?;
    runtime.block_on(listener.close())?;
    say("closed");
    Ok(())
}

pub(crate) fn a_forked_child_takes_nothing_with_it() -> Result {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("app.world");
    let mut places = vec![format!("unix:{}", text(&path)?)];
    if cfg!(feature = "tcp") {
        places.push("tcp:127.0.0.1:0".into());
    }
    for place in places {
        let mut server = Other::start(&["fork", &place])?;
        let endpoint: Endpoint = server.hear()?.parse()?;
        let dialed = Runtime::new()?.block_on(async {
            let mut stream = endpoint.transport()?.dial().await?;
            stream.write_all(b"!").await?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(stream)
        });
        let stream = dialed?;
        assert_eq!(server.hear()?, "33");
        // Its own end still removes the file.
        assert_eq!(server.ask("close")?, "closed");
        assert!(!path.exists());
        drop(stream);
    }
    Ok(())
}

/// The other process: serves the socket that is its standard input.
pub(crate) fn serve_stdin() -> Result {
    use std::os::fd::AsFd;

    let socket = std::io::stdin().as_fd().try_clone_to_owned()?;
    let runtime = Runtime::new()?;
    runtime.block_on(async {
        let transport = OpenTransport::new(socket)?.with_file_removal(true);
        let mut listener = transport.listen().await?;
        let mut client = listener.accept().await?;
        say(&client.read_u8().await?.to_string());
        listener.close().await?;
        say("closed");
        Ok(())
    })
}

pub(crate) fn a_socket_is_handed_to_a_process_that_serves_on() -> Result {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("app.world");
    let runtime = Runtime::new()?;
    let listener = runtime.block_on(UnixTransport::new(&path).listen())?;
    // It waits to be accepted meanwhile.
    let mut client = UnixStream::connect(&path)?;
    let socket: OwnedFd = listener.hand_over()?;
    drop(runtime);
    assert!(path.exists(), "the file is handed over, too");
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--play", "stdin"]).stdin(Stdio::from(socket));
    let mut other = Other::spawn_deaf(&mut command)?;
    // The command keeps its copy of the socket.
    drop(command);
    std::io::Write::write_all(&mut client, b"!")?;
    assert_eq!(other.hear()?, "33");
    assert_eq!(other.hear()?, "closed");
    assert!(!path.exists(), "who took it over removes it");
    Ok(())
}

/// A file that is not taken over is not removed.
pub(crate) fn a_file_that_was_handed_over_stays() -> Result {
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("app.world");
    Runtime::new()?.block_on(async {
        let socket = UnixTransport::new(&path).listen().await?.hand_over()?;
        let mut listener: Box<dyn Listener> = OpenTransport::new(socket)?.listen().await?;
        let transport = UnixTransport::new(&path);
        let both = async { tokio::try_join!(transport.dial(), listener.accept()) };
        tokio::time::timeout(Duration::from_secs(30), both).await??;
        listener.close().await?;
        assert!(path.exists());
        Ok(())
    })
}
