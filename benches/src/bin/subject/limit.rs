//! The limit: node-ipc's wire format written by hand for just these messages, blocking, with as
//! many messages as there are in one read and one write. No library can be expected to beat it.
//!
//! `limit` reads and writes the JSON with `serde_json`, as somebody would who writes this by hand.
//! `limit-bytes` does not read JSON at all: it compares the bytes around number and text with what
//! they are here, and takes neither escapes nor other orders. That is what moving the bytes costs.

use std::borrow::Cow;
use std::io::{self, Read, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use ipc_benches::meter::{begin, now, since};
use ipc_benches::pace::{PacedMeter, pace};
use ipc_benches::{FIRST_SEQ, Meter, Outcome, Task, Work, text};
use ipc_transport::Endpoint;
use memchr::memchr;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::net::{self, BUFFER, Socket};
use crate::udp;

/// How JSON is read and written.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Json {
    /// With `serde_json`.
    Serde,
    /// As bytes that are known.
    Bytes,
}

pub(crate) fn serve(endpoint: &Endpoint, json: Json) -> Result<()> {
    if endpoint.max_datagram().is_some() {
        return udp::serve(endpoint, json);
    }
    net::serve(endpoint, move |socket| answer(socket, json))
}

fn answer(mut socket: Socket, json: Json) -> Result<()> {
    let mut reader = Frames::new();
    let mut out = Vec::with_capacity(2 * BUFFER);
    let mut broken = false;
    loop {
        let more = reader.read(&mut socket, |frame| {
            let Some(Message { event, data }) = json.parse(frame) else {
                broken = true;
                return;
            };
            match &*event {
                "echo" => json.put(&mut out, "echo", data.seq, &data.body),
                "count" => {
                    COUNTED.fetch_add(1, Ordering::Relaxed);
                }
                "end" => json.put(&mut out, "ended", COUNTED.load(Ordering::Relaxed), ""),
                _ => broken = true,
            }
        })?;
        if broken {
            return Err("a frame of another kind".into());
        }
        socket.write_all(&out)?;
        out.clear();
        if !more {
            return Ok(());
        }
    }
}

/// The messages of all connections.
static COUNTED: AtomicU64 = AtomicU64::new(0);

pub(crate) fn measure(endpoint: &Endpoint, json: Json, task: &Task) -> Result<Outcome> {
    match task.work {
        Work::Echo => echo(Socket::connect(endpoint)?, json, task),
        Work::Flood => flood(endpoint, json, task),
        Work::Paced => paced(Socket::connect(endpoint)?, json, task),
        Work::LossyEcho | Work::LossyFlood => udp::measure(endpoint, json, task),
        _ => Err("the limit cannot do that".into()),
    }
}

fn echo(mut socket: Socket, json: Json, task: &Task) -> Result<Outcome> {
    let text = text(task.body);
    let mut reader = Frames::new();
    let mut meter = Meter::new(task);
    let mut out = Vec::new();
    for _ in 0..task.in_flight {
        if let Some(seq) = meter.next_seq() {
            json.put(&mut out, "echo", seq, &text);
        }
    }
    let mut result = Ok(false);
    loop {
        socket.write_all(&out)?;
        out.clear();
        let more = reader.read(&mut socket, |frame| {
            let seq = json.parse(frame).map_or(0, |message| message.data.seq);
            if matches!(result, Ok(false)) {
                result = meter.on_answer(seq);
            }
            if let Some(seq) = meter.next_seq() {
                json.put(&mut out, "echo", seq, &text);
            }
        })?;
        if std::mem::replace(&mut result, Ok(false))? {
            return Ok(meter.finish());
        }
        if !more {
            return Err("the server has ended".into());
        }
    }
}

fn flood(endpoint: &Endpoint, json: Json, task: &Task) -> Result<Outcome> {
    let mut sockets = Vec::new();
    for _ in 0..task.connections {
        sockets.push(Socket::connect(endpoint)?);
    }
    let text = text(task.body);
    let all = |sockets: &mut [Socket], messages: u64, wanted: u64| -> Result<()> {
        let share = messages / sockets.len().max(1) as u64;
        let counted: Vec<Result<u64>> = thread::scope(|scope| {
            let send = |socket| scope.spawn(|| count(socket, json, &text, share));
            let threads: Vec<_> = sockets.iter_mut().map(send).collect();
            let join = |thread: thread::ScopedJoinHandle<'_, Result<u64>>| thread.join();
            threads.into_iter().map(|thread| join(thread).unwrap_or(Ok(0))).collect()
        });
        let counted = counted.into_iter().collect::<Result<Vec<_>>>()?;
        match counted.into_iter().max() {
            Some(counted) if counted == wanted => Ok(()),
            counted => Err(format!("{counted:?} of {wanted} messages have arrived").into()),
        }
    };
    let per = task.connections as u64;
    let (warm_up, messages) = (task.warm_up / per * per, task.messages / per * per);
    all(&mut sockets, warm_up, warm_up)?;
    begin();
    let start = now();
    all(&mut sockets, messages, warm_up + messages)?;
    Ok(since(start, messages))
}

