//! jsonrpsee as it ships: WebSocket over TCP, with `TCP_NODELAY`, which is its default. A stream is a
//! subscription. Its client drops one whose buffer of 1,024 items is full, so this buffer is larger.

use ipc_benches::{Outcome, OwnedBody, Task, Work, calls};
use jsonrpsee::core::client::Subscription;
use jsonrpsee::core::{RpcResult, SubscriptionResult, async_trait};
use jsonrpsee::proc_macros::rpc;
use jsonrpsee::server::{PendingSubscriptionSink, Server, SubscriptionMessage};
use jsonrpsee::ws_client::WsClientBuilder;

use crate::Result;
use crate::net::ready;

#[rpc(client, server)]
trait Peer {
    #[method(name = "echo")]
    fn echo(&self, body: OwnedBody) -> RpcResult<OwnedBody>;

    #[subscription(name = "subscribe_items", item = OwnedBody)]
    async fn items(&self, order: OwnedBody) -> SubscriptionResult;
}

struct Answers;

#[async_trait]
impl PeerServer for Answers {
    fn echo(&self, body: OwnedBody) -> RpcResult<OwnedBody> {
        Ok(body)
    }

    async fn items(&self, to: PendingSubscriptionSink, order: OwnedBody) -> SubscriptionResult {
        let sink = to.accept().await?;
        for seq in 0..order.seq {
            let item = OwnedBody::with(seq, order.body.clone());
            // With its envelope in one allocation, as its documentation advises.
            let id = sink.subscription_id();
            sink.send(SubscriptionMessage::new(sink.method_name(), id, &item)?).await?;
        }
        Ok(())
    }
}

pub async fn serve() -> Result<()> {
    let server = Server::builder().build("127.0.0.1:0").await?;
    ready(&format!("tcp:{}", server.local_addr()?));
    server.start(Answers.into_rpc()).stopped().await;
    Ok(())
}

pub async fn measure(address: &str, task: &Task) -> Result<Outcome> {
    let builder = WsClientBuilder::default().max_buffer_capacity_per_subscription(LATE);
    let client = builder.build(format!("ws://{address}")).await?;
    match task.work {
        Work::Call => calls::measure(task, async |body| Ok(client.echo(body).await?)).await,
        Work::Stream => {
            calls::measure_stream(task, async |order, items| {
                let mut stream: Subscription<OwnedBody> = client.items(order).await?;
                while let Some(item) = stream.next().await {
                    if items.add(&item?)? {
                        break;
                    }
                }
                Ok(())
            })
            .await
        }
        _ => Err("jsonrpsee is not measured in that".into()),
    }
}

/// How many items the reader may be late by.
const LATE: usize = 64 * 1024;
