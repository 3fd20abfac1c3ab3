//! Dialing a named pipe.

use std::io;
use std::time::Duration;

use tokio::net::windows::named_pipe::{ClientOptions, NamedPipeClient};

use super::instance::{is_busy, is_missing};
use super::stream::{Pipe, PipeStream};
use super::{PipeTransport, name, sys};
use crate::{PeerInfo, Stream, Transport, TransportError};

pub(super) async fn connect(transport: &PipeTransport) -> Result<Stream, TransportError> {
    name::check(&transport.name)?;
    let limit = transport.options.busy_timeout;
    let opened = tokio::time::timeout(limit, open(&transport.name)).await;
    let endpoint = transport.endpoint();
    let pipe = match opened {
        Ok(Ok(pipe)) => pipe,
        Ok(Err(source)) if is_missing(&source) => {
            return Err(TransportError::NobodyListening { endpoint, source });
        }
        Ok(Err(source)) => return Err(transport.error("connect", source)),
        Err(_) => {
            let waited_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
            return Err(TransportError::Busy { endpoint, waited_ms });
        }
    };
    let info = PeerInfo { process_id: sys::server_process(&pipe), ..PeerInfo::new(endpoint) };
    Ok(Stream::pipe(PipeStream::new(Pipe::Client(pipe)), info))
}

/// Opens the pipe as soon as one of its instances is without a client.
async fn open(name: &str) -> io::Result<NamedPipeClient> {
    loop {
        // The server learns who we are, but cannot act as us: tokio asks for no more by default.
        match ClientOptions::new().open(name) {
            // Windows has a call that waits, but it blocks a thread and promises nothing: another
            // client may be quicker all the same.
            Err(error) if is_busy(&error) => tokio::time::sleep(PAUSE).await,
            result => return result,
        }
    }
}

/// An instance is made in microseconds; the system's timer seldom does less than 10 ms.
const PAUSE: Duration = Duration::from_millis(10);
