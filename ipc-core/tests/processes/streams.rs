//! A stream of items that is much larger than memory may grow: no more is there at a time than there is
//! credit for.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ipc_core::session::ReconnectPolicy;
use ipc_core::{Client, MsgPack, Server, Sink, SinkError};
use ipc_transport::UnixTransport;
use tempfile::TempDir;

use crate::killed::{runtime, soon};
use crate::memory::{MIB, resident};

/// How many bytes an item has.
const ITEM: usize = 64 * 1024;

/// 1 GiB in all, and a sixteenth of it without optimisation.
const ITEMS: usize = if cfg!(debug_assertions) { 1024 } else { 16 * 1024 };

/// How many items may be ahead of the reader: its credit, and the one that waits for more.
const AHEAD: usize = 64 + 1;

/// Both sides are in this process.
pub(crate) fn gibibyte() {
    runtime().block_on(async {
        let dir = TempDir::new().unwrap();
        let transport = UnixTransport::new(dir.path().join("socket"));
        let server = Server::builder(MsgPack::new(), transport.clone()).build();
        let begun = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&begun);
        server.on_stream("rows", move |(): (), sink: Sink<_, String>| {
            let begun = Arc::clone(&counter);
            async move {
                let rest = "x".repeat(ITEM - 8);
                for n in 0..ITEMS {
                    begun.fetch_add(1, Ordering::Relaxed);
                    sink.send(&format!("{n:08}{rest}")).await?;
                }
                Ok::<_, SinkError>(())
            }
        });
        server.on_call("echo", |n: u64, _| async move { Ok::<_, ipc_core::Failure>(n) });
        server.listen().await.unwrap();
        let never = ReconnectPolicy::never();
        let client = Client::builder(MsgPack::new(), transport).reconnect(never).build();
        client.start().unwrap();
        soon(client.connected()).await.unwrap();
        let (before, mut most) = (resident(), 0);
        let mut rows = client.call_stream::<_, String>("rows", &()).await.unwrap();
        for n in 0..ITEMS {
            let row = soon(rows.next()).await.unwrap().unwrap();
            assert_eq!((row.len(), row.get(..8)), (ITEM, Some(format!("{n:08}").as_str())));
            if n % 256 == 255 {
                // A reader that waits holds up its stream, and no call beside it.
                for _ in 0..20 {
                    let echo: u64 = soon(async { client.call("echo", &7).await }).await.unwrap();
                    assert_eq!(echo, 7);
                }
                let ahead = begun.load(Ordering::Relaxed) - (n + 1);
                assert!(ahead <= AHEAD, "{ahead} items ahead of the reader");
            }
            if n % 16 == 0 {
                most = most.max(resident().saturating_sub(before));
            }
        }
        assert!(soon(rows.next()).await.is_none());
        assert!(most < 32 * MIB, "grew by {most} KiB");
    });
}
