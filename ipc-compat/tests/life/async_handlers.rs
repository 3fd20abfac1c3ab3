//! `on_async` of `IpcClient` and `IpcServer`, which wait for each other.

use std::sync::Arc;

use ipc_core::HandlerOptions;
use tokio::sync::Notify;

use crate::rig::{CONNECTED, Place, at, ipc, soon};

both_runtimes!(handlers_of_both_sides_await_the_other);
async fn handlers_of_both_sides_await_the_other() {
    for kind in CONNECTED {
        let (place, ipc) = (Place::new(kind), ipc());
        let server = ipc.serve_on(place.server()).unwrap();
        // The first event is handled once all have been sent, so that the others wait for it.
        let all_sent = Arc::new(Notify::new());
        let sent = Arc::clone(&all_sent);
        server.on_async("fetch", move |name: String, socket| {
            let sent = Arc::clone(&sent);
            async move {
                if name == "a" {
                    sent.notified().await;
                }
                socket.send("fetched", &name.len()).await.unwrap();
            }
        });
        let options = HandlerOptions::default().concurrency(2);
        let removed = server.on_async_with(options, "fetch", |_: String, socket| async move {
            socket.send("fetched", &0).await.unwrap();
        });
        assert!(server.off(removed));
        let endpoint = server.start().await.unwrap();
        let client = ipc.connect_on("world", at(&endpoint)).unwrap();
        let mut lengths = client.stream::<usize>("counted");
        client.on_async("fetched", |length: usize, socket| async move {
            tokio::task::yield_now().await;
            socket.send("count", &length).await.unwrap();
        });
        server.on("count", |length: usize, socket| socket.emit("counted", &length).unwrap());
        for name in ["a", "bb", "dddddd", "cccc"] {
            soon(client.send("fetch", name)).await.unwrap();
        }
        all_sent.notify_one();
        for length in [1, 2, 6, 4] {
            assert_eq!(soon(lengths.next()).await.unwrap().unwrap(), length, "{kind:?}");
        }
        soon(client.close()).await;
        server.stop().await;
    }
}
