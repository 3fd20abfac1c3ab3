//! Bare sockets that a case writes bytes to, in pieces of its own choice.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
#[cfg(unix)]
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;
use std::time::{Duration, Instant};

use super::limits::Limits;
use super::place::Place;
use crate::json::Json;
use xtask::error::{Error, Result};

/// A connected socket without any protocol.
#[derive(Debug)]
pub(crate) struct RawSocket {
    stream: Stream,
    received: Vec<u8>,
    limits: Limits,
}

/// A listening socket without any protocol.
#[derive(Debug)]
pub(crate) enum RawListener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener),
}

#[derive(Debug)]
enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl RawSocket {
    /// Connects to the server at `place`.
    ///
    /// # Errors
    ///
    /// If there is no listener.
    pub(crate) fn connect(place: &Place, limits: Limits) -> Result<Self> {
        let stream = match place {
            Place::Port(port) => Stream::Tcp(TcpStream::connect(("127.0.0.1", *port))?),
            #[cfg(unix)]
            Place::Unix(path) => Stream::Unix(UnixStream::connect(path)?),
            #[cfg(not(unix))]
            Place::Unix(_) => return Err("no Unix sockets here".into()),
        };
        Self::new(stream, limits)
    }

    fn new(stream: Stream, limits: Limits) -> Result<Self> {
        match &stream {
            Stream::Tcp(tcp) => {
                tcp.set_nodelay(true)?;
                tcp.set_read_timeout(Some(POLL))?;
                tcp.set_write_timeout(Some(WRITE))?;
            }
            #[cfg(unix)]
            Stream::Unix(unix) => {
                unix.set_read_timeout(Some(POLL))?;
                unix.set_write_timeout(Some(WRITE))?;
            }
        }
        Ok(Self { stream, received: Vec::new(), limits })
    }

    /// Writes `bytes` in one go.
    ///
    /// # Errors
    ///
    /// If the other side is gone.
    pub(crate) fn write(&mut self, bytes: impl AsRef<[u8]>) -> Result<()> {
        let written = match &mut self.stream {
            Stream::Tcp(tcp) => tcp.write_all(bytes.as_ref()),
            #[cfg(unix)]
            Stream::Unix(unix) => unix.write_all(bytes.as_ref()),
        };
        written.map_err(|error| Error::while_doing("raw socket, write", error))
    }

    /// Ends the stream to the other side; what it sends still arrives.
    ///
    /// # Errors
    ///
    /// If the other side is gone.
    pub(crate) fn end(&self) -> Result<()> {
        Ok(match &self.stream {
            Stream::Tcp(tcp) => tcp.shutdown(Shutdown::Write),
            #[cfg(unix)]
            Stream::Unix(unix) => unix.shutdown(Shutdown::Write),
        }?)
    }

    /// Writes `bytes` in pieces of `size`, each with time to arrive alone.
    ///
    /// # Errors
    ///
    /// If the other side is gone.
    pub(crate) fn write_pieces(&mut self, bytes: impl AsRef<[u8]>, size: usize) -> Result<()> {
        for piece in bytes.as_ref().chunks(size) {
            self.write(piece)?;
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// Returns the bytes of the next frame, without the form feed that ends it.
    ///
    /// # Errors
    ///
    /// If none comes in time.
    pub(crate) fn frame(&mut self) -> Result<Vec<u8>> {
        self.frame_until(b"\x0c")
    }

    /// Returns the bytes of the next frame, without the delimiter that ends it.
    ///
    /// # Errors
    ///
    /// If none comes in time.
    pub(crate) fn frame_until(&mut self, delimiter: &[u8]) -> Result<Vec<u8>> {
        let deadline = self.limits.deadline();
        loop {
            let found = self.received.windows(delimiter.len()).position(|bytes| bytes == delimiter);
            if let Some(end) = found {
                let mut frame: Vec<u8> = self.received.drain(..end + delimiter.len()).collect();
                frame.truncate(end);
                return Ok(frame);
            }
            if !self.fill()? {
                return Err("raw socket: closed instead of a frame".into());
            }
            if Instant::now() > deadline {
                return Err(format!("raw socket: no frame, but {:?}", self.received).into());
            }
        }
    }

    /// Returns what the next frame says.
    ///
    /// # Errors
    ///
    /// If none comes in time or it is not JSON.
    pub(crate) fn json(&mut self) -> Result<Json> {
        let frame = self.frame()?;
        let text = String::from_utf8(frame).map_err(|error| error.to_string())?;
        Ok(Json::parse(&text)?)
    }

    /// Waits until the other side has closed the connection.
    ///
    /// # Errors
    ///
    /// If it does not in time.
    pub(crate) fn closed(&mut self) -> Result<()> {
        let deadline = self.limits.deadline();
        while self.fill()? {
            if Instant::now() > deadline {
                return Err("raw socket: still open".into());
            }
        }
        Ok(())
    }

    /// Reads for a moment; returns whether the connection is still open.
    fn fill(&mut self) -> Result<bool> {
        let mut buffer = [0; 16 * 1024];
        let read = match &mut self.stream {
            Stream::Tcp(tcp) => tcp.read(&mut buffer),
            #[cfg(unix)]
            Stream::Unix(unix) => unix.read(&mut buffer),
        };
        match read {
            Ok(0) => Ok(false),
            Ok(bytes) => {
                self.received.extend_from_slice(buffer.get(..bytes).unwrap_or_default());
                Ok(true)
            }
            Err(error) if is_waiting(&error) => Ok(true),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => Ok(false),
            Err(error) => Err(Error::while_doing("raw socket, read", error)),
        }
    }
}

impl RawListener {
    /// Listens at `place`.
    ///
    /// # Errors
    ///
    /// If the place is taken.
    pub(crate) fn bind(place: &Place) -> Result<Self> {
        Ok(match place {
            Place::Port(port) => {
                let listener = TcpListener::bind(("127.0.0.1", *port))?;
                listener.set_nonblocking(true)?;
                Self::Tcp(listener)
            }
            #[cfg(unix)]
            Place::Unix(path) => {
                let listener = UnixListener::bind(path)?;
                listener.set_nonblocking(true)?;
                Self::Unix(listener)
            }
            #[cfg(not(unix))]
            Place::Unix(_) => return Err("no Unix sockets here".into()),
        })
    }

    /// Returns the next connection.
    ///
    /// # Errors
    ///
    /// If none comes in time.
    pub(crate) fn accept(&self, limits: Limits) -> Result<RawSocket> {
        let deadline = limits.deadline();
        loop {
            match self.try_accept() {
                Ok(stream) => return RawSocket::new(stream, limits),
                Err(error) if !is_waiting(&error) => return Err(error.into()),
                Err(_) if Instant::now() > deadline => {
                    return Err("raw server: no client connected".into());
                }
                Err(_) => thread::sleep(Duration::from_millis(2)),
            }
        }
    }

    fn try_accept(&self) -> io::Result<Stream> {
        match self {
            Self::Tcp(listener) => {
                let (stream, _) = listener.accept()?;
                stream.set_nonblocking(false)?;
                Ok(Stream::Tcp(stream))
            }
            #[cfg(unix)]
            Self::Unix(listener) => {
                let (stream, _) = listener.accept()?;
                stream.set_nonblocking(false)?;
                Ok(Stream::Unix(stream))
            }
        }
    }
}

fn is_waiting(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted)
}

const POLL: Duration = Duration::from_millis(20);
const WRITE: Duration = Duration::from_secs(10);
