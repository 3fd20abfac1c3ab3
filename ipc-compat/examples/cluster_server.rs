//! Several processes serve one socket, as with node-ipc and Node's `cluster`. Each client reaches one
//! of them.
//!
//! The first process opens the socket and hands a copy to each worker; the workers end with it.
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

#[cfg(unix)]
mod support;

#[cfg(unix)]
use {
    ipc_compat::{Config, Ipc},
    ipc_transport::OpenTransport,
    serde::Deserialize,
    std::os::fd::{AsFd, OwnedFd},
    std::os::unix::net::UnixListener,
    std::process::{Command, Stdio},
    tokio::io::AsyncReadExt,
};

/// What a client sends.
#[cfg(unix)]
#[derive(Debug, Deserialize)]
struct CurrentDate {
    message: String,
}

#[cfg(unix)]
#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    config.id = "world".to_owned();
    support::apply_arguments(&mut config)?;
    if std::env::args().any(|word| word == "worker") {
        return work(config).await;
    }

    // Only this process removes the file; a worker that serves a copy of the socket does not.
    let path = config.socket_path(&config.id);
    let socket = UnixListener::bind(&path)?;
    let mut workers = Vec::new();
    for _ in 0..2 {
        let mut worker = Command::new(std::env::current_exe()?);
        worker.arg(config.to_json().to_string()).arg("worker");
        // The socket goes where stdout would be, and stdin is a pipe that ends when we do.
        worker.stdout(OwnedFd::from(socket.try_clone()?)).stdin(Stdio::piped());
        workers.push(worker.spawn()?);
    }
    eprintln!("listening on {}", path.display());

    tokio::signal::ctrl_c().await?;
    for mut worker in workers {
        // This closes the pipe first.
        worker.wait()?;
    }
    std::fs::remove_file(path)?;
    Ok(())
}

#[cfg(unix)]
async fn work(config: Config) -> Result<(), Box<dyn std::error::Error>> {
    // systemd's way to pass sockets is `ipc_transport::inherited::take`.
    let socket = std::io::stdout().as_fd().try_clone_to_owned()?;
    let server = Ipc::new(config).serve_on(OpenTransport::new(socket)?)?;
    let pid = std::process::id();
    server.on("currentDate", move |data: CurrentDate, _| {
        eprintln!("pid {pid} got: {}", data.message);
    });
    server.start().await?;
    eprintln!("pid {pid} is listening");

    tokio::io::stdin().read_to_end(&mut Vec::new()).await?;
    server.stop().await;
    Ok(())
}

#[cfg(not(unix))]
fn main() {
    eprintln!("sockets are inherited on Unix only");
}
