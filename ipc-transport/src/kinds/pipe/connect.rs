//! Dialing a named pipe.

use std::future::ready;
use std::time::Duration;

use tokio::net::windows::named_pipe::ClientOptions;

use super::instance::{is_busy, is_missing};
use super::stream::{Pipe, PipeStream};
use super::{PipeTransport, name, sys};
use crate::kinds::common::busy::open_when_free;
use crate::{PeerInfo, Stream, Transport, TransportError};

/// Connects as soon as one of the pipe's instances is without a client.
pub(super) async fn connect(
    transport: &PipeTransport,
    busy: Duration,
) -> Result<Stream, TransportError> {
    name::check(&transport.name)?;
    let endpoint = transport.endpoint();
    // The server learns who we are, but cannot act as us: tokio asks for no more by default.
    // Windows has a call that waits, but it blocks a thread and promises nothing: another client
    // may be quicker all the same.
    let opened = open_when_free(&endpoint, busy, is_busy, || {
        ready(ClientOptions::new().open(&transport.name))
    });
    let pipe = match opened.await? {
        Ok(pipe) => pipe,
        Err(source) if is_missing(&source) => {
            return Err(TransportError::NobodyListening { endpoint, source });
        }
        Err(source) => return Err(transport.error("connect", source)),
    };
    let info = PeerInfo { process_id: sys::server_process(&pipe), ..PeerInfo::new(endpoint) };
    Ok(Stream::new(PipeStream::new(Pipe::Client(pipe)), info))
}
