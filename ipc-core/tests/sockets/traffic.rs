//! What arrives is what was sent, in order, small or large, both ways at once.

use std::time::Duration;

use ipc_core::queue::QueueLimits;
use ipc_core::{Incoming, PeerId};

use crate::rig::{KINDS, Kind, Rig};
use crate::support::{Log, soon};

both_runtimes!(ten_thousand_messages_come_back_in_order);
async fn ten_thousand_messages_come_back_in_order() {
    for kind in KINDS {
        let rig = Rig::new(kind, |builder| builder).await;
        let client = rig.client();
        let mut events = client.events();
        let sender = tokio::spawn({
            let client = client.clone();
            async move {
                for n in 0..10_000 {
                    client.send("say", n.to_string().as_str()).await.unwrap();
                }
            }
        });
        let mut expected = 0_u64;
        while expected < 10_000 {
            match soon(events.next()).await.unwrap() {
                Incoming::Message(message, peer) => {
                    assert_eq!(peer.decode::<u64>(&message).unwrap(), expected, "{kind:?}");
                    expected += 1;
                }
                Incoming::Lifecycle(_) => {}
                other => panic!("{other:?}"),
            }
        }
        soon(sender).await.unwrap();
        assert!(soon(client.close()).await.undelivered.is_empty());
        let lines = rig.log.lines();
        let said: Vec<_> = lines.iter().filter_map(|line| line.strip_prefix("1 say ")).collect();
        assert!(said.iter().enumerate().all(|(n, text)| n.to_string() == **text), "{kind:?}");
        assert_eq!(said.len(), 10_000);
    }
}

both_runtimes!(close_delivers_what_was_sent_before);
async fn close_delivers_what_was_sent_before() {
    for kind in KINDS {
        let rig = Rig::new(kind, |builder| builder).await;
        let client = rig.client();
        for n in 0..10_000 {
            client.emit("n", n.to_string().as_str()).unwrap();
        }
        assert!(soon(client.close()).await.undelivered.is_empty());
        rig.log.until("1 disconnect by peer").await;
        assert_eq!(rig.log.lines()[10_000], "1 n 9999", "{kind:?}");
    }
}

both_runtimes!(five_megabytes_go_both_ways);
async fn five_megabytes_go_both_ways() {
    for kind in KINDS {
        // Room for all of the answers: a handler cannot wait for it.
        let room = QueueLimits::default().with_max_bytes(64 * 1024 * 1024);
        let rig = Rig::new(kind, |builder| builder.queue(room)).await;
        let client = rig.client();
        let mut events = client.events();
        let text: String = (0..5_000_000_u32).map(|n| char::from(b'a' + (n % 23) as u8)).collect();
        for _ in 0..3 {
            soon(client.send("say", text.as_str())).await.unwrap();
        }
        let mut echoes = 0;
        while echoes < 3 {
            if let Incoming::Message(message, _) = soon(events.next()).await.unwrap() {
                assert!(client.decode::<String>(&message).unwrap() == text, "{kind:?}");
                echoes += 1;
            }
        }
        soon(client.close()).await;
        let report = soon(rig.server.shutdown(Duration::from_secs(10))).await;
        assert_eq!((report.cut, report.undelivered.len()), (0, 0));
    }
}

both_runtimes!(many_clients_talk_at_the_same_time);
async fn many_clients_talk_at_the_same_time() {
    for kind in KINDS {
        let rig = Rig::new(kind, |builder| builder).await;
        let mut clients = tokio::task::JoinSet::new();
        for _ in 0..50 {
            let client = rig.client();
            let log = Log::of_client(&client);
            clients.spawn(async move {
                for n in 0..50 {
                    client.emit("say", n.to_string().as_str()).unwrap();
                    log.until(&format!("echo {n}")).await;
                }
                soon(client.close()).await.undelivered.len()
            });
        }
        assert_eq!(soon(clients.join_all()).await, [0; 50], "{kind:?}");
    }
}

both_runtimes!(many_threads_may_emit_on_one_connection);
async fn many_threads_may_emit_on_one_connection() {
    for kind in KINDS {
        let rig = Rig::new(kind, |builder| builder).await;
        let client = rig.client();
        soon(client.connected()).await.unwrap();
        let mut threads = Vec::new();
        for thread in 0..4 {
            let client = client.clone();
            threads.push(std::thread::spawn(move || {
                for n in 0..2500 {
                    client.emit("n", format!("{thread} {n}").as_str()).unwrap();
                }
            }));
        }
        soon(tokio::task::spawn_blocking(move || {
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        }))
        .await
        .unwrap();
        assert!(soon(client.close()).await.undelivered.is_empty());
        rig.log.until("1 disconnect by peer").await;
        let lines = rig.log.lines();
        assert_eq!(lines.len(), 10_002);
        for thread in 0..4 {
            let begin = format!("1 n {thread} ");
            let own = lines.iter().filter_map(|line| line.strip_prefix(&begin));
            assert!(own.enumerate().all(|(n, text)| n.to_string() == text), "{kind:?} {thread}");
        }
    }
}

both_runtimes!(the_system_says_who_a_peer_is);
async fn the_system_says_who_a_peer_is() {
    let rig = Rig::new(Kind::Unix, |builder| builder).await;
    let client = rig.client();
    soon(client.connected()).await.unwrap();
    rig.log.until("1 connect").await;
    let credentials = rig.server.peers()[0].info().unwrap().credentials.unwrap();
    let own = client.peer().info().unwrap().credentials.unwrap();
    assert_eq!((credentials.uid, credentials.gid), (own.uid, own.gid));
    let rig = Rig::new(Kind::Tcp, |builder| builder).await;
    let _client = rig.client();
    rig.log.until("1 connect").await;
    let remote = rig.server.peer(PeerId::from(1)).unwrap().info().unwrap().remote.unwrap();
    assert!(remote.ip().is_loopback());
}

both_runtimes!(one_user_or_address_does_not_get_all_places);
async fn one_user_or_address_does_not_get_all_places() {
    for kind in KINDS {
        let rig = Rig::new(kind, |builder| builder.max_connections_per_identity(Some(2))).await;
        let kept = [rig.client(), rig.client()];
        rig.log.until_len(2).await;
        let refused = rig.client();
        rig.log.until("refused too_many_peers").await;
        soon(refused.peer().closed()).await;
        soon(kept[0].close()).await;
        crate::rig::eventually(|| rig.server.peers().len() == 1).await;
        let next = rig.client();
        let log = Log::of_client(&next);
        next.emit("say", "hello").unwrap();
        log.until("echo hello").await;
    }
}
