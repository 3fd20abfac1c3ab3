//! `BlockingStream`: a connected socket for threads that wait, without a runtime.

use std::fmt;
use std::io::{self, IoSlice, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use bytes::BufMut;

use crate::stream::Kind;
#[cfg(unix)]
use crate::stream::quiet::{NO_SIGNAL, send_vectored};
use crate::{PeerInfo, Stream, TransportError};

#[cfg(unix)]
mod poll;
#[cfg(unix)]
mod receive;

/// A connected byte stream whose reads wait, for programs without a runtime.
///
/// [`Stream::into_blocking`] makes one, once a transport has dialed or accepted. Reading waits, for
/// the time of [`set_read_timeout`](Self::set_read_timeout) at most; writing with [`Write`] waits,
/// and [`try_write_vectored`](Self::try_write_vectored) does not. Neither raises a signal if the
/// peer has hung up.
pub struct BlockingStream {
    io: Io,
    peer: PeerInfo,
    read_timeout: Option<Duration>,
}

enum Io {
    #[cfg(all(unix, feature = "unix"))]
    Unix(std::os::unix::net::UnixStream),
    #[cfg(feature = "tcp")]
    Tcp(std::net::TcpStream),
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Interest {
    /// Something to read.
    Read,
    /// Room to write.
    Write,
    /// Either.
    Both,
}

/// What a socket is ready for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Ready {
    /// Reading does not wait: there are bytes, the end of the stream, or an error.
    pub read: bool,
    /// Writing does not wait: there is room, or an error.
    pub write: bool,
}

/// Hands a call to whichever kind it is.
macro_rules! each_io {
    ($io:expr, $name:ident => $call:expr) => {
        match $io {
            #[cfg(all(unix, feature = "unix"))]
            Io::Unix($name) => $call,
            #[cfg(feature = "tcp")]
            Io::Tcp($name) => $call,
        }
    };
}

impl Stream {
    /// Returns the stream as one whose reads wait. It takes the socket off its runtime.
    ///
    /// # Errors
    ///
    /// [`TransportError::Unsupported`] for streams that are not plain sockets: memory, TLS, and
    /// those of [`Stream::from_io`]. [`TransportError::Io`] if the system refuses.
    pub fn into_blocking(self) -> Result<BlockingStream, TransportError> {
        let (kind, peer) = self.into_parts();
        let io = match kind {
            #[cfg(all(unix, feature = "unix"))]
            Kind::Unix(io) => {
                waiting(io.into_inner().into_std(), |io| io.set_nonblocking(false)).map(Io::Unix)
            }
            #[cfg(feature = "tcp")]
            Kind::Tcp(io) => {
                waiting(io.into_inner().into_std(), |io| io.set_nonblocking(false)).map(Io::Tcp)
            }
            _ => return Err(TransportError::Unsupported { endpoint: peer.endpoint }),
        };
        match io {
            Ok(io) => Ok(BlockingStream { io, peer, read_timeout: None }),
            Err(source) => {
                Err(TransportError::Io { endpoint: peer.endpoint, op: "make blocking", source })
            }
        }
    }
}

fn waiting<S>(io: io::Result<S>, wait: impl FnOnce(&S) -> io::Result<()>) -> io::Result<S> {
    let io = io?;
    wait(&io).map(|()| io)
}

impl BlockingStream {
    /// Returns what is known about the other end.
    #[must_use]
    pub const fn peer(&self) -> &PeerInfo {
        &self.peer
    }

    /// Sets how long a read may wait, `None` without limit; beyond it the read fails with
    /// [`io::ErrorKind::WouldBlock`] or [`io::ErrorKind::TimedOut`], as the system has it.
    ///
    /// Costs a system call only if it is another time than before.
    ///
    /// # Errors
    ///
    /// What the system says; a time of zero is refused.
    pub fn set_read_timeout(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        if timeout != self.read_timeout {
            each_io!(&self.io, io => io.set_read_timeout(timeout))?;
            self.read_timeout = timeout;
        }
        Ok(())
    }

    /// Reads into the spare capacity of `buf`, as far as one call fills it, and returns how many bytes
    /// that brought; 0 is the end of the stream. Waits as [`Read::read`] does.
    ///
    /// # Errors
    ///
    /// As [`Read::read`]; [`io::ErrorKind::InvalidInput`] if `buf` has no spare capacity.
    pub fn read_buf(&mut self, buf: &mut impl BufMut) -> io::Result<usize> {
        #[cfg(unix)]
        return self.receive(buf, 0);
        #[cfg(not(unix))]
        self.receive(buf)
    }

    /// Does the same without waiting: reads what is there.
    ///
    /// On Windows, which has no such call for a socket that waits, this takes three: one that keeps the
    /// socket from waiting, the read, and one that lets it wait again.
    ///
    /// # Errors
    ///
    /// As [`read_buf`](Self::read_buf); [`io::ErrorKind::WouldBlock`] if nothing is there.
    pub fn try_read_buf(&mut self, buf: &mut impl BufMut) -> io::Result<usize> {
        #[cfg(unix)]
        return self.receive(buf, libc::MSG_DONTWAIT);
        #[cfg(not(unix))]
        {
            each_io!(&self.io, io => io.set_nonblocking(true))?;
            let read = self.receive(buf);
            each_io!(&self.io, io => io.set_nonblocking(false))?;
            read
        }
    }

    #[cfg(unix)]
    fn receive(&self, buf: &mut impl BufMut, flags: libc::c_int) -> io::Result<usize> {
        receive::into_spare(&each_io!(&self.io, io => socket2::SockRef::from(io)), buf, flags)
    }

    /// Reads by way of memory that is initialized, which std asks for.
    #[cfg(not(unix))]
    fn receive(&mut self, buf: &mut impl BufMut) -> io::Result<usize> {
        let mut bytes = [0; COPIED];
        let room = buf.remaining_mut().min(COPIED);
        if room == 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let read = self.read(bytes.get_mut(..room).unwrap_or_default())?;
        buf.put_slice(bytes.get(..read).unwrap_or_default());
        Ok(read)
    }

    /// Writes as much as there is room for, without waiting.
    ///
    /// On Windows, which has no such call for a socket that waits, it waits.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::WouldBlock`] if there is no room.
    pub fn try_write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        #[cfg(unix)]
        return self.send(slices, NO_SIGNAL | libc::MSG_DONTWAIT);
        #[cfg(not(unix))]
        each_io!(&mut self.io, io => io.write_vectored(slices))
    }

    /// Writes by a call that raises no signal.
    #[cfg(unix)]
    fn send(&self, slices: &[IoSlice<'_>], flags: libc::c_int) -> io::Result<usize> {
        let socket = each_io!(&self.io, io => socket2::SockRef::from(io));
        match slices {
            [one] => socket.send_with_flags(one, flags),
            many => send_vectored(&socket, many, flags),
        }
    }

    /// Waits until the socket is ready for what is wanted, for `timeout` at most, `None` without
    /// limit. Nothing is ready when the time is over, or a signal came.
    ///
    /// # Errors
    ///
    /// What the system says; where it lacks the call (Windows), everything is ready at once.
    pub fn wait(&self, wanted: Interest, timeout: Option<Duration>) -> io::Result<Ready> {
        #[cfg(unix)]
        {
            use std::os::fd::AsFd;
            poll::wait(each_io!(&self.io, io => io.as_fd()), wanted, timeout)
        }
        #[cfg(not(unix))]
        {
            let _ = timeout;
            Ok(Ready { read: wanted != Interest::Write, write: wanted != Interest::Read })
        }
    }

    /// Ends our direction: the other side reads the end of the stream and can still answer.
    ///
    /// # Errors
    ///
    /// What the system says: the connection may be gone already.
    pub fn shutdown_write(&self) -> io::Result<()> {
        each_io!(&self.io, io => io.shutdown(Shutdown::Write))
    }
}

impl Read for BlockingStream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        each_io!(&mut self.io, io => io.read(buf))
    }
}

impl Write for BlockingStream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(buf)])
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        #[cfg(unix)]
        return self.send(bufs, NO_SIGNAL);
        #[cfg(not(unix))]
        each_io!(&mut self.io, io => io.write_vectored(bufs))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// How many bytes one read copies at the most, where it has to copy.
#[cfg(not(unix))]
const COPIED: usize = 16 * 1024;

impl fmt::Debug for BlockingStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingStream").field("peer", &self.peer).finish_non_exhaustive()
    }
}
