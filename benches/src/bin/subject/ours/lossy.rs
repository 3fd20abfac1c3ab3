//! Messages over UDP, of which some may be lost.

use ipc_benches::lossy::{AGAIN, ATTEMPTS, Deliveries, LONGEST, Trips};
use ipc_benches::{Body, Outcome, OwnedBody, Task, text};
use ipc_core::Client;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::Format;
use crate::Result;

/// One message at a time.
pub(super) async fn echo<F: Format>(client: &Client<F>, task: &Task) -> Result<Outcome> {
    let (heard, mut answers) = mpsc::unbounded_channel();
    client.on("echo", move |data: OwnedBody, _| {
        let _ = heard.send(data.seq);
    });
    client.start()?;
    client.connected().await?;
    let text = text(task.body);
    let mut trips = Trips::new(task);
    while let Some(seq) = trips.next_seq() {
        client.emit("echo", &Body::with(seq, &text))?;
        // One that was given up before may come in its place.
        let answered = async { while answers.recv().await.is_some_and(|answer| answer != seq) {} };
        trips.on(timeout(LONGEST, answered).await.is_ok());
    }
    Ok(trips.finish())
}

/// One way, as fast as they are sent.
pub(super) async fn flood<F: Format>(client: &Client<F>, task: &Task) -> Result<Outcome> {
    let (heard, mut answers) = mpsc::unbounded_channel();
    client.on("ended", move |counted: u64, _| {
        let _ = heard.send(counted);
    });
    client.start()?;
    client.connected().await?;
    let text = text(task.body);
    let mut deliveries = Deliveries::new(task);
    loop {
        let wait = deliveries.wait();
        if !wait.is_zero() {
            let _ = timeout(wait, std::future::pending::<()>()).await;
        }
        let Some(seq) = deliveries.next_seq() else { break };
        client.send("count", &Body::with(seq, &text)).await?;
        if deliveries.asks() {
            let counted = end(client, &mut answers, deliveries.counted()).await?;
            deliveries.end(counted);
        }
    }
    Ok(deliveries.finish())
}

/// Asks until it is answered how many messages have arrived, of which there were so many before.
async fn end<F: Format>(
    client: &Client<F>,
    answers: &mut mpsc::UnboundedReceiver<u64>,
    before: u64,
) -> Result<u64> {
    for _ in 0..ATTEMPTS {
        client.send("end", &()).await?;
        while let Ok(Some(counted)) = timeout(AGAIN, answers.recv()).await {
            if counted > before {
                return Ok(counted);
            }
        }
    }
    Err("no message has arrived".into())
}