/// Sends so many messages, and returns how many the server has counted then.
fn count(socket: &mut Socket, json: Json, text: &str, messages: u64) -> Result<u64> {
    let mut out = Vec::with_capacity(2 * BUFFER);
    for seq in FIRST_SEQ..FIRST_SEQ + messages {
        json.put(&mut out, "count", seq, text);
        if out.len() >= BUFFER {
            socket.write_all(&out)?;
            out.clear();
        }
    }
    json.put(&mut out, "end", 0, "");
    socket.write_all(&out)?;
    let mut reader = Frames::new();
    let mut counted = None;
    while counted.is_none() {
        let count = |frame: &[u8]| counted = json.parse(frame).map(|message| message.data.seq);
        if !reader.read(socket, count)? {
            return Err("the server has ended".into());
        }
    }
    Ok(counted.unwrap_or_default())
}

fn paced(mut socket: Socket, json: Json, task: &Task) -> Result<Outcome> {
    let (mut reader, mut receiving) = (Frames::new(), socket.try_clone()?);
    let start = now();
    let mut meter = PacedMeter::new(task, start);
    let task = *task;
    thread::spawn(move || {
        let (text, mut out) = (text(task.body), Vec::new());
        pace(&task, start, |seq| {
            json.put(&mut out, "echo", seq, &text);
            let written = socket.write_all(&out);
            out.clear();
            written
        })
    });
    let mut result = Ok(false);
    while reader.read(&mut receiving, |frame| {
        let seq = json.parse(frame).map_or(0, |message| message.data.seq);
        if matches!(result, Ok(false)) {
            result = meter.on_answer(seq);
        }
    })? {
        if std::mem::replace(&mut result, Ok(false))? {
            return Ok(meter.finish());
        }
    }
    Err("the server has ended".into())
}

/// Frames out of a socket, as many as one read brings.
pub(crate) struct Frames {
    buffer: Vec<u8>,
    filled: usize,
    /// How much of an unfinished frame was searched.
    searched: usize,
}

impl Frames {
    pub(crate) fn new() -> Self {
        Self { buffer: vec![0; BUFFER], filled: 0, searched: 0 }
    }

    /// Reads once and hands out every whole frame; `false` at the end.
    pub(crate) fn read(
        &mut self,
        socket: &mut impl Read,
        mut each: impl FnMut(&[u8]),
    ) -> io::Result<bool> {
        if self.filled == self.buffer.len() {
            self.buffer.resize(2 * self.buffer.len(), 0);
        }
        let n = socket.read(self.buffer.get_mut(self.filled..).unwrap_or_default())?;
        self.filled += n;
        let mut taken = 0;
        let bytes = self.buffer.get(..self.filled).unwrap_or_default();
        while let Some(at) = memchr(0x0c, bytes.get(self.searched..).unwrap_or_default()) {
            let end = self.searched + at;
            each(bytes.get(taken..end).unwrap_or_default());
            taken = end + 1;
            self.searched = taken;
        }
        if taken > 0 {
            self.buffer.copy_within(taken..self.filled, 0);
            self.filled -= taken;
        }
        self.searched = self.filled;
        Ok(n > 0)
    }
}

/// A message as it is sent here.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Message<'a> {
    #[serde(rename = "type", borrow)]
    pub(crate) event: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) data: Data<'a>,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Data<'a> {
    pub(crate) seq: u64,
    #[serde(borrow)]
    pub(crate) body: Cow<'a, str>,
}

impl Json {
    pub(crate) fn parse(self, frame: &[u8]) -> Option<Message<'_>> {
        match self {
            Self::Serde => serde_json::from_slice(frame).ok(),
            Self::Bytes => known(frame),
        }
    }

    pub(crate) fn put(self, out: &mut Vec<u8>, event: &str, seq: u64, body: &str) {
        // Into a Vec, writing cannot fail.
        match self {
            Self::Serde => {
                let data = Data { seq, body: body.into() };
                let _ = serde_json::to_writer(&mut *out, &Message { event: event.into(), data });
            }
            Self::Bytes => {
                out.extend_from_slice(br#"{"type":""#);
                out.extend_from_slice(event.as_bytes());
                out.extend_from_slice(br#"","data":{"seq":"#);
                let _ = write!(out, "{seq}");
                out.extend_from_slice(br#","body":""#);
                out.extend_from_slice(body.as_bytes());
                out.extend_from_slice(b"\"}}");
            }
        }
        out.push(0x0c);
    }
}

/// Returns the message in the one shape that is sent here, without escapes.
fn known(frame: &[u8]) -> Option<Message<'_>> {
    let text = std::str::from_utf8(frame).ok()?;
    let rest = text.strip_prefix(r#"{"type":""#)?;
    let (event, rest) = rest.split_once('"')?;
    let rest = rest.strip_prefix(r#","data":{"seq":"#)?;
    let (digits, rest) = rest.split_once(',')?;
    let body = rest.strip_prefix(r#""body":""#)?.strip_suffix(r#""}}"#)?;
    let data = Data { seq: digits.parse().ok()?, body: body.into() };
    Some(Message { event: event.into(), data })
}
