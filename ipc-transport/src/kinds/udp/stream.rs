//! `UdpStream`: the datagrams to and from one address as a stream whose pieces are whole datagrams.

use std::cell::RefCell;
use std::future::Future;
use std::io::{self, IoSlice};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::UdpSocket;

use super::connected::Connected;
use super::datagram::{RECEIVE, is_refusal};
use super::error::SendRefused;
use super::shared::Shared;
use crate::stream::forward::{forward_read, forward_write};

/// The datagrams to and from one address.
///
/// A read returns one datagram, or what is left of one that was longer than the room; with room for
/// 65,536 bytes it is always a whole one. Empty datagrams are skipped. A write is one datagram, all
/// or nothing. Shutting it down ends reading too: datagrams have no end of the other side to wait
/// for.
pub(crate) struct UdpStream {
    reader: UdpReader,
    writer: UdpWriter,
}

pub(crate) struct UdpReader {
    link: Link,
    /// What is left of a datagram that had no room.
    rest: Bytes,
}

pub(crate) struct UdpWriter {
    link: Link,
    /// Waits for room in the socket's buffer. Each writer has its own: a socket wakes only the
    /// last that polled it, and many write to this one.
    room: Option<Room>,
    shut_down: bool,
}

type Room = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

/// The way to the other address.
#[derive(Clone)]
enum Link {
    /// One of many addresses of a bound socket.
    Slot(Slot),
    /// The only address of a socket of its own.
    Connected(Arc<Connected>),
}

#[derive(Clone)]
pub(super) struct Slot {
    pub(super) socket: Arc<UdpSocket>,
    pub(super) shared: Arc<Shared>,
    pub(super) remote: SocketAddr,
    pub(super) number: u64,
}

impl Slot {
    /// Returns what to do about a datagram that the system does not let us send.
    fn explain(&self, error: io::Error) -> io::Error {
        if error.kind() == io::ErrorKind::PermissionDenied && !self.shared.may_broadcast() {
            return SendRefused::BroadcastOff { to: self.remote }.into();
        }
        error
    }
}

impl UdpStream {
    pub(super) fn in_slot(slot: Slot) -> Self {
        Self::new(Link::Slot(slot))
    }

    pub(super) fn connected(socket: UdpSocket) -> Self {
        Self::new(Link::Connected(Arc::new(Connected::new(socket))))
    }

    fn new(link: Link) -> Self {
        Self {
            reader: UdpReader { link: link.clone(), rest: Bytes::new() },
            writer: UdpWriter { link, room: None, shut_down: false },
        }
    }

    pub(crate) fn into_split(self) -> (UdpReader, UdpWriter) {
        (self.reader, self.writer)
    }
}

impl Link {
    /// Ends both directions.
    fn end(&self) {
        match self {
            Self::Slot(slot) => slot.shared.leave(slot.remote, slot.number),
            Self::Connected(connected) => connected.end(),
        }
    }

    fn try_send(&self, datagram: &[u8]) -> io::Result<usize> {
        match self {
            Self::Slot(slot) => {
                slot.socket.try_send_to(datagram, slot.remote).map_err(|error| slot.explain(error))
            }
            Self::Connected(connected) => connected.socket().try_send(datagram),
        }
    }

    /// Returns what waits for the socket to have room.
    fn room(&self) -> Room {
        match self {
            Self::Slot(slot) => {
                let socket = Arc::clone(&slot.socket);
                Box::pin(async move { socket.writable().await })
            }
            Self::Connected(connected) => {
                let connected = Arc::clone(connected);
                Box::pin(async move { connected.socket().writable().await })
            }
        }
    }

    /// Asks whether so many bytes may be sent, and counts them if so.
    fn ask(&self, bytes: usize) -> io::Result<()> {
        let Self::Slot(slot) = self else { return Ok(()) };
        slot.shared.may_send(slot.remote, slot.number, bytes).map_err(|over| {
            let (limit, actual) = (over.limit, over.actual);
            SendRefused::Amplification { to: slot.remote, limit, actual }.into()
        })
    }
}

impl UdpReader {
    fn take_rest(&mut self, buf: &mut ReadBuf<'_>) {
        let now = self.rest.len().min(buf.remaining());
        buf.put_slice(self.rest.get(..now).unwrap_or_default());
        self.rest.advance(now);
        if self.rest.is_empty() {
            // Its memory goes, too.
            self.rest = Bytes::new();
        }
    }
}

impl AsyncRead for UdpReader {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        if !this.rest.is_empty() {
            this.take_rest(buf);
            return Poll::Ready(Ok(()));
        }
        match &this.link {
            Link::Slot(slot) => {
                let coop = ready!(tokio::task::coop::poll_proceed(cx));
                let datagram = ready!(slot.shared.poll_read(slot.remote, slot.number, cx));
                coop.made_progress();
                if let Some(datagram) = datagram {
                    this.rest = datagram;
                    this.take_rest(buf);
                }
                Poll::Ready(Ok(()))
            }
            Link::Connected(connected) if buf.remaining() >= RECEIVE => {
                connected.poll_receive(cx, buf)
            }
            Link::Connected(connected) => SCRATCH.with_borrow_mut(|scratch| {
                scratch.resize(RECEIVE, 0);
                let mut whole = ReadBuf::new(scratch);
                ready!(connected.poll_receive(cx, &mut whole))?;
                let filled = whole.filled();
                let (now, later) = filled.split_at(filled.len().min(buf.remaining()));
                buf.put_slice(now);
                this.rest = Bytes::copy_from_slice(later);
                Poll::Ready(Ok(()))
            }),
        }
    }
}

impl Drop for UdpReader {
    fn drop(&mut self) {
        self.link.end();
    }
}

impl AsyncWrite for UdpWriter {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        if this.shut_down {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let coop = ready!(tokio::task::coop::poll_proceed(cx));
        // What waits for room was asked about before.
        if this.room.is_none() {
            this.link.ask(buf.len())?;
        }
        let mut refusals = 0;
        loop {
            if let Some(room) = &mut this.room {
                ready!(room.as_mut().poll(cx))?;
                this.room = None;
            }
            match this.link.try_send(buf) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    this.room = Some(this.link.room());
                }
                // That is about a datagram before this one, which was not sent yet.
                Err(error) if is_refusal(&error) && refusals < REFUSALS => refusals += 1,
                result => {
                    coop.made_progress();
                    return Poll::Ready(result);
                }
            }
        }
    }

    /// Sends all slices as one datagram.
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut full = bufs.iter().filter(|buf| !buf.is_empty());
        match (full.next(), full.next()) {
            (None, _) => Poll::Ready(Ok(0)),
            (Some(only), None) => self.poll_write(cx, only),
            _ => self.poll_write(
                cx,
                &bufs.iter().flat_map(|buf| buf.iter().copied()).collect::<Vec<_>>(),
            ),
        }
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.shut_down = true;
        this.link.end();
        Poll::Ready(Ok(()))
    }
}

impl Drop for UdpWriter {
    fn drop(&mut self) {
        self.link.end();
    }
}

forward_read!(UdpStream, this => this.reader);
forward_write!(UdpStream, this => this.writer);

thread_local! {
    /// Where a datagram is received whose reader has too little room for the longest one.
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// How many old refusals one write looks past.
const REFUSALS: u32 = 8;
