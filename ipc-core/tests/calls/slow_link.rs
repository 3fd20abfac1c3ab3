//! A long message over a slow link is no silence, in either direction.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ipc_core::queue::QueueLimits;
use ipc_core::{Client, Failure, Heartbeat, MsgPack, Server};
use ipc_transport::{MemoryTransport, Stream, Transport};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf, split};
use tokio::time::{Instant, sleep};

use crate::rig::{Notes, narrow, soon};

/// A megabit per second, in bytes.
const RATE: u32 = 125_000;

/// Joins two memory transports by a slow link, which holds little. Ends when either side does.
async fn link(near: MemoryTransport, far: MemoryTransport, stopped: Arc<AtomicBool>) {
    let mut listener = near.listen().await.unwrap();
    let one = listener.accept().await.unwrap();
    let other = far.dial().await.unwrap();
    let ((from_one, to_one), (from_other, to_other)) = (split(one), split(other));
    tokio::select! {
        () = carry(from_one, to_other, &stopped) => {}
        () = carry(from_other, to_one, &stopped) => {}
    }
}

async fn carry(mut from: ReadHalf<Stream>, mut to: WriteHalf<Stream>, stopped: &AtomicBool) {
    let mut part = vec![0; 4096];
    loop {
        let Ok(read @ 1..) = from.read(&mut part).await else { return };
        sleep(Duration::from_secs(1) * u32::try_from(read).unwrap() / RATE).await;
        if stopped.load(Ordering::Relaxed) {
            pending::<()>().await;
        }
        if to.write_all(&part[..read]).await.is_err() {
            return;
        }
    }
}

/// A client and a server over a slow link, both of which ask, and have answered.
struct Far {
    client: Client<MsgPack>,
    server: Server<MsgPack>,
    of_client: Notes,
    of_server: Notes,
    received: Notes,
    /// Whether the link carries nothing more.
    stopped: Arc<AtomicBool>,
}

async fn far() -> Far {
    let (near, other) = (narrow(16 * 1024), narrow(16 * 1024));
    let stopped = Arc::new(AtomicBool::new(false));
    tokio::spawn(link(near.clone(), other.clone(), Arc::clone(&stopped)));
    let heartbeat = Heartbeat::every(Duration::from_secs(15)).dead_after(Duration::from_secs(45));
    let queue = QueueLimits::default().with_max_bytes(16 << 20);
    let server = Server::builder(MsgPack::new(), other).heartbeat(heartbeat).queue(queue).build();
    server.listen().await.unwrap();
    let client = Client::builder(MsgPack::new(), near).heartbeat(heartbeat).queue(queue).build();
    let (of_client, of_server) = (Notes::of_client(&client), Notes::of_server(&server));
    let received = Notes::new();
    let lengths = received.clone();
    server.on("long", move |text: String, _| lengths.note(text.len()));
    let lengths = received.clone();
    client.on("long", move |text: String, _| lengths.note(text.len()));
    server
        .on_call("one", |(): (), call| async move { call.peer().call::<_, u64>("two", &()).await });
    client.on_call("two", |(): (), _| async { Ok::<_, Failure>(2_u64) });
    let both = soon(client.call::<_, u64>("one", &())).await;
    assert_eq!(both.unwrap(), 2);
    Far { client, server, of_client, of_server, received, stopped }
}

impl Far {
    #[track_caller]
    fn assert_alive(&self) {
        assert_eq!((self.of_client.lines(), self.of_server.lines()), (vec![], vec![]));
    }
}

#[tokio::test(start_paused = true)]
async fn eight_mebibytes_over_a_megabit_are_no_silence() {
    for down in [false, true] {
        let far = far().await;
        let text = "x".repeat(8 << 20);
        let begun = Instant::now();
        match down {
            false => far.client.emit("long", text.as_str()).unwrap(),
            true => far.server.peers().remove(0).emit("long", text.as_str()).unwrap(),
        }
        far.received.until_len(1).await;
        assert_eq!(far.received.lines(), [(8 << 20).to_string()]);
        // 8 MiB of 1 Mbit/s; meanwhile the other direction says nothing but answers to questions.
        let took = begun.elapsed().as_secs();
        assert!((67..70).contains(&took), "{took} s");
        far.assert_alive();
        // Nor afterwards.
        sleep(Duration::from_secs(600)).await;
        far.assert_alive();
        assert_eq!(soon(far.client.call::<_, u64>("one", &())).await.unwrap(), 2);
    }
}

/// A link that stops in the middle is noticed on both sides, although nothing could be asked over it.
#[tokio::test(start_paused = true)]
async fn a_link_that_stops_is_a_silence() {
    let far = far().await;
    far.client.emit("long", "x".repeat(8 << 20).as_str()).unwrap();
    sleep(Duration::from_secs(30)).await;
    far.assert_alive();
    far.stopped.store(true, Ordering::Relaxed);
    let stopped = Instant::now();
    far.of_client.until_len(1).await;
    // It noticed last at one of its looks, every 15 s, that the socket took something.
    let after = stopped.elapsed().as_secs();
    assert!((30..=45).contains(&after), "{after} s");
    far.of_server.until_len(1).await;
    assert!(stopped.elapsed().as_secs() <= 46);
    let errors = [far.of_client.lines().remove(0), far.of_server.lines().remove(0)];
    let is_silent = |error: &String| error.starts_with("the peer gave no sign of life for ");
    assert!(errors.iter().any(is_silent), "{errors:?}");
}
