//! Telemetry over UDP: sensors send readings to a hub, which answers each and tells all.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::num::NonZeroUsize;

use ipc_compat::{Dialect, EmitToError, Ipc, IpcServer, UdpType};
use ipc_core::EmitError;
use ipc_transport::Endpoint;
use serde_json::{Value, json};
use tokio::net::UdpSocket;

use crate::kit::{DIALECTS, Inbox, Room, heard, inbox, soon};
use crate::program::nodes;

const KINDS: [(UdpType, &str); 2] = [(UdpType::Udp4, "127.0.0.1"), (UdpType::Udp6, "::1")];

/// A hub, where it is, and the lengths of the notes that came with readings, by their sensors.
#[derive(Debug)]
struct Hub {
    server: IpcServer,
    address: SocketAddr,
    readings: Inbox<(String, usize)>,
    errors: Inbox<&'static str>,
}

impl Hub {
    async fn start(server: IpcServer) -> Self {
        let (put, readings) = inbox();
        server.on("reading", move |reading: Value, socket| {
            let sensor = reading["sensor"].as_str().unwrap().to_owned();
            let note = reading["note"].as_str().unwrap();
            assert_eq!(note, &sensor.repeat(note.len()), "the readings of two are mixed");
            socket.emit("thanks", &sensor).unwrap();
            put.put((sensor, note.len()));
        });
        let (report, errors) = inbox();
        server.on_error(move |error, _| report.put(error.code()));
        let address = match server.start().await.unwrap() {
            Endpoint::Udp4 { host, port } | Endpoint::Udp6 { host, port } => {
                SocketAddr::new(host.parse().unwrap(), port)
            }
            other => panic!("{other}"),
        };
        Self { server, address, readings, errors }
    }

    /// Waits until all that was sent before is read: datagrams are, in their order.
    async fn has_read_all(&mut self) {
        let sensor = Sensor::at(self.address).await;
        sensor.sends(&reading("z", 1)).await;
        assert_eq!(sensor.hears().await, json!({"type": "thanks", "data": "z"}));
        while self.readings.next().await.0 != "z" {}
    }
}

fn hub(ipc: &Ipc, kind: UdpType, host: &str) -> IpcServer {
    ipc.configure(|config| config.network_port = 0);
    ipc.serve_net((host, kind)).unwrap()
}

/// A sensor that is only a socket.
#[derive(Debug)]
struct Sensor {
    socket: UdpSocket,
    hub: SocketAddr,
}

impl Sensor {
    async fn at(hub: SocketAddr) -> Self {
        Self { socket: UdpSocket::bind((hub.ip(), 0)).await.unwrap(), hub }
    }

    async fn sends(&self, bytes: &str) {
        let sent = self.socket.send_to(bytes.as_bytes(), self.hub).await.unwrap();
        assert_eq!(sent, bytes.len());
    }

    /// Waits for a datagram, which must be one frame of the hub's.
    async fn hears(&self) -> Value {
        let mut room = vec![0; 65_536];
        let (length, from) = soon("an answer", self.socket.recv_from(&mut room)).await.unwrap();
        assert_eq!(from, self.hub);
        let frame = std::str::from_utf8(&room[..length]).unwrap();
        serde_json::from_str(frame.strip_suffix('\x0c').unwrap()).unwrap()
    }
}

/// Returns the frame of a reading with a note of this length.
fn reading(sensor: &str, length: usize) -> String {
    let data = json!({"sensor": sensor, "note": sensor.repeat(length)});
    json!({"type": "reading", "data": data}).to_string() + "\x0c"
}

both_runtimes!(each_sensor_is_answered_where_it_is_and_all_are_told);
async fn each_sensor_is_answered_where_it_is_and_all_are_told() {
    for (dialect, (kind, host)) in DIALECTS.iter().flat_map(|d| KINDS.map(|kind| (*d, kind))) {
        let room = Room::new(dialect);
        let mut hub = Hub::start(hub(&room.ipc("hub"), kind, host)).await;
        let mut sensors = Vec::new();
        for name in ["a", "b", "c"] {
            let sensor = Sensor::at(hub.address).await;
            // White space before the JSON is no part of it.
            sensor.sends(&format!(" \t\r\n{}", reading(name, 3))).await;
            assert_eq!(sensor.hears().await, json!({"type": "thanks", "data": name}));
            assert_eq!(hub.readings.next().await, (name.to_owned(), 3));
            sensors.push(sensor);
        }
        assert_eq!(hub.server.broadcast("all", &1).unwrap().sent, 3);
        for sensor in &sensors {
            assert_eq!(sensor.hears().await, json!({"type": "all", "data": 1}));
        }
        assert!(hub.errors.is_empty());
    }
}

