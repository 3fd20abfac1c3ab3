//! A hub over TCP: members register under a name, get messages one by one or all together, and
//! reconnect after the hub was away.

use ipc_compat::{Dialect, Ipc, IpcClient, IpcServer};
use ipc_core::{EmitError, Hello};
use ipc_transport::Endpoint;
use rustix::process::{Resource, getrlimit};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::kit::{DIALECTS, Inbox, Room, inbox, own_address, soon};
use crate::program::nodes;

#[derive(Debug)]
struct Hub {
    server: IpcServer,
    port: u16,
    registered: Inbox<String>,
    gone: Inbox<()>,
}

impl Hub {
    /// Serves on this port, or on a free one for 0.
    async fn open(ipc: &Ipc, port: u16) -> Self {
        ipc.configure(|config| config.network_port = port);
        let server = ipc.serve_net(()).unwrap();
        let (register, registered) = inbox();
        // Members of ours say who they are with their first frame, those of node-ipc with an event of
        // the hub's own. Either way each is the group of its name, for as long as it is connected.
        let put = register.clone();
        server.on("register", move |name: String, socket| {
            socket.join(&name).unwrap();
            put.put(name);
        });
        server.on_identified(move |socket, identity| {
            socket.join(&identity.name).unwrap();
            register.put(identity.name.to_string());
        });
        let (leave, gone) = inbox();
        server.on_socket_disconnected(move |_, _| leave.put(()));
        let Endpoint::Tcp { port, .. } = server.start().await.unwrap() else { panic!("no TCP") };
        Self { server, port, registered, gone }
    }

    /// Sends a note to one member, and returns how many of that name there are.
    fn tell(&self, name: &str, what: &str) -> usize {
        self.server.to(name).emit("note", what).unwrap().sent
    }
}

#[derive(Debug)]
struct Member {
    client: IpcClient,
    notes: Inbox<String>,
    /// An item for each connection that was lost or not made.
    lost: Inbox<()>,
}

impl Member {
    /// Joins a hub of ours.
    fn join(ipc: &Ipc, name: &str, port: u16) -> Self {
        ipc.configure(|config| config.hello = Some(Hello::new(name)));
        Self::start(ipc.connect_to_net((name, port)).unwrap())
    }

    /// Joins a hub of node-ipc, which knows an event: said once for each connection, so that a hub that
    /// comes back knows the member.
    fn register(ipc: &Ipc, name: &str, port: u16) -> Self {
        let client = ipc.connect_to_net((name, port)).unwrap();
        let own = name.to_owned();
        client.on_connect(move |hub| hub.emit("register", &own).unwrap());
        Self::start(client)
    }

    fn start(client: IpcClient) -> Self {
        let (note, notes) = inbox();
        client.on("note", move |text: String, _| note.put(text));
        let (lose, lost) = inbox();
        client.on_disconnect(move |_| lose.put(()));
        client.start().unwrap();
        Self { client, notes, lost }
    }
}

/// An object that finds its hub at an address of its own.
fn ipc(room: &Room, host: &str) -> Ipc {
    let ipc = room.ipc("hub");
    ipc.configure(|config| {
        host.clone_into(&mut config.network_host);
        config.max_connections = THOUSAND + 1;
    });
    ipc
}

/// Returns a thousand, or what the limit of open files leaves: each member has two here.
fn crowd() -> usize {
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let room = usize::try_from(files).unwrap_or(usize::MAX).saturating_sub(300) / 2;
    room.min(THOUSAND)
}

both_runtimes!(a_thousand_members_are_told_together_and_one_alone);
async fn a_thousand_members_are_told_together_and_one_alone() {
    for dialect in DIALECTS {
        let room = Room::new(dialect);
        let ipc = ipc(&room, &own_address());
        let mut hub = Hub::open(&ipc, 0).await;
        let name = |n: usize| format!("member {n}");
        let count = crowd();
        let mut members: Vec<_> =
            (0..count).map(|n| Member::join(&ipc, &name(n), hub.port)).collect();
        hub.registered.take(count).await;
        assert_eq!(hub.tell(&name(7), "for you"), 1);
        assert_eq!(hub.server.broadcast("note", "for all").unwrap().sent, count);
        for (n, member) in members.iter_mut().enumerate() {
            if n == 7 {
                assert_eq!(member.notes.next().await, "for you");
            }
            assert_eq!(member.notes.next().await, "for all");
        }
        assert_eq!(soon("the shutdown", hub.server.stop()).await.cut, 0);
    }
}

both_runtimes!(members_are_back_after_the_hub_was_away);
async fn members_are_back_after_the_hub_was_away() {
    for dialect in DIALECTS {
        let room = Room::new(dialect);
        let ipc = ipc(&room, &own_address());
        let mut hub = Hub::open(&ipc, 0).await;
        let mut members = ["a", "b", "c"].map(|name| Member::join(&ipc, name, hub.port));
        hub.registered.take(3).await;
        soon("the shutdown", hub.server.stop()).await;
        for member in &mut members {
            // The connection, and six attempts: as many as there are by default in three seconds.
            member.lost.take(7).await;
        }
        let mut hub = Hub::open(&ipc, hub.port).await;
        let mut back = hub.registered.take(3).await;
        back.sort();
        assert_eq!(back, ["a", "b", "c"]);
        assert_eq!(hub.tell("b", "welcome"), 1);
        assert_eq!(members[1].notes.next().await, "welcome");
    }
}

