//! Frames of calls in MessagePack.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use ipc_core::MsgPack;
use ipc_core::protocol::calls::{CallHead, EncodeCall};
use serde::Serialize;

pub(crate) const FORMAT: MsgPack = MsgPack::new();

/// Appends a call.
pub(crate) fn call<A: Serialize + ?Sized>(
    n: u64,
    method: &str,
    left: Option<Duration>,
    args: &A,
    out: &mut BytesMut,
) {
    let head = CallHead { number: Some(n), method, left, credit: None };
    FORMAT.encode_call(&head, args, out).unwrap();
}

/// Returns a frame with its length.
pub(crate) fn framed(encode: impl FnOnce(&mut BytesMut)) -> Bytes {
    let mut frame = BytesMut::zeroed(4);
    encode(&mut frame);
    let length = u32::try_from(frame.len() - 4).unwrap();
    frame[..4].copy_from_slice(&length.to_be_bytes());
    frame.freeze()
}
