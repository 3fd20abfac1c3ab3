//! async-nats: request and reply, and publishing to a subject, through a nats-server of its own, over TCP, its only
//! transport, with JSON for what is sent. Not in streams: the server ends a connection that reads too slowly.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;

use futures_util::StreamExt;
use ipc_benches::{FIRST_SEQ, Outcome, OwnedBody, Task, Work, calls, frame_with};

use crate::Result;
use crate::net::{end_with_parent, ready};

/// Starts nats-server, whose program is in `NATS_SERVER`, and returns it with where it listens.
fn start() -> Result<(Child, String)> {
    let program = std::env::var_os("NATS_SERVER").ok_or("NATS_SERVER is not set")?;
    let mut command = Command::new(program);
    command.args(["--addr", "127.0.0.1", "--port", "-1"]).stderr(Stdio::piped());
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
    let mut log = BufReader::new(child.stderr.take().ok_or("no log")?).lines();
    let mut said = String::new();
    for line in log.by_ref() {
        let line = line?;
        if let Some((_, address)) = line.split_once("Listening for client connections on ") {
            let address = address.trim().to_owned();
            // It ends if its log cannot be written.
            thread::spawn(move || log.for_each(drop));
            return Ok((child, address));
        }
        said += &line;
    }
    Err(format!("nats-server has ended: {said}").into())
}

pub async fn serve() -> Result<()> {
    let (mut child, address) = start()?;
    end_with_parent(move || {
        let _ = child.kill();
        let _ = child.wait();
    });
    let client = async_nats::connect(&address).await?;
    let mut requests = client.subscribe("echo").await?;
    let mut orders = client.subscribe("order").await?;
    client.flush().await?;
    ready(&format!("tcp:{address}"));
    let publisher = client.clone();
    tokio::spawn(async move {
        while let Some(order) = orders.next().await {
            if let Err(error) = publish(&publisher, &order.payload).await {
                eprintln!("nats: {error}");
                std::process::exit(1);
            }
        }
    });
    while let Some(request) = requests.next().await {
        let body: OwnedBody = serde_json::from_slice(&request.payload)?;
        if let Some(reply) = request.reply {
            client.publish(reply, serde_json::to_vec(&body)?.into()).await?;
        }
    }
    Ok(())
}

/// Publishes as many messages as were ordered to the subject that is the group. It waits while the server does not
/// take more.
async fn publish(client: &async_nats::Client, order: &[u8]) -> Result<()> {
    let order: OwnedBody = serde_json::from_slice(order)?;
    for seq in FIRST_SEQ..FIRST_SEQ + order.seq {
        client.publish("members", frame_with("news", seq, &order.body).into()).await?;
    }
    Ok(client.flush().await?)
}

pub async fn measure(address: &str, task: &Task) -> Result<Outcome> {
    if task.work != Work::Call {
        return Err("async-nats is not measured in that".into());
    }
    let client = async_nats::connect(address).await?;
    calls::measure(task, async |body: OwnedBody| {
        let answer = client.request("echo", serde_json::to_vec(&body)?.into()).await?;
        Ok(serde_json::from_slice(&answer.payload)?)
    })
    .await
}
