//! The blocking driver: a thread for each connection, no runtime.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use ipc_benches::meter::{begin, now, since};
use ipc_benches::{Body, FIRST_SEQ, Meter, Outcome, OwnedBody, Task, Work, text};
use ipc_compat::NodeFormat;
use ipc_core::blocking::{Client, Connection, Incoming, Server};
use ipc_core::{FlushPolicy, Message, Spin};
use ipc_transport::Endpoint;

use super::told;
use crate::Result;
use crate::net::ready;

pub(super) fn serve(endpoint: &Endpoint, spin: Option<Spin>) -> Result<()> {
    let builder = Server::builder(NodeFormat::v14(), endpoint.transport()?)?;
    let mut server = builder.spin(spin).listen()?;
    ready(&server.endpoint());
    loop {
        let connection = server.accept()?;
        thread::spawn(move || answer(connection));
    }
}

fn answer(mut connection: Connection<NodeFormat>) -> Result<()> {
    while let Some(event) = connection.next() {
        let message = match event {
            Incoming::Message(message) => message,
            Incoming::Call(call) => {
                let body: OwnedBody = connection.decode(call.args())?;
                told(connection.answer(call, &body));
                continue;
            }
            _ => continue,
        };
        match message.event() {
            "echo" => {
                let body: OwnedBody = connection.decode(&message)?;
                told(connection.emit("echo", &body));
            }
            "count" => {
                let _: OwnedBody = connection.decode(&message)?;
                COUNTED.fetch_add(1, Ordering::Relaxed);
            }
            "end" => told(connection.emit("ended", &COUNTED.load(Ordering::Relaxed))),
            _ => {}
        }
    }
    Ok(())
}

/// The messages of all connections.
static COUNTED: AtomicU64 = AtomicU64::new(0);

pub(super) fn measure(endpoint: &Endpoint, spin: Option<Spin>, task: &Task) -> Result<Outcome> {
    match task.work {
        Work::Echo => echo(&mut client(endpoint, FlushPolicy::WhenIdle, spin)?, task),
        Work::Call => call(&mut client(endpoint, FlushPolicy::WhenIdle, spin)?, task),
        Work::Flood => flood(endpoint, task),
        _ => Err("the blocking client is not measured in that".into()),
    }
}

fn client(
    endpoint: &Endpoint,
    policy: FlushPolicy,
    spin: Option<Spin>,
) -> Result<Client<NodeFormat>> {
    let builder = Client::builder(NodeFormat::v14(), endpoint.transport()?)?;
    let mut client = builder.flush_policy(policy).spin(spin).build();
    client.connected()?;
    Ok(client)
}

fn echo(client: &mut Client<NodeFormat>, task: &Task) -> Result<Outcome> {
    let text = text(task.body);
    let mut meter = Meter::new(task);
    for _ in 0..task.in_flight {
        if let Some(seq) = meter.next_seq() {
            client.emit("echo", &Body::with(seq, &text))?;
        }
    }
    loop {
        let answer = message(client)?;
        if meter.on_answer(client.decode::<OwnedBody>(&answer)?.seq)? {
            return Ok(meter.finish());
        }
        if let Some(seq) = meter.next_seq() {
            client.emit("echo", &Body::with(seq, &text))?;
        }
    }
}

/// One call at a time: a thread waits for its answer.
fn call(client: &mut Client<NodeFormat>, task: &Task) -> Result<Outcome> {
    let text = text(task.body);
    let mut meter = Meter::new(task);
    while let Some(seq) = meter.next_seq() {
        let answer: OwnedBody = client.call("echo", &Body::with(seq, &text))?;
        if answer.body != text {
            return Err(format!("another text came for {seq}").into());
        }
        if meter.on_answer(answer.seq)? {
            return Ok(meter.finish());
        }
    }
    Err("the last call was not answered".into())
}

fn flood(endpoint: &Endpoint, task: &Task) -> Result<Outcome> {
    let mut clients = Vec::new();
    for _ in 0..task.connections {
        // What its documentation advises for many messages in a row.
        clients.push(client(endpoint, FlushPolicy::Within(Duration::from_millis(1)), None)?);
    }
    let text = text(task.body);
    let all = |clients: &mut [Client<NodeFormat>], messages: u64, wanted: u64| -> Result<()> {
        let share = messages / clients.len().max(1) as u64;
        let counted: Vec<Result<u64>> = thread::scope(|scope| {
            let send = |client| scope.spawn(|| count(client, &text, share));
            let threads: Vec<_> = clients.iter_mut().map(send).collect();
            threads.into_iter().map(|thread| thread.join().unwrap_or(Ok(0))).collect()
        });
        match counted.into_iter().collect::<Result<Vec<_>>>()?.into_iter().max() {
            Some(counted) if counted == wanted => Ok(()),
            counted => Err(format!("{counted:?} of {wanted} messages have arrived").into()),
        }
    };
    let per = task.connections as u64;
    let (warm_up, messages) = (task.warm_up / per * per, task.messages / per * per);
    all(&mut clients, warm_up, warm_up)?;
    begin();
    let start = now();
    all(&mut clients, messages, warm_up + messages)?;
    Ok(since(start, messages))
}

/// Sends so many messages, and returns how many the server has counted then.
fn count(client: &mut Client<NodeFormat>, text: &str, messages: u64) -> Result<u64> {
    for seq in FIRST_SEQ..FIRST_SEQ + messages {
        client.send("count", &Body::with(seq, text))?;
    }
    client.send("end", &())?;
    let ended = message(client)?;
    Ok(client.decode(&ended)?)
}

fn message(client: &mut Client<NodeFormat>) -> Result<Message> {
    for event in client.by_ref() {
        if let Incoming::Message(message) = event {
            return Ok(message);
        }
    }
    Err("the server has ended".into())
}