both_runtimes!(long_readings_are_put_together_for_each_sensor);
/// 100 KiB of two sensors in datagrams of 32 KiB, by turns.
async fn long_readings_are_put_together_for_each_sensor() {
    const LONG: usize = 100 * 1024;
    for (kind, host) in KINDS {
        let room = Room::new(Dialect::Classic);
        let mut hub = Hub::start(hub(&room.ipc("hub"), kind, host)).await;
        let sensors = [Sensor::at(hub.address).await, Sensor::at(hub.address).await];
        let frames = ["a", "b"].map(|name| reading(name, LONG));
        for at in (0..frames[0].len()).step_by(32 * 1024) {
            for (sensor, frame) in sensors.iter().zip(&frames) {
                sensor.sends(&frame[at..frame.len().min(at + 32 * 1024)]).await;
            }
            if at + 32 * 1024 < frames[0].len() {
                // Else the system drops what does not fit into its buffer.
                hub.has_read_all().await;
            }
        }
        let mut heard = BTreeMap::from([hub.readings.next().await, hub.readings.next().await]);
        assert_eq!((heard.remove("a"), heard.remove("b")), (Some(LONG), Some(LONG)));
        // What we send is one datagram, and this does not fit into one.
        let long = "n".repeat(LONG);
        let to = sensors[0].socket.local_addr().unwrap();
        let refused = hub.server.emit_to(to, "note", &long).unwrap_err();
        let EmitToError::Emit(refused) = refused else { panic!("{refused}") };
        assert!(matches!(refused, EmitError::TooLargeForDatagram { .. }), "{refused}");
    }
}

both_runtimes!(nobody_at_an_address_is_nothing_fatal);
async fn nobody_at_an_address_is_nothing_fatal() {
    for (kind, host) in KINDS {
        let room = Room::new(Dialect::Classic);
        let mut hub = Hub::start(hub(&room.ipc("hub"), kind, host)).await;
        let nobody = {
            let socket = UdpSocket::bind((host, 0)).await.unwrap();
            socket.local_addr().unwrap()
        };
        for _ in 0..3 {
            // The system refuses it, and reports that at one of the next calls.
            let _ = hub.server.emit_to(nobody, "all", &1);
            hub.has_read_all().await;
        }
    }
}

both_runtimes!(sensors_and_what_they_leave_unfinished_have_limits);
async fn sensors_and_what_they_leave_unfinished_have_limits() {
    const SENSORS: usize = 8;
    let room = Room::new(Dialect::Classic);
    let ipc = room.ipc("hub");
    ipc.configure(|config| {
        config.max_message_size = Some(64 * 1024);
        config.network_port = 0;
        config.udp_limits = config.udp_limits.with_peers(NonZeroUsize::new(SENSORS).unwrap());
    });
    let mut hub = Hub::start(ipc.serve_net("udp4").unwrap()).await;
    for _ in 0..3 * SENSORS {
        let sensor = Sensor::at(hub.address).await;
        sensor.sends(&reading("a", 1)).await;
        sensor.hears().await;
        // The place of the oldest is free at once; its task ends when it is scheduled, on several
        // threads a moment after the new one is dispatched.
        let few = async {
            while hub.server.sockets().len() > SENSORS {
                tokio::task::yield_now().await;
            }
        };
        soon("the end of the oldest", few).await;
    }
    // A frame without an end costs no more than a frame may have.
    let endless = Sensor::at(hub.address).await;
    for _ in 0..3 {
        endless.sends(&"x".repeat(32 * 1024)).await;
        hub.has_read_all().await;
    }
    assert_eq!(hub.errors.next().await, "frame_too_large");
}

both_runtimes!(sensors_of_node_are_answered_and_told);
async fn sensors_of_node_are_answered_and_told() {
    for node in nodes("sensors_of_node_are_answered_and_told") {
        for (kind, host) in KINDS {
            let room = Room::new(node.dialect);
            let mut hub = Hub::start(hub(&room.ipc("hub"), kind, host)).await;
            let port = hub.address.port().to_string();
            let mut sensors = Vec::new();
            for name in ["a", "b"] {
                let own = free_port(host).await;
                let words = [kind.as_str(), host, &own, &port, name];
                let mut sensor = node.script("p8_sensor.cjs", &room.root(), &words);
                assert_eq!(sensor.line().await, format!("thanks \"{name}\""));
                assert_eq!(hub.readings.next().await, (name.to_owned(), 30_000));
                sensors.push(sensor);
            }
            assert_eq!(hub.server.broadcast("all", &1).unwrap().sent, 2);
            for sensor in &mut sensors {
                assert_eq!(sensor.line().await, "all 1");
            }
        }
    }
}

both_runtimes!(a_hub_of_node_is_spoken_to_first);
async fn a_hub_of_node_is_spoken_to_first() {
    for node in nodes("a_hub_of_node_is_spoken_to_first") {
        for (kind, host) in KINDS {
            let room = Room::new(node.dialect);
            let own = free_port(host).await;
            let mut hub = node.script("p8_hub.cjs", &room.root(), &[kind.as_str(), host, &own]);
            assert_eq!(hub.line().await, "up");
            let sensor = self::hub(&room.ipc("sensor"), kind, host);
            let mut thanks = sensor.stream::<String>("thanks");
            let mut all = sensor.stream::<String>("all");
            sensor.start().await.unwrap();
            let address = SocketAddr::new(host.parse().unwrap(), own.parse().unwrap());
            let reading = json!({"sensor": "a", "note": "a".repeat(30_000)});
            sensor.emit_to(address, "reading", &reading).unwrap();
            assert_eq!(heard(&mut thanks).await, "a");
            assert_eq!(hub.line().await, "reading of a, 30000 long");
            if node.dialect == Dialect::V14 {
                // Classic versions do not broadcast to any peer.
                assert_eq!(heard(&mut all).await, "for all");
            }
        }
    }
}

/// Returns a port that was free a moment ago: node-ipc does not say which it was given.
async fn free_port(host: &str) -> String {
    let socket = UdpSocket::bind((host, 0)).await.unwrap();
    socket.local_addr().unwrap().port().to_string()
}
