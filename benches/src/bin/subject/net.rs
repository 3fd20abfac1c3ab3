//! Blocking sockets, TLS by hand among them, and what every subject tells the program that started it.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;
use std::time::Duration;

use ipc_benches::Outcome;
use ipc_benches::meter::{now, say};
use ipc_transport::Endpoint;
use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};

use crate::{Result, tls};

/// A blocking socket.
#[derive(Debug)]
pub(crate) enum Socket {
    Unix(UnixStream),
    Tcp(TcpStream),
    Tls(Box<tls::Stream>),
}

impl Socket {
    /// Connects.
    pub(crate) fn connect(endpoint: &Endpoint) -> Result<Self> {
        match endpoint {
            Endpoint::Unix(path) => Ok(Self::Unix(UnixStream::connect(path)?)),
            Endpoint::Tcp { host, port } => {
                let stream = TcpStream::connect((host.as_str(), *port))?;
                stream.set_nodelay(true)?;
                Ok(Self::Tcp(stream))
            }
            Endpoint::Tls { host, port } => Ok(Self::Tls(Box::new(tls::connect(host, *port)?))),
            _ => Err("a blocking socket has no such endpoint".into()),
        }
    }

    /// Reads as soon as there is something: looks for it for so long, if at all, and then sleeps.
    pub(crate) fn read_spinning(
        &mut self,
        buffer: &mut [u8],
        spin: Option<Duration>,
    ) -> io::Result<usize> {
        let begun = spin.map(|limit| (now(), limit));
        while let Some((at, limit)) = begun {
            match self.read_if_there(buffer) {
                Err(Errno::WOULDBLOCK) if now() - at < limit => std::hint::spin_loop(),
                Err(Errno::WOULDBLOCK) => break,
                read => return Ok(read?),
            }
        }
        self.read(buffer)
    }

    fn read_if_there(&self, buffer: &mut [u8]) -> Result<usize, Errno> {
        let read = match self {
            Self::Unix(stream) => recv(stream, buffer, RecvFlags::DONTWAIT),
            Self::Tcp(stream) => recv(stream, buffer, RecvFlags::DONTWAIT),
            // What is there are records, not bytes.
            Self::Tls(_) => Err(Errno::OPNOTSUPP),
        };
        read.map(|(read, _)| read)
    }

    /// Returns a second handle to the socket.
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        match self {
            Self::Unix(stream) => stream.try_clone().map(Self::Unix),
            Self::Tcp(stream) => stream.try_clone().map(Self::Tcp),
            // Both directions have one state.
            Self::Tls(_) => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.read(buffer),
            Self::Tcp(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Unix(stream) => stream.write(bytes),
            Self::Tcp(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Serves every connection on a thread of its own.
pub(crate) fn serve(
    endpoint: &Endpoint,
    answer: impl Fn(Socket) -> Result<()> + Copy + Send + 'static,
) -> Result<()> {
    let start = |socket| {
        // The end of a connection is how a client leaves; what went wrong it has noticed itself.
        thread::spawn(move || answer(socket));
    };
    match endpoint {
        Endpoint::Unix(path) => {
            let listener = UnixListener::bind(path)?;
            ready(endpoint);
            for stream in listener.incoming() {
                start(Socket::Unix(stream?));
            }
        }
        Endpoint::Tcp { host, port } => {
            let listener = TcpListener::bind((host.as_str(), *port))?;
            let port = listener.local_addr()?.port();
            ready(&Endpoint::Tcp { host: host.clone(), port });
            for stream in listener.incoming() {
                let stream = stream?;
                stream.set_nodelay(true)?;
                start(Socket::Tcp(stream));
            }
        }
        Endpoint::Tls { host, port } => {
            let listener = TcpListener::bind((host.as_str(), *port))?;
            let port = listener.local_addr()?.port();
            let server = tls::Server::new()?;
            ready(&Endpoint::Tls { host: host.clone(), port });
            for stream in listener.incoming() {
                start(Socket::Tls(Box::new(server.stream(stream?)?)));
            }
        }
        _ => return Err("a blocking socket has no such endpoint".into()),
    }
    Ok(())
}

/// In a server: tells where it listens.
pub(crate) fn ready(endpoint: &Endpoint) {
    say(&format!("ready {endpoint}"));
}

/// In a client: tells the figures, and stays until they are taken, so that it can be looked at.
pub(crate) fn done(outcome: &Outcome) {
    say(&format!("done {outcome}"));
    wait_for_parent();
}

/// In a server: ends it when the parent closes its standard input, or is gone.
pub(crate) fn end_with_parent() {
    thread::spawn(|| {
        wait_for_parent();
        std::process::exit(0);
    });
}

fn wait_for_parent() {
    let mut rest = [0; 64];
    let mut input = io::stdin().lock();
    while matches!(input.read(&mut rest), Ok(n) if n > 0) {}
}

/// Ends a process that cannot go on, from where no error can be returned.
pub(crate) fn give_up(error: &dyn std::fmt::Display) -> ! {
    let _ = writeln!(io::stderr(), "subject: {error}");
    std::process::exit(1)
}

/// Allows this process as many open files as the system lets it.
pub(crate) fn many_files() {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // If it may not, a workload with many connections says so itself.
    let _ = setrlimit(Resource::Nofile, limit);
}

/// What one call reads or writes at most.
pub(crate) const BUFFER: usize = 64 * 1024;

/// How long a thread that spins looks for bytes before it sleeps: longer than an answer takes.
pub(crate) const SPIN: Duration = Duration::from_micros(50);
