//! Reading from a connection: into the decoder's own room, or one datagram at a time.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use ipc_transport::ReadHalf;
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use crate::error::DisconnectReason;
use crate::protocol::connection::inbound::Inbound;

/// Reads what one read brings. Ready with how many bytes that were; none is the end.
pub(crate) fn poll_read(
    reader: &mut ReadHalf,
    inbound: &mut Inbound,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    if reader.max_datagram().is_some() {
        return poll_datagram(reader, inbound, cx);
    }
    let read = {
        let mut room = inbound.spare();
        match ready!(pin!(reader.read_buf(&mut room)).poll(cx)) {
            // TLS whose peer went without a farewell, as Node does: a frame that it cut is found out
            // as over any other socket.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            read => read?,
        }
    };
    inbound.on_read(read);
    Poll::Ready(Ok(read))
}

/// Reads one datagram whole: with less room it would come in parts, and where a message is what
/// one read brings, each part would be one.
fn poll_datagram(
    reader: &mut ReadHalf,
    inbound: &mut Inbound,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    // Wire rule W45 and W46
    ROOM.with_borrow_mut(|room| {
        room.resize(DATAGRAM_ROOM, 0);
        let mut read = ReadBuf::new(room);
        ready!(Pin::new(reader).poll_read(cx, &mut read))?;
        inbound.extend(read.filled());
        Poll::Ready(Ok(read.filled().len()))
    })
}

/// Returns whether the error is how a peer's end shows on some sockets.
pub(crate) fn is_hangup(error: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

/// Returns how a peer ended that hung up: one that closes with unread bytes in its buffer resets
/// the connection.
pub(crate) fn hung_up(error: &io::Error) -> DisconnectReason {
    match error.kind() {
        io::ErrorKind::ConnectionReset => DisconnectReason::Reset,
        _ => DisconnectReason::PeerClosed,
    }
}

thread_local! {
    /// Room for a datagram, shared by all connections of a thread: each of its own would be 64 KiB
    /// for every address that ever sent something.
    static ROOM: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// With so much room a read brings a whole datagram, in bytes.
const DATAGRAM_ROOM: usize = 65_536;
