//! The crate node-ipc 14.0.0, used as its own documentation does: blocking, a thread for each
//! connection, profile `fast`. Its API has no way to send several messages with one write.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use ipc_benches::meter::{begin, now, since};
use ipc_benches::pace::{PacedMeter, pace};
use ipc_benches::{FIRST_SEQ, Meter, Outcome, Task, Work, text};
use ipc_transport::Endpoint;
use node_ipc::{CodecConfig, Connection, Event, JsonValue, Message, Number};

use crate::Result;
use crate::net::{self, Socket};

pub(crate) fn serve(endpoint: &Endpoint) -> Result<()> {
    net::serve(endpoint, answer)
}

fn answer(socket: Socket) -> Result<()> {
    let mut connection = Connection::new(socket, CodecConfig::fast())?;
    while let Some(Message::Event(event)) = connection.recv()? {
        match event.event_type() {
            "count" => {
                COUNTED.fetch_add(1, Ordering::Relaxed);
            }
            "end" => {
                let counted = COUNTED.load(Ordering::Relaxed);
                connection.send(&Event::new("ended", JsonValue::from(counted)))?;
            }
            _ => connection.send(&event)?,
        }
    }
    Ok(())
}

/// The messages of all connections.
static COUNTED: AtomicU64 = AtomicU64::new(0);

pub(crate) fn measure(endpoint: &Endpoint, task: &Task) -> Result<Outcome> {
    match task.work {
        Work::Echo => echo(connect(Socket::connect(endpoint)?)?, task),
        Work::Flood => flood(endpoint, task),
        Work::Paced => paced(Socket::connect(endpoint)?, task),
        _ => Err("the crate node-ipc has nothing for that".into()),
    }
}

fn connect(socket: Socket) -> Result<Connection<Socket>> {
    Ok(Connection::new(socket, CodecConfig::fast())?)
}

fn echo(mut connection: Connection<Socket>, task: &Task) -> Result<Outcome> {
    let mut event = event("echo", &text(task.body));
    let mut meter = Meter::new(task);
    for _ in 0..task.in_flight {
        send_next(&mut connection, &mut event, &mut meter)?;
    }
    while let Some(Message::Event(answer)) = connection.recv()? {
        if meter.on_answer(seq(&answer)?)? {
            return Ok(meter.finish());
        }
        send_next(&mut connection, &mut event, &mut meter)?;
    }
    Err("the server has ended".into())
}

fn send_next<S: Read + Write>(
    connection: &mut Connection<S>,
    event: &mut Event,
    meter: &mut Meter,
) -> Result<()> {
    if let Some(seq) = meter.next_seq() {
        set_seq(event, seq);
        connection.send(event)?;
    }
    Ok(())
}

fn flood(endpoint: &Endpoint, task: &Task) -> Result<Outcome> {
    let mut connections = Vec::new();
    for _ in 0..task.connections {
        connections.push(connect(Socket::connect(endpoint)?)?);
    }
    let text = text(task.body);
    let all = |connections: &mut [Connection<Socket>], messages: u64, wanted: u64| -> Result<()> {
        let share = messages / connections.len().max(1) as u64;
        let counted: Vec<Result<u64>> = thread::scope(|scope| {
            let send = |connection| scope.spawn(|| count(connection, &text, share));
            let threads: Vec<_> = connections.iter_mut().map(send).collect();
            threads.into_iter().map(|thread| thread.join().unwrap_or(Ok(0))).collect()
        });
        let counted = counted.into_iter().collect::<Result<Vec<_>>>()?;
        match counted.into_iter().max() {
            Some(counted) if counted == wanted => Ok(()),
            counted => Err(format!("{counted:?} of {wanted} messages have arrived").into()),
        }
    };
    let per = task.connections as u64;
    let (warm_up, messages) = (task.warm_up / per * per, task.messages / per * per);
    all(&mut connections, warm_up, warm_up)?;
    begin();
    let start = now();
    all(&mut connections, messages, warm_up + messages)?;
    Ok(since(start, messages))
}

/// Sends so many messages, and returns how many the server has counted then.
fn count(connection: &mut Connection<Socket>, text: &str, messages: u64) -> Result<u64> {
    let mut event = event("count", text);
    for seq in FIRST_SEQ..FIRST_SEQ + messages {
        set_seq(&mut event, seq);
        connection.send(&event)?;
    }
    connection.send(&Event::empty("end"))?;
    let Some(Message::Event(ended)) = connection.recv()? else {
        return Err("the server has ended".into());
    };
    Ok(ended.data.as_number().map(Number::as_str).unwrap_or_default().parse()?)
}

fn paced(socket: Socket, task: &Task) -> Result<Outcome> {
    let mut sending = connect(socket.try_clone()?)?;
    let mut receiving = connect(socket)?;
    let start = now();
    let mut meter = PacedMeter::new(task, start);
    let task = *task;
    thread::spawn(move || {
        let mut event = event("echo", &text(task.body));
        pace(&task, start, |seq| {
            set_seq(&mut event, seq);
            sending.send(&event)
        })
    });
    while let Some(Message::Event(answer)) = receiving.recv()? {
        if meter.on_answer(seq(&answer)?)? {
            return Ok(meter.finish());
        }
    }
    Err("the server has ended".into())
}

fn event(name: &str, text: &str) -> Event {
    let members = vec![
        ("seq".to_owned(), JsonValue::from(FIRST_SEQ)),
        ("body".to_owned(), JsonValue::String(text.to_owned())),
    ];
    Event::new(name, JsonValue::Object(members))
}

/// Changes the number in place, which spares building the event anew.
fn set_seq(event: &mut Event, seq: u64) {
    let members = event.data.as_object_mut();
    let number = members.and_then(|members| members.first_mut()?.1.as_number_mut());
    if let (Some(number), Ok(seq)) = (number, usize::try_from(seq)) {
        number.set_usize(seq);
    }
}

fn seq(event: &Event) -> Result<u64> {
    let number = event.data.get("seq").and_then(JsonValue::as_number).map(Number::as_str);
    Ok(number.unwrap_or_default().parse()?)
}
