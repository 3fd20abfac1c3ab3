//! A socket that is not under test.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt, WriteHalf};
use tokio::net::UdpSocket;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::place::Duplex;

/// A socket that is not under test: a task reads from it, and ending the task closes it.
pub(crate) struct Raw {
    task: JoinHandle<()>,
    writer: Writer,
}

enum Writer {
    /// `None` when the other side has closed.
    Stream(Arc<Mutex<Option<Half>>>),
    Datagrams(Arc<UdpSocket>),
}

type Half = WriteHalf<Box<dyn Duplex>>;

impl Raw {
    /// Reads from a stream; closes it when the other side does, and then says so.
    pub(crate) fn stream(
        stream: Box<dyn Duplex>,
        got: impl Fn(&str) + Send + 'static,
        closed: impl Fn() + Send + 'static,
    ) -> Self {
        let (mut reader, writer) = tokio::io::split(stream);
        let writer = Arc::new(Mutex::new(Some(writer)));
        let own = Arc::clone(&writer);
        let task = tokio::spawn(async move {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = reader.read(&mut buffer).await {
                got(&shown(&buffer[..length]));
            }
            own.lock().await.take();
            // The reader keeps the socket open, too.
            drop(reader);
            closed();
        });
        Self { task, writer: Writer::Stream(writer) }
    }

    /// Reads datagrams from this address. That no peer is there is not an error.
    pub(crate) async fn datagrams(from: SocketAddr, got: impl Fn(&str) + Send + 'static) -> Self {
        let socket = Arc::new(UdpSocket::bind(("127.0.0.1", 0)).await.unwrap());
        socket.connect(from).await.unwrap();
        let reader = Arc::clone(&socket);
        let task = tokio::spawn(async move {
            let mut buffer = [0; 4096];
            loop {
                if let Ok(length) = reader.recv(&mut buffer).await {
                    got(&shown(&buffer[..length]));
                }
            }
        });
        Self { task, writer: Writer::Datagrams(socket) }
    }

    /// Writes a frame. The other side may have hung up, which is not an error.
    pub(crate) async fn write(&self, text: &str) {
        let frame = format!("{text}\x0c");
        match &self.writer {
            Writer::Stream(writer) => {
                if let Some(writer) = &mut *writer.lock().await {
                    let _ = writer.write_all(frame.as_bytes()).await;
                }
            }
            Writer::Datagrams(socket) => _ = socket.send(frame.as_bytes()).await,
        }
    }

    pub(crate) async fn close(self) {
        end(self.task).await;
        if let Writer::Stream(writer) = self.writer {
            writer.lock().await.take();
        }
    }
}

/// Ends a task and waits until what it held is dropped.
pub(crate) async fn end(task: JoinHandle<()>) {
    task.abort();
    let _ = task.await;
}

fn shown(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace('\x0c', "|")
}
