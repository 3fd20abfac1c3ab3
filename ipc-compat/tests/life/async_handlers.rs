//! `on_async` of `IpcClient` and `IpcServer`, which wait for each other.

use std::time::Duration;

use ipc_core::HandlerOptions;

use crate::rig::{CONNECTED, Place, at, ipc, soon};

both_runtimes!(handlers_of_both_sides_await_the_other);
async fn handlers_of_both_sides_await_the_other() {
    for kind in CONNECTED {
        let (place, ipc) = (Place::new(kind), ipc());
        let server = ipc.serve_on(place.server()).unwrap();
        server.on_async("fetch", |name: String, socket| async move {
            tokio::time::sleep(Duration::from_millis(1)).await;
            socket.send("fetched", &name.len()).await.unwrap();
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
        for length in [1, 2, 6, 4] {
            assert_eq!(soon(lengths.next()).await.unwrap().unwrap(), length, "{kind:?}");
        }
        soon(client.close()).await;
        server.stop().await;
    }
}
