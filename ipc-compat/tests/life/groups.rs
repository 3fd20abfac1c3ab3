//! Groups over real sockets: clients that ask to be in one, bytes by hand, and who leaves without a word.

use std::collections::BTreeSet;

use ipc_core::{GroupError, GroupEvent};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

use crate::rig::{CONNECTED, Place, at, ipc, soon};

both_runtimes!(members_get_what_is_sent_to_their_group_and_whoever_goes_is_in_none);
async fn members_get_what_is_sent_to_their_group_and_whoever_goes_is_in_none() {
    for kind in CONNECTED {
        let (place, ipc) = (Place::new(kind), ipc());
        let server = ipc.serve_on(place.server()).unwrap();
        let (entered, mut entries) = mpsc::unbounded_channel();
        server.on("enter", move |room: String, socket| {
            entered.send((socket.clone(), socket.join(&room))).unwrap();
        });
        let (changed, mut changes) = mpsc::unbounded_channel();
        let handler = server.on_group(move |event| changed.send(event.clone()).unwrap());
        let endpoint = server.start().await.unwrap();
        let mut clients = Vec::new();
        for (id, room) in [("a", "kitchen"), ("b", "kitchen"), ("c", "hall")] {
            let client = ipc.connect_on(id, at(&endpoint)).unwrap();
            let (order, orders) = mpsc::unbounded_channel();
            client.on("order", move |number: u32, _| order.send(number).unwrap());
            client.emit("enter", room).unwrap();
            let (socket, joined) = soon(entries.recv()).await.unwrap();
            assert_eq!((joined, socket.groups()), (Ok(true), vec![room.to_owned()]));
            clients.push((client, socket, orders));
        }
        // One that is only bytes, and takes a name that is too long first.
        let mut raw = soon(at(&endpoint).dial()).await.unwrap();
        for (room, expected) in [
            ("x".repeat(257), Err(GroupError::NameTooLong { limit: 256, actual: 257 })),
            ("kitchen".to_owned(), Ok(true)),
        ] {
            let frame = format!("{{\"type\":\"enter\",\"data\":\"{room}\"}}\x0c");
            soon(raw.write_all(frame.as_bytes())).await.unwrap();
            assert_eq!(soon(entries.recv()).await.unwrap().1, expected);
        }
        assert_eq!(server.groups(), ["hall", "kitchen"]);

        let first = &clients[0].1;
        assert_eq!(server.to("kitchen").emit("order", &1).unwrap().sent, 3);
        assert_eq!(
            soon(server.to("kitchen").except(first).send("order", &2)).await.unwrap().sent,
            2
        );
        assert_eq!(
            server.to("hall").to("kitchen").except("hall").emit("order", &3).unwrap().sent,
            3
        );
        assert_eq!(server.only([first, &clients[2].1]).emit("order", &4).unwrap().sent, 2);
        assert_eq!(server.all().emit("order", &5).unwrap().sent, 4);
        for ((.., orders), expected) in
            clients.iter_mut().zip([&[1, 3, 4, 5][..], &[1, 2, 3, 5], &[4, 5]])
        {
            for number in expected {
                assert_eq!(soon(orders.recv()).await, Some(*number));
            }
        }
        let mut heard = vec![0; 4 * "{\"type\":\"order\",\"data\":1}\x0c".len()];
        soon(raw.read_exact(&mut heard)).await.unwrap();
        let order = |number: u32| format!("{{\"type\":\"order\",\"data\":{number}}}\x0c");
        assert_eq!(String::from_utf8(heard).unwrap(), [1, 2, 3, 5].map(order).concat());

        // One closes, one is cut.
        drop(raw);
        soon(clients.remove(2).0.close()).await;
        let (mut left, mut empty) = (BTreeSet::new(), Vec::new());
        while left.len() < 2 || empty.is_empty() {
            match soon(changes.recv()).await.unwrap() {
                GroupEvent::Left { group, peer } => drop(left.insert((peer.get(), group))),
                GroupEvent::Empty { group } => empty.push(group),
                _ => {}
            }
        }
        assert_eq!(left, [(3, "hall".into()), (4, "kitchen".into())].into());
        assert_eq!((empty, server.groups()), (vec!["hall".into()], vec!["kitchen".to_owned()]));
        assert_eq!(server.to("kitchen").emit("order", &6).unwrap().sent, 2);
        assert!(server.off(handler));
        soon(server.stop()).await;
        assert_eq!(clients[0].1.join("kitchen"), Err(GroupError::Closed));
        assert_eq!(server.groups(), [""; 0]);
    }
}