both_runtimes!(telling_a_member_that_is_gone_is_an_error);
async fn telling_a_member_that_is_gone_is_an_error() {
    let room = Room::new(Dialect::Classic);
    let ipc = ipc(&room, &own_address());
    let mut hub = Hub::open(&ipc, 0).await;
    let member = Member::join(&ipc, "a", hub.port);
    hub.registered.next().await;
    let socket = hub.server.to("a").peers().remove(0);
    soon("the end", member.client.close()).await;
    hub.gone.next().await;
    assert_eq!(socket.emit("note", "too late"), Err(EmitError::Closed));
    let unknown = EmitError::UnknownPeer(socket.id());
    let report = hub.server.only([socket.id()]).emit("note", "too late").unwrap();
    assert_eq!((report.sent, report.failed), (0, vec![(socket.id(), unknown)]));
    // Its name is free, and no message is kept for it.
    assert_eq!(hub.tell("a", "too late"), 0);
}

both_runtimes!(a_stalled_member_neither_delays_the_others_nor_grows);
/// One does not read: it costs its queue and no more, and the others get everything.
async fn a_stalled_member_neither_delays_the_others_nor_grows() {
    const PENDING: usize = 256 * 1024;
    let room = Room::new(Dialect::Classic);
    let ipc = ipc(&room, &own_address());
    ipc.configure(|config| config.max_pending_bytes = PENDING);
    let mut hub = Hub::open(&ipc, 0).await;
    let mut stalled = TcpStream::connect((ipc.config().network_host, hub.port)).await.unwrap();
    stalled.write_all(b"{\"type\":\"register\",\"data\":\"stalled\"}\x0c").await.unwrap();
    assert_eq!(hub.registered.next().await, "stalled");
    let stalled_member = hub.server.to("stalled").peers().remove(0);
    let mut members = ["a", "b", "c"].map(|name| Member::join(&ipc, name, hub.port));
    hub.registered.take(3).await;
    let note = "n".repeat(64 * 1024);
    let (mut sent, mut refused) = (0, 0);
    // More than the system keeps for one that does not read, and then some.
    while refused < 50 {
        let report = soon("a broadcast", hub.server.broadcast_send("note", &note));
        let report = report.await.unwrap();
        // The hub keeps the pace of those that read; it waits once for the one that does not.
        assert!(report.sent >= 3, "{report:?}");
        sent += 1;
        refused += report.failed.len();
        let waits = stalled_member.queued().bytes;
        assert!(waits <= PENDING, "{waits} bytes wait");
    }
    for member in &mut members {
        assert!(member.notes.take(sent).await.iter().all(|it| *it == note));
    }
}

both_runtimes!(members_of_node_are_back_after_the_hub_was_away);
async fn members_of_node_are_back_after_the_hub_was_away() {
    for node in nodes("members_of_node_are_back_after_the_hub_was_away") {
        let (room, host) = (Room::new(node.dialect), own_address());
        let ipc = ipc(&room, &host);
        let mut hub = Hub::open(&ipc, 0).await;
        let port = hub.port.to_string();
        let mut members = ["a", "b", "c"]
            .map(|name| node.script("p5_member.cjs", &room.root(), &[&host, &port, name]));
        hub.registered.take(3).await;
        soon("the shutdown", hub.server.stop()).await;
        for member in &mut members {
            for _ in 0..7 {
                assert_eq!(member.line().await, "lost");
            }
        }
        let mut hub = Hub::open(&ipc, hub.port).await;
        hub.registered.take(3).await;
        assert_eq!(hub.tell("b", "for you"), 1);
        assert_eq!(hub.server.broadcast("note", "for all").unwrap().sent, 3);
        for (n, member) in members.iter_mut().enumerate() {
            let mut notes = Vec::new();
            while notes.last().is_none_or(|note| note != "note for all") {
                // The last attempts may have failed while the hub was opened.
                notes.push(member.line().await);
                notes.retain(|note| note != "lost");
            }
            assert_eq!(notes.len(), if n == 1 { 2 } else { 1 }, "{notes:?}");
        }
        let socket = hub.server.to("a").peers().remove(0);
        members[0].kill().await;
        hub.gone.next().await;
        assert_eq!(socket.emit("note", "too late"), Err(EmitError::Closed));
        assert_eq!(hub.tell("a", "too late"), 0);
    }
}

both_runtimes!(members_are_back_after_a_hub_of_node_was_away);
async fn members_are_back_after_a_hub_of_node_was_away() {
    for node in nodes("members_are_back_after_a_hub_of_node_was_away") {
        let (room, host) = (Room::new(node.dialect), own_address());
        let ipc = ipc(&room, &host);
        // Free, and at an address that no other test uses.
        let port = {
            let listener = TcpListener::bind((host.as_str(), 0)).await.unwrap();
            listener.local_addr().unwrap().port()
        };
        let mut members = ["a", "b", "c"].map(|name| Member::register(&ipc, name, port));
        for round in 0..2 {
            let words = [host.as_str(), &port.to_string(), "3"];
            let mut hub = node.script("p5_hub.cjs", &room.root(), &words);
            assert_eq!(hub.line().await, "up");
            for (n, member) in members.iter_mut().enumerate() {
                if n == 1 {
                    assert_eq!(member.notes.next().await, "for you");
                }
                assert_eq!(member.notes.next().await, "for all", "round {round}");
            }
            hub.kill().await;
            for member in &mut members {
                member.lost.take(7).await;
            }
        }
    }
}

const THOUSAND: usize = 1000;
