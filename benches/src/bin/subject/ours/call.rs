//! Calls, which the server answers with their arguments.

use ipc_benches::{Outcome, OwnedBody, Task, calls};
use ipc_core::Client;

use super::Format;
use crate::Result;

pub(super) async fn measure<F: Format>(client: &Client<F>, task: &Task) -> Result<Outcome> {
    client.start()?;
    client.connected().await?;
    calls::measure(task, async |body: OwnedBody| Ok(client.call("echo", &body).await?)).await
}
