//! Typed events in a format that knows no serde, and streams of them that are full.

use std::time::Duration;

use bytes::BytesMut;
use ipc_core::{
    Client, Content, DecodeEvent, DecodePayload, EncodeEvent, EncodePayload, EventNames,
    FormatError, Message, NotAnEnum,
};
use ipc_transport::Transport;
use tokio::time::timeout;

use crate::support::{Lines, Raw, client, memory, narrow, soon, times};

/// The events of a program.
#[derive(Debug, PartialEq)]
enum Event {
    Number(u64),
    Text(String),
}

impl DecodeEvent<Event> for Lines {
    fn event_names() -> Result<EventNames, NotAnEnum> {
        Ok(EventNames::new(&["text", "n"], false))
    }

    fn decode_event(&self, message: &Message) -> Result<Event, FormatError> {
        match message.event() {
            "n" => self.decode_payload(message).map(Event::Number),
            "text" => self.decode_payload(message).map(Event::Text),
            _ => Err(FormatError::new(EventNames::UNKNOWN_EVENT, "no such event")),
        }
    }
}

impl EncodePayload<Content<'_, Event>> for Lines {
    fn encode(
        &self,
        event: &str,
        payload: &Content<'_, Event>,
        out: &mut BytesMut,
    ) -> Result<(), FormatError> {
        match payload.event() {
            Event::Number(number) => self.encode(event, number.to_string().as_str(), out),
            Event::Text(text) => self.encode(event, text.as_str(), out),
        }
    }
}

impl EncodeEvent<Event> for Lines {
    fn event_name(event: &Event) -> Result<&str, FormatError> {
        Ok(match event {
            Event::Number(_) => "n",
            Event::Text(_) => "text",
        })
    }

    fn encode_content(&self, event: &Event, out: &mut BytesMut) -> Result<(), FormatError> {
        out.extend_from_slice(match event {
            Event::Number(_) => b"a number",
            Event::Text(text) => text.as_bytes(),
        });
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_format_without_serde_has_its_own_enums() {
    let transport = memory();
    let mut listener = transport.listen().await.unwrap();
    let (client, log) = client(&transport);
    let notes = log.clone();
    client.on_events(move |event: Event, _| notes.note(format!("got {event:?}"))).unwrap();
    client.emit_event(&Event::Number(7)).unwrap();
    client.send_event(&Event::Text("a".to_owned())).await.unwrap();
    // What the format refuses is refused as any payload.
    let error = client.emit_event(&Event::Text("refused".to_owned())).unwrap_err();
    assert_eq!(error.code(), "ERR_REFUSED");
    let mut peer = Raw::accept(&mut listener).await;
    assert_eq!(peer.line().await, "n 7");
    assert_eq!(peer.line().await, "text a");
    peer.write("text b\nm 1\nn x\nn 2\n").await;
    log.until("got Number(2)").await;
    let lines: Vec<_> = log.lines().into_iter().filter(|line| line != "connect").collect();
    assert!(lines.contains(&"got Text(\"b\")".to_owned()), "{lines:?}");
    assert!(lines.contains(&"error ERR_NUMBER".to_owned()), "{lines:?}");
    assert_eq!(lines.iter().filter(|line| line.starts_with("got")).count(), 2, "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn a_full_stream_of_an_enum_stops_the_reading_and_loses_nothing() {
    let transport = narrow(1000);
    let mut listener = transport.listen().await.unwrap();
    let client = Client::builder(Lines, transport.clone()).reconnect(times(0));
    let client = client.event_bytes(10_000).build();
    let mut events = client.typed_events::<Event>().unwrap();
    client.start().unwrap();
    let mut peer = Raw::accept(&mut listener).await;
    let sent = tokio::spawn(async move {
        let mut sent = 0;
        for n in 0..1000 {
            let lines = format!("n {n:0100}\nother {n:0100}\ntext {n}\n");
            if timeout(Duration::from_secs(10), peer.write(&lines)).await.is_err() {
                break;
            }
            sent = n + 1;
        }
        (sent, peer)
    });
    let (sent, _peer) = soon(sent).await.unwrap();
    assert!((10..200).contains(&sent), "{sent}");
    for n in 0..sent {
        assert_eq!(soon(events.next()).await.unwrap().unwrap(), Event::Number(n));
        assert_eq!(soon(events.next()).await.unwrap().unwrap(), Event::Text(n.to_string()));
    }
}
