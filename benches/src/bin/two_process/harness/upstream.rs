//! The crate node-ipc 14.0.0, used as its own documentation does: blocking, one thread.

use std::io::{Read, Write};

use ipc_benches::{Body, FIRST_SEQ};
use ipc_transport::Endpoint;
use node_ipc::local::LocalListener;
use node_ipc::{CodecConfig, Connection, Event, JsonValue, Message, Number, local, tcp};

use super::clock::Moment;
use super::meter::{Meter, Round};
use super::subject::Mode;
use super::{Result, child};

pub(super) fn serve(endpoint: &Endpoint) -> Result<()> {
    match endpoint {
        Endpoint::Unix(path) => {
            let listener = LocalListener::bind(path)?;
            child::ready(endpoint)?;
            loop {
                answer(listener.accept()?.0)?;
            }
        }
        Endpoint::Tcp { host, port } => {
            let listener = tcp::bind((host.as_str(), *port))?;
            let port = listener.local_addr()?.port();
            child::ready(&Endpoint::Tcp { host: host.clone(), port })?;
            loop {
                answer(tcp::accept(&listener)?.0)?;
            }
        }
        _ => Err("the crate node-ipc has no such endpoint".into()),
    }
}

fn answer(stream: impl Read + Write) -> Result<()> {
    let mut connection = Connection::new(stream, CodecConfig::fast())?;
    let mut counted = 0_u64;
    while let Some(Message::Event(event)) = connection.recv()? {
        match event.event_type() {
            "count" => counted += 1,
            "end" => {
                connection.send(&Event::new("ended", number(counted)))?;
                counted = 0;
            }
            _ => connection.send(&event)?,
        }
    }
    Ok(())
}

pub(super) fn measure(endpoint: &Endpoint, mode: Mode, messages: u64) -> Result<Round> {
    match endpoint {
        Endpoint::Unix(path) => exchange(local::connect(path)?, mode, messages),
        Endpoint::Tcp { host, port } => {
            exchange(tcp::connect((host.as_str(), *port))?, mode, messages)
        }
        _ => Err("the crate node-ipc has no such endpoint".into()),
    }
}

fn exchange(stream: impl Read + Write, mode: Mode, messages: u64) -> Result<Round> {
    let mut connection = Connection::new(stream, CodecConfig::fast())?;
    if mode == Mode::OneWay {
        count(&mut connection, messages / 10)?;
        let start = Moment::now();
        count(&mut connection, messages)?;
        return Ok(Round::since(start, messages));
    }
    let mut event = event("echo");
    let mut meter = Meter::new(mode, messages);
    for _ in 0..mode.in_flight() {
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
    if let Some(seq) = meter.next() {
        set_seq(event, seq);
        connection.send(event)?;
    }
    Ok(())
}

fn count<S: Read + Write>(connection: &mut Connection<S>, messages: u64) -> Result<()> {
    let mut event = event("count");
    for seq in FIRST_SEQ..FIRST_SEQ + messages {
        set_seq(&mut event, seq);
        connection.send(&event)?;
    }
    connection.send(&Event::empty("end"))?;
    let Some(Message::Event(ended)) = connection.recv()? else {
        return Err("the server has ended".into());
    };
    let counted = ended.data.as_number().map(|number| number.as_str().to_owned());
    if counted != Some(messages.to_string()) {
        return Err(format!("{counted:?} of {messages} messages have arrived").into());
    }
    Ok(())
}

fn event(name: &str) -> Event {
    let members = vec![
        ("seq".to_owned(), number(FIRST_SEQ)),
        ("body".to_owned(), JsonValue::String(Body::TEXT.to_owned())),
    ];
    Event::new(name, JsonValue::Object(members))
}

fn number(value: u64) -> JsonValue {
    JsonValue::from(value)
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
