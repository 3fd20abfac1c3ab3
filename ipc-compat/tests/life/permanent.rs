//! Permanent failures: the client ends and says why, unless it is configured to retry for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ipc_compat::{Config, Ipc};
use ipc_core::ConnectError;
use ipc_transport::{Endpoint, TcpTransport, Transport, UdpTransport, UnixTransport};

use crate::rig::{Kind, Place, soon};

/// Endpoints that can never be served, with the code of the error.
fn nowhere() -> Vec<(Arc<dyn Transport>, &'static str)> {
    let host = "h".repeat(64);
    vec![
        (Arc::new(UnixTransport::new(format!("/tmp/{}", "x".repeat(300)))), "name_too_long"),
        (Arc::new(UnixTransport::new("")), "invalid_name"),
        (Arc::new(TcpTransport::new(host, 8000)), "host_not_found"),
        (Arc::new(TcpTransport::new("two words", 8000)), "host_not_found"),
        (Arc::new(UdpTransport::udp6("127.0.0.1", 8000)), "wrong_family"),
    ]
}

both_runtimes!(a_client_that_can_never_connect_ends_and_says_why);
async fn a_client_that_can_never_connect_ends_and_says_why() {
    for (transport, code) in nowhere() {
        // It tries for ever by default.
        let ipc = Ipc::new(Config::classic());
        let client = ipc.connect_on("nowhere", transport).unwrap();
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        let (error, disconnect, destroy) = (tell.clone(), tell.clone(), tell);
        client.on_error(move |found| error.send(found.code()).unwrap());
        client.on_disconnect(move |_| disconnect.send("disconnect").unwrap());
        client.on_destroy(move || destroy.send("destroy").unwrap());
        match soon(client.connected()).await {
            Err(ConnectError::Failed(error)) => assert_eq!(error.code(), code, "{error}"),
            other => panic!("{code}: {other:?}"),
        }
        let all: Vec<_> = std::iter::from_fn(|| told.try_recv().ok()).collect();
        assert_eq!(all, [code, "disconnect", "destroy"]);
    }
}

both_runtimes!(a_client_may_be_told_to_try_for_ever_as_node_ipc_does);
async fn a_client_may_be_told_to_try_for_ever_as_node_ipc_does() {
    let mut config = Config::classic();
    config.apply_json(&serde_json::json!({"retry": 1, "retryPermanent": true})).unwrap();
    let ipc = Ipc::new(config);
    for (transport, _) in nowhere() {
        let client = ipc.connect_on("nowhere", transport).unwrap();
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        client.on_error(move |_| {
            // The server has stopped when it ends.
            let _ = tell.send(());
        });
        client.start().unwrap();
        for _ in 0..3 {
            soon(told.recv()).await.unwrap();
        }
        // Taking it back reaches a client that waits, at its next failure.
        ipc.configure(|config| config.retry_permanent = false);
        soon(client.closed()).await;
        ipc.configure(|config| config.retry_permanent = true);
    }
}

both_runtimes!(what_may_pass_is_tried_again);
async fn what_may_pass_is_tried_again() {
    let mut config = Config::classic();
    config.retry = Duration::from_millis(1);
    let ipc = Ipc::new(config);
    let place = Place::new(Kind::Unix);
    let missing = place.directory.path().join("no directory/socket");
    let file = place.directory.path().join("file");
    std::fs::write(&file, "no socket").unwrap();
    let named = Endpoint::Tcp { host: "name-of-no-host.invalid".into(), port: 1 };
    let transports: [Arc<dyn Transport>; 3] = [
        Arc::new(UnixTransport::new(missing)),
        Arc::new(UnixTransport::new(file)),
        Arc::from(named.transport().unwrap()),
    ];
    for transport in transports {
        let client = ipc.connect_on("later", transport).unwrap();
        let (failed, tries) = (Arc::new(AtomicUsize::new(0)), Arc::new(tokio::sync::Notify::new()));
        let (count, tried) = (Arc::clone(&failed), Arc::clone(&tries));
        client.on_error(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            tried.notify_one();
        });
        client.start().unwrap();
        while failed.load(Ordering::Relaxed) < 2 {
            soon(tries.notified()).await;
        }
        drop(ipc.disconnect("later"));
    }
}
