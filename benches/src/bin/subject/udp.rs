//! The limit over UDP: one message in a datagram, written by hand, blocking. No call sends or takes several.

use std::io;
use std::net::UdpSocket;
use std::time::Duration;

use ipc_benches::lossy::{self, Deliveries, Trips};
use ipc_benches::meter::now;
use ipc_benches::{Outcome, Task, Work, text};
use ipc_transport::Endpoint;

use crate::Result;
use crate::limit::Json;
use crate::net::ready;

pub(crate) fn serve(endpoint: &Endpoint, json: Json) -> Result<()> {
    let Endpoint::Udp4 { host, port } = endpoint else { return Err("needs UDP over IPv4".into()) };
    let socket = UdpSocket::bind((host.as_str(), *port))?;
    ready(&Endpoint::Udp4 { host: host.clone(), port: socket.local_addr()?.port() });
    let (mut room, mut out, mut counted) = (vec![0; LARGEST], Vec::new(), 0_u64);
    loop {
        let (n, from) = socket.recv_from(&mut room)?;
        let frame = room.get(..n.saturating_sub(1)).unwrap_or_default();
        let message = json.parse(frame).ok_or("a frame of another kind")?;
        match &*message.event {
            "echo" => json.put(&mut out, "echo", message.data.seq, &message.data.body),
            "count" => counted += 1,
            _ => json.put(&mut out, "ended", counted, ""),
        }
        if !out.is_empty() {
            socket.send_to(&out, from)?;
            out.clear();
        }
    }
}

pub(crate) fn measure(endpoint: &Endpoint, json: Json, task: &Task) -> Result<Outcome> {
    let Endpoint::Udp4 { host, port } = endpoint else { return Err("needs UDP over IPv4".into()) };
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect((host.as_str(), *port))?;
    let mut peer = Peer { socket, json, text: text(task.body), out: Vec::new() };
    match task.work {
        Work::LossyEcho => {
            let mut trips = Trips::new(task);
            while let Some(seq) = trips.next_seq() {
                trips.on(peer.trip(seq)?);
            }
            Ok(trips.finish())
        }
        _ => {
            let mut deliveries = Deliveries::new(task);
            while let Some(seq) = deliveries.next_seq() {
                peer.send("count", seq)?;
                if deliveries.asks() {
                    let counted = peer.end(deliveries.counted())?;
                    deliveries.end(counted);
                }
            }
            Ok(deliveries.finish())
        }
    }
}

struct Peer {
    socket: UdpSocket,
    json: Json,
    text: String,
    out: Vec<u8>,
}

impl Peer {
    fn send(&mut self, event: &str, seq: u64) -> io::Result<()> {
        self.out.clear();
        self.json.put(&mut self.out, event, seq, &self.text);
        self.socket.send(&self.out).map(drop)
    }

    /// Sends a message and returns whether it has come back in time.
    fn trip(&mut self, seq: u64) -> Result<bool> {
        self.send("echo", seq)?;
        let until = now() + lossy::LONGEST;
        loop {
            match self.answer(until.saturating_duration_since(now()))? {
                None => return Ok(false),
                Some(answered) if answered == seq => return Ok(true),
                // One that was given up.
                Some(_) => {}
            }
        }
    }

    /// Asks until it is answered how many messages have arrived, of which there were so many before.
    fn end(&mut self, before: u64) -> Result<u64> {
        for _ in 0..lossy::ATTEMPTS {
            self.send("end", 0)?;
            while let Some(counted) = self.answer(lossy::AGAIN)? {
                if counted > before {
                    return Ok(counted);
                }
            }
        }
        Err("no message has arrived".into())
    }

    /// Returns the number in the next answer, if there is one within this time.
    fn answer(&self, within: Duration) -> Result<Option<u64>> {
        let mut room = [0; LARGEST];
        self.socket.set_read_timeout(Some(within.max(Duration::from_micros(1))))?;
        match self.socket.recv(&mut room) {
            Ok(n) => {
                let frame = room.get(..n.saturating_sub(1)).unwrap_or_default();
                let message = self.json.parse(frame).ok_or("a frame of another kind")?;
                Ok(Some(message.data.seq))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// More than any message here.
const LARGEST: usize = 2048;
