//! Messages at a fixed pace: a thread of the program emits, whatever comes back.

use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use ipc_benches::meter::now;
use ipc_benches::pace::{PacedMeter, pace, sleep};
use ipc_benches::{Body, Outcome, OwnedBody, Task, text};
use ipc_core::{Client, EmitError};
use tokio::sync::oneshot;

use super::Format;
use crate::Result;

pub(super) async fn measure<F: Format>(client: &Client<F>, task: &Task) -> Result<Outcome> {
    client.start()?;
    client.connected().await?;
    let (done, finished) = oneshot::channel();
    let start = now();
    let state = Mutex::new((PacedMeter::new(task, start), Some(done)));
    client.on("echo", move |data: OwnedBody, _| {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let (meter, done) = &mut *state;
        let result = match meter.on_answer(data.seq) {
            Ok(true) => Ok(meter.finish()),
            Ok(false) => return,
            Err(error) => Err(error.into()),
        };
        if let Some(done) = done.take() {
            let _ = done.send(result);
        }
    });
    let (client, task) = (client.clone(), *task);
    thread::spawn(move || {
        let text = text(task.body);
        pace(&task, start, |seq| emit(&client, &Body::with(seq, &text)))
    });
    finished.await?
}

/// Emits; with a full queue it tries until there is room, and the delay counts.
fn emit<F: Format>(client: &Client<F>, body: &Body<'_>) -> std::result::Result<(), EmitError> {
    loop {
        match client.emit("echo", body) {
            Err(EmitError::Full(_)) => sleep(Duration::from_micros(100)),
            result => return result,
        }
    }
}
