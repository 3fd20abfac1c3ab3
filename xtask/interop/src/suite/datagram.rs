//! A bare UDP socket that a case sends datagrams from, with what bytes it likes in each.

use std::io::ErrorKind;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use super::limits::Limits;
use super::matrix::Kind;
use super::place::Place;
use crate::json::Json;
use xtask::error::{Error, Result};

/// A UDP socket without any protocol.
#[derive(Debug)]
pub(crate) struct BareDatagrams {
    socket: UdpSocket,
    to: (&'static str, u16),
    limits: Limits,
}

impl BareDatagrams {
    /// Returns a socket on a port of its own that sends to `place`.
    ///
    /// # Errors
    ///
    /// If there are no such sockets here.
    pub(crate) fn new(kind: Kind, place: &Place, limits: Limits) -> Result<Self> {
        let socket = UdpSocket::bind((kind.host(), 0))?;
        socket.set_read_timeout(Some(POLL))?;
        Ok(Self { socket, to: (kind.host(), place.port()?), limits })
    }

    /// Returns the socket's own port.
    ///
    /// # Errors
    ///
    /// If the system does not say.
    pub(crate) fn port(&self) -> Result<u16> {
        Ok(self.socket.local_addr()?.port())
    }

    /// Sends `bytes` as one datagram.
    ///
    /// # Errors
    ///
    /// If the system refuses it.
    pub(crate) fn send(&self, bytes: impl AsRef<[u8]>) -> Result<()> {
        let sent = self.socket.send_to(bytes.as_ref(), self.to);
        sent.map(drop).map_err(|error| Error::while_doing("bare datagram, send", error))
    }

    /// Returns the next datagram.
    ///
    /// # Errors
    ///
    /// If none comes in time.
    pub(crate) fn receive(&self) -> Result<Vec<u8>> {
        let deadline = self.limits.deadline();
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match self.socket.recv(&mut buffer) {
                Ok(length) => {
                    buffer.truncate(length);
                    return Ok(buffer);
                }
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
                Err(error)
                    if !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) =>
                {
                    return Err(Error::while_doing("bare datagram, receive", error));
                }
                Err(_) if Instant::now() > deadline => {
                    return Err("bare datagrams: none came".into());
                }
                Err(_) => {}
            }
        }
    }

    /// Returns what the next datagram says, which holds one frame that ends with a form feed.
    ///
    /// # Errors
    ///
    /// If none comes in time or it is something else.
    pub(crate) fn json(&self) -> Result<Json> {
        let datagram = self.receive()?;
        let text = String::from_utf8(datagram).map_err(|error| error.to_string())?;
        let frame =
            text.strip_suffix('\u{c}').ok_or("a datagram that does not end with a form feed")?;
        Ok(Json::parse(frame)?)
    }
}

const POLL: Duration = Duration::from_millis(20);
