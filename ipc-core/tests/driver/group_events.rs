//! What handlers hear of groups: everything, one at a time, in the order of the changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use ipc_core::{GroupEvent, Peer, PeerId, Server};

use crate::support::{Lines, Raw, memory, server, soon};

fn shown(event: &GroupEvent) -> String {
    match event {
        GroupEvent::Created { group } => format!("created {group}"),
        GroupEvent::Joined { group, peer } => format!("{peer} joined {group}"),
        GroupEvent::Left { group, peer } => format!("{peer} left {group}"),
        GroupEvent::Empty { group } => format!("empty {group}"),
        event => format!("{event:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn handlers_hear_of_every_change_and_before_the_disconnect() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let noted = log.clone();
    let handler = server.on_group(move |event| noted.note(shown(event)));
    let raw = Raw::dial(&transport).await;
    log.until("1 connect").await;
    let _other = Raw::dial(&transport).await;
    log.until("2 connect").await;
    let peers = server.peers();
    peers[0].join("b").unwrap();
    peers[1].join("b").unwrap();
    peers[0].join("a").unwrap();
    peers[0].join("a").unwrap();
    assert!(!peers[1].leave("a"));
    // On return the handlers have been called.
    let until_now = ["created b", "1 joined b", "2 joined b", "created a", "1 joined a"];
    assert_eq!(log.lines()[2..], until_now);
    drop(raw);
    log.until("1 disconnect by peer").await;
    let left = ["1 left a", "empty a", "1 left b", "1 disconnect by peer"];
    assert_eq!(log.lines()[7..], left);
    assert!(server.off(handler));
    peers[1].leave("b");
    assert_eq!(log.lines().len(), 11);
}

#[tokio::test(start_paused = true)]
async fn a_handler_may_change_groups_and_hears_of_that_next() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let (noted, changed) = (log.clone(), server.clone());
    server.on_group(move |event| {
        noted.note(shown(event));
        if let GroupEvent::Joined { group, peer } = event {
            // Everyone in a room is somewhere, and in one room only.
            if &**group != "anywhere" {
                let peer = changed.peer(*peer).unwrap();
                for other in peer.groups().iter().filter(|other| **other != **group) {
                    peer.leave(other);
                }
                peer.join("anywhere").unwrap();
            }
        }
        noted.note("returns");
    });
    let _raw = Raw::dial(&transport).await;
    log.until("1 connect").await;
    server.peers()[0].join("room").unwrap();
    let heard: Vec<_> = log.lines().into_iter().skip(1).filter(|line| line != "returns").collect();
    assert_eq!(heard, ["created room", "1 joined room", "created anywhere", "1 joined anywhere"]);
    // No call within another.
    let lines = log.lines();
    assert!(lines[1..].chunks(2).all(|pair| pair[1] == "returns"), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_handler_is_reported_and_the_others_are_called() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    server.on_group(|event| assert!(!matches!(event, GroupEvent::Joined { .. }), "no"));
    let noted = log.clone();
    server.on_group(move |event| noted.note(shown(event)));
    let _raw = Raw::dial(&transport).await;
    log.until("1 connect").await;
    let peer = server.peers().remove(0);
    peer.join("room").unwrap();
    assert!(peer.leave("room"));
    let expected =
        ["created room", "error handler_panicked", "1 joined room", "1 left room", "empty room"];
    assert_eq!(log.lines()[1..], expected);
}

/// What a listener knows of the groups.
type Heard = Arc<Mutex<BTreeMap<String, BTreeSet<PeerId>>>>;

/// Has a listener follow the groups of a server: each event has to fit what was before.
fn follow(server: &Server<Lines>, wrong: &Arc<AtomicBool>) -> Heard {
    let heard = Heard::default();
    let (kept, wrong) = (Arc::clone(&heard), Arc::clone(wrong));
    server.on_group(move |event| {
        let Ok(mut groups) = kept.try_lock() else {
            // Called while another call runs.
            return wrong.store(true, Ordering::Relaxed);
        };
        let fits = match event {
            GroupEvent::Created { group } => {
                groups.insert(group.to_string(), BTreeSet::new()).is_none()
            }
            GroupEvent::Joined { group, peer } => {
                groups.get_mut(&**group).is_some_and(|members| members.insert(*peer))
            }
            GroupEvent::Left { group, peer } => {
                groups.get_mut(&**group).is_some_and(|members| members.remove(peer))
            }
            GroupEvent::Empty { group } => {
                groups.remove(&**group).is_some_and(|members| members.is_empty())
            }
            _ => false,
        };
        wrong.fetch_or(!fits, Ordering::Relaxed);
    });
    heard
}

/// Joins and leaves on a thread of its own until it is stopped.
fn churn(peer: Peer<Lines>, stop: Arc<AtomicBool>) -> std::thread::JoinHandle<u32> {
    std::thread::spawn(move || {
        let mut joined = 0;
        while !stop.load(Ordering::Relaxed) {
            for group in ["a", "b", "c"] {
                joined += u32::from(peer.join(group) == Ok(true));
            }
            for group in ["c", "a"] {
                peer.leave(group);
            }
            std::thread::yield_now();
        }
        joined
    })
}

both_runtimes!(threads_that_join_while_peers_go_leave_no_member_behind);
async fn threads_that_join_while_peers_go_leave_no_member_behind() {
    let transport = memory();
    let (server, log) = server(&transport).await;
    let (wrong, stop) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let heard = follow(&server, &wrong);
    let mut raws = Vec::new();
    for n in 1..=5 {
        raws.push(Raw::dial(&transport).await);
        log.until(&format!("{n} connect")).await;
    }
    // Two threads for each of two peers, and none for the others, which are in a group with them.
    let peers = server.peers();
    let threads: Vec<_> = peers[..2]
        .iter()
        .chain(&peers[..2])
        .map(|peer| churn(peer.clone(), Arc::clone(&stop)))
        .collect();
    for peer in &peers[2..] {
        peer.join("a").unwrap();
    }
    for (raw, n) in raws.into_iter().zip(1..) {
        while !server.to("a").peers().contains(&peers[0]) && n == 1 {
            tokio::task::yield_now().await;
        }
        drop(raw);
        soon(log.until(&format!("{n} disconnect by peer"))).await;
        assert_eq!(peers[n - 1].groups(), [""; 0]);
    }
    stop.store(true, Ordering::Relaxed);
    let joined: u32 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    assert!(joined > 0);
    assert_eq!(server.groups(), [""; 0]);
    assert_eq!(*heard.lock().unwrap(), BTreeMap::new());
    assert!(!wrong.load(Ordering::Relaxed), "an event did not fit");
}
