//! Async handlers over real sockets: in order for each of many peers, with answers that wait.

use ipc_core::queue::QueueLimits;

use crate::rig::{KINDS, Rig};
use crate::support::soon;

both_runtimes!(each_peer_has_its_answers_in_order_though_queues_are_short);
async fn each_peer_has_its_answers_in_order_though_queues_are_short() {
    for kind in KINDS {
        // Both directions fill: what waits for the handler, and what it sends.
        let rig = Rig::new(kind, |server| {
            server.event_bytes(2000).queue(QueueLimits::default().with_max_messages(2))
        });
        let rig = rig.await;
        rig.server.on_async("double", |n: u64, peer| async move {
            // Others run meanwhile, and fill what waits for this handler.
            for _ in 0..n % 7 {
                tokio::task::yield_now().await;
            }
            peer.send("doubled", (2 * n).to_string().as_str()).await.unwrap();
        });
        let clients: Vec<_> = (0..4).map(|_| rig.client()).collect();
        let mut answers: Vec<_> =
            clients.iter().map(|client| client.stream::<u64>("doubled")).collect();
        let asking = clients.iter().map(|client| async {
            for n in 0..500_u64 {
                soon(client.send("double", n.to_string().as_str())).await.unwrap();
            }
        });
        for asked in asking {
            asked.await;
        }
        for answers in &mut answers {
            for n in 0..500 {
                assert_eq!(soon(answers.next()).await.unwrap().unwrap(), 2 * n, "{kind:?}");
            }
        }
    }
}
