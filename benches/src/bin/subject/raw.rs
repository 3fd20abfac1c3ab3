//! The raw echo: the same bytes, blocking, without any protocol.
//!
//! A connection begins with a byte that says what follows: bytes to be sent back, or bytes to be
//! counted, which are announced by their number and confirmed by one byte.
//!
//! `raw-spin` looks for bytes before it sleeps, on both sides: the least that a round trip can take
//! with a core for each side.

use std::io::{Read, Write};
use std::time::Duration;

use ipc_benches::meter::{begin, now, since};
use ipc_benches::{FIRST_SEQ, Meter, Outcome, Task, Work, frame_with, text};
use ipc_transport::Endpoint;

use crate::Result;
use crate::net::{self, BUFFER, Socket};

pub(crate) fn serve(endpoint: &Endpoint, spin: Option<Duration>) -> Result<()> {
    net::serve(endpoint, move |stream| answer(stream, spin))
}

fn answer(mut stream: Socket, spin: Option<Duration>) -> Result<()> {
    let mut buffer = vec![0; BUFFER];
    let mut kind = [0];
    stream.read_exact(&mut kind)?;
    if kind == ECHO {
        loop {
            let n = stream.read_spinning(&mut buffer, spin)?;
            if n == 0 {
                return Ok(());
            }
            stream.write_all(buffer.get(..n).unwrap_or_default())?;
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

pub(crate) fn measure(endpoint: &Endpoint, spin: Option<Duration>, task: &Task) -> Result<Outcome> {
    let mut stream = Socket::connect(endpoint)?;
    match task.work {
        Work::Echo => echo(&mut stream, spin, task),
        Work::Flood => {
            stream.write_all(&COUNT)?;
            count(&mut stream, task, task.warm_up)?;
            begin();
            let start = now();
            count(&mut stream, task, task.messages)?;
            Ok(since(start, task.messages))
        }
        _ => Err("raw bytes cannot do that".into()),
    }
}

fn echo(stream: &mut Socket, spin: Option<Duration>, task: &Task) -> Result<Outcome> {
    stream.write_all(&ECHO)?;
    let frame = frame_with("echo", FIRST_SEQ, &text(task.body));
    let frames = frame.repeat(usize::try_from(task.in_flight)?);
    let mut buffer = vec![0; BUFFER];
    let mut meter = Meter::new(task);
    let mut send = task.in_flight;
    let mut part = 0;
    loop {
        let now = (0..send).map_while(|_| meter.next_seq()).count();
        stream.write_all(frames.get(..now * frame.len()).unwrap_or_default())?;
        let n = stream.read_spinning(&mut buffer, spin)?;
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
fn count(stream: &mut Socket, task: &Task, messages: u64) -> Result<()> {
    let frame = frame_with("count", FIRST_SEQ, &text(task.body));
    let per_write = (BUFFER / frame.len()).max(1);
    let frames = frame.repeat(per_write);
    let mut left = usize::try_from(messages)?;
    stream.write_all(&(messages * frame.len() as u64).to_be_bytes())?;
    while left > 0 {
        let now = left.min(per_write);
        stream.write_all(frames.get(..now * frame.len()).unwrap_or_default())?;
        left -= now;
    }
    stream.read_exact(&mut [0])?;
    Ok(())
}

const ECHO: [u8; 1] = *b"e";
const COUNT: [u8; 1] = *b"c";
const CONFIRMED: [u8; 1] = *b"!";
