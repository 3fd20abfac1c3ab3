//! The raw echo: the same bytes, blocking, without any protocol.
//!
//! A connection begins with a byte that says what follows: bytes to be sent back, or bytes to be
//! counted, which are announced by their number and confirmed by one byte.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};

use ipc_benches::{FIRST_SEQ, frame};
use ipc_transport::Endpoint;

use super::clock::Moment;
use super::meter::{Meter, Round};
use super::subject::{IN_FLIGHT, Mode};
use super::{Result, child};

pub(super) fn serve(endpoint: &Endpoint) -> Result<()> {
    match endpoint {
        Endpoint::Unix(path) => {
            let listener = UnixListener::bind(path)?;
            child::ready(endpoint)?;
            listener.incoming().try_for_each(|stream| answer(stream?))
        }
        Endpoint::Tcp { host, port } => {
            let listener = TcpListener::bind((host.as_str(), *port))?;
            let port = listener.local_addr()?.port();
            child::ready(&Endpoint::Tcp { host: host.clone(), port })?;
            listener.incoming().try_for_each(|stream| {
                let stream = stream?;
                stream.set_nodelay(true)?;
                answer(stream)
            })
        }
        _ => Err("the raw echo has no such endpoint".into()),
    }
}

fn answer(mut stream: impl Read + Write) -> Result<()> {
    let mut buffer = vec![0; BUFFER];
    let mut kind = [0];
    stream.read_exact(&mut kind)?;
    if kind == ECHO {
        loop {
            let n = stream.read(&mut buffer)?;
            if n == 0 {
                return Ok(());
            }
            stream.write_all(&buffer[..n])?;
        }
    }
    let mut announced = [0; 8];
    while stream.read_exact(&mut announced).is_ok() {
        let mut left = u64::from_be_bytes(announced);
        while left > 0 {
            let n = stream.read(&mut buffer)? as u64;
            if n == 0 {
                return Ok(());
            }
            left = left.saturating_sub(n);
        }
        stream.write_all(&CONFIRMED)?;
    }
    Ok(())
}

pub(super) fn measure(endpoint: &Endpoint, mode: Mode, messages: u64) -> Result<Round> {
    match endpoint {
        Endpoint::Unix(path) => exchange(UnixStream::connect(path)?, mode, messages),
        Endpoint::Tcp { host, port } => {
            let stream = TcpStream::connect((host.as_str(), *port))?;
            stream.set_nodelay(true)?;
            exchange(stream, mode, messages)
        }
        _ => Err("the raw echo has no such endpoint".into()),
    }
}

fn exchange(mut stream: impl Read + Write, mode: Mode, messages: u64) -> Result<Round> {
    if mode == Mode::OneWay {
        stream.write_all(&COUNT)?;
        count(&mut stream, messages / 10)?;
        let start = Moment::now();
        count(&mut stream, messages)?;
        return Ok(Round::since(start, messages));
    }
    stream.write_all(&ECHO)?;
    let frame = frame("echo", FIRST_SEQ);
    let frames = frame.repeat(usize::try_from(IN_FLIGHT)?);
    let mut buffer = vec![0; BUFFER];
    let mut meter = Meter::new(mode, messages);
    let mut send = mode.in_flight();
    let mut part = 0;
    loop {
        let now = (0..send).map_while(|_| meter.next()).count();
        stream.write_all(&frames[..now * frame.len()])?;
        let n = stream.read(&mut buffer)?;
        if n == 0 {
            return Err("the raw echo has ended".into());
        }
        part += n;
        send = (part / frame.len()) as u64;
        part %= frame.len();
        if meter.on_answers(send) {
            return Ok(meter.finish());
        }
    }
}

/// Sends messages, as many as fit into a buffer with one call, and waits until all have arrived.
fn count(stream: &mut (impl Read + Write), messages: u64) -> Result<()> {
    let frame = frame("count", FIRST_SEQ);
    let per_write = BUFFER / frame.len();
    let frames = frame.repeat(per_write);
    let mut left = usize::try_from(messages)?;
    stream.write_all(&(messages * frame.len() as u64).to_be_bytes())?;
    while left > 0 {
        let now = left.min(per_write);
        stream.write_all(&frames[..now * frame.len()])?;
        left -= now;
    }
    stream.read_exact(&mut [0])?;
    Ok(())
}

const ECHO: [u8; 1] = *b"e";
const COUNT: [u8; 1] = *b"c";
const CONFIRMED: [u8; 1] = *b"!";

/// What one call reads or writes at most, here and in the others.
const BUFFER: usize = 64 * 1024;
