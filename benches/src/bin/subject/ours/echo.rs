//! Messages that come back before the next is sent.

use std::sync::{Arc, Mutex, PoisonError};

use ipc_benches::{Body, Meter, Outcome, OwnedBody, Task, text};
use ipc_core::{Client, Incoming, Peer};
use tokio::sync::oneshot;

use super::{Format, told};
use crate::Result;

/// The answers' handler sends the next message.
pub(super) async fn handling<F: Format>(client: &Client<F>, task: &Task) -> Result<Outcome> {
    let text: Arc<str> = text(task.body).into();
    let (done, finished) = oneshot::channel();
    client.start()?;
    client.connected().await?;
    let state = Arc::new(Mutex::new((Meter::new(task), Some(done))));
    let (handler, body) = (Arc::clone(&state), Arc::clone(&text));
    client.on("echo", move |data: OwnedBody, server: &Peer<F>| {
        let mut state = handler.lock().unwrap_or_else(PoisonError::into_inner);
        let (meter, done) = &mut *state;
        let result = match meter.on_answer(data.seq) {
            Ok(true) => Ok(meter.finish()),
            Ok(false) => {
                if let Some(seq) = meter.next_seq() {
                    told(server.emit("echo", &Body::with(seq, &body)));
                }
                return;
            }
            Err(error) => Err(error.into()),
        };
        if let Some(done) = done.take() {
            let _ = done.send(result);
        }
    });
    for _ in 0..task.in_flight {
        let next = state.lock().unwrap_or_else(PoisonError::into_inner).0.next_seq();
        if let Some(seq) = next {
            client.emit("echo", &Body::with(seq, &text))?;
        }
    }
    finished.await?
}

/// The client's own task awaits each answer and sends the next message.
pub(super) async fn awaiting<F: Format>(client: &Client<F>, task: &Task) -> Result<Outcome> {
    let text = text(task.body);
    let mut events = client.events();
    client.start()?;
    client.connected().await?;
    let mut meter = Meter::new(task);
    for _ in 0..task.in_flight {
        if let Some(seq) = meter.next_seq() {
            client.emit("echo", &Body::with(seq, &text))?;
        }
    }
    while let Some(incoming) = events.next().await {
        let Incoming::Message(message, server) = incoming else { continue };
        if meter.on_answer(server.decode::<OwnedBody>(&message)?.seq)? {
            return Ok(meter.finish());
        }
        if let Some(seq) = meter.next_seq() {
            server.emit("echo", &Body::with(seq, &text))?;
        }
    }
    Err("the server has ended".into())
}
