//! Calls, which the server answers with their arguments or with a stream of items.

use ipc_benches::{Outcome, OwnedBody, Task, Work, calls};
use ipc_core::{Client, Failure, Server, Sink, SinkError};

use super::Format;
use crate::Result;

/// Makes a server answer.
pub(super) fn answer<F: Format>(server: &Server<F>) {
    server.on_call("echo", |body: OwnedBody, _| async move { Ok::<_, Failure>(body) });
    server.on_stream("items", |order: OwnedBody, sink: Sink<F, OwnedBody>| async move {
        for seq in 0..order.seq {
            sink.send(&OwnedBody::with(seq, order.body.clone())).await?;
        }
        Ok::<_, SinkError>(())
    });
}

pub(super) async fn measure<F: Format>(client: &Client<F>, task: &Task) -> Result<Outcome> {
    client.start()?;
    client.connected().await?;
    match task.work {
        Work::Stream => {
            calls::measure_stream(task, async |order, items| {
                let mut stream = client.call_stream::<_, OwnedBody>("items", &order).await?;
                while let Some(item) = stream.next().await {
                    items.add(&item?)?;
                }
                Ok(())
            })
            .await
        }
        _ => calls::measure(task, async |body| Ok(client.call("echo", &body).await?)).await,
    }
}
