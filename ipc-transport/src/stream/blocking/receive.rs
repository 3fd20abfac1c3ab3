//! Receiving into memory that nothing has written to yet, which std cannot do.
#![expect(unsafe_code, reason = "std reads only into memory that is initialized")]

use std::io;

use bytes::BufMut;
use socket2::SockRef;

/// Receives into the spare capacity of `buf`, with these flags of recv(2).
pub(super) fn into_spare(
    socket: &SockRef<'_>,
    buf: &mut impl BufMut,
    flags: libc::c_int,
) -> io::Result<usize> {
    let room = buf.chunk_mut();
    if room.len() == 0 {
        // Reading nothing would look like the end of the stream.
        return Err(io::ErrorKind::InvalidInput.into());
    }
    // SAFETY: recv only writes initialized bytes, and no more than fit.
    let room = unsafe { room.as_uninit_slice_mut() };
    let read = socket.recv_with_flags(room, flags)?;
    // SAFETY: recv has written the first `read` bytes of what `chunk_mut` returned.
    unsafe { buf.advance_mut(read) };
    Ok(read)
}
