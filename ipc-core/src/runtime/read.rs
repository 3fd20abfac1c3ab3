//! Reading from a connection: into the decoder's own buffer, or one datagram at a time.

use std::cell::RefCell;
use std::future::Future;
use std::io;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};

use ipc_transport::ReadHalf;
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

use super::spares;
use crate::protocol::connection::Inbound;

/// Reads once. Ready with how many bytes that brought; 0 is the end of the stream.
pub(crate) fn poll_read(
    reader: &mut ReadHalf,
    inbound: &mut Inbound,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    if reader.max_datagram().is_some() {
        return poll_datagram(reader, inbound, cx);
    }
    if let Some(size) = inbound.wants_buffer() {
        inbound.lend(spares::take(size));
    }
    let read = {
        let mut room = inbound.spare();
        match ready!(pin!(reader.read_buf(&mut room)).poll(cx)) {
            // TLS whose peer closed without `close_notify`, as Node does: a frame that this cut off is
            // noticed as over any other socket.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => 0,
            read => read?,
        }
    };
    inbound.on_read(read);
    Poll::Ready(Ok(read))
}

/// Reads one datagram whole: into a smaller buffer it would come in parts, and where a message is
/// what one read brings, each part would be one.
fn poll_datagram(
    reader: &mut ReadHalf,
    inbound: &mut Inbound,
    cx: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    // Wire rule W45 and W46
    BUFFER.with_borrow_mut(|buffer| {
        buffer.resize(BUFFER_SIZE, 0);
        let mut read = ReadBuf::new(buffer);
        ready!(Pin::new(reader).poll_read(cx, &mut read))?;
        inbound.extend(read.filled());
        Poll::Ready(Ok(read.filled().len()))
    })
}

thread_local! {
    /// The buffer for a datagram, shared by all connections of a thread: one for each would be
    /// 64 KiB for every address that ever sent something.
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Enough for a whole datagram, in bytes.
const BUFFER_SIZE: usize = 65_536;
