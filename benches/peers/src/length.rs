//! tokio-util's `LengthDelimitedCodec` over a Unix socket. Its sink gathers what is fed to it until
//! it is flushed or the boundary is reached, here 64 KiB as in the other subjects.

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use ipc_benches::{Outcome, Task};
use tokio::net::{UnixListener, UnixStream};
use tokio_util::codec::{Framed, LengthDelimitedCodec};

use crate::Result;
use crate::coding::Coding;
use crate::link::{self, Link};
use crate::net::ready;

struct Length(Framed<UnixStream, LengthDelimitedCodec>);

impl Length {
    fn new(stream: UnixStream) -> Self {
        let codec = LengthDelimitedCodec::builder().max_frame_length(16 << 20).new_codec();
        let mut framed = Framed::with_capacity(stream, codec, BUFFER);
        framed.set_backpressure_boundary(BUFFER);
        Self(framed)
    }
}

impl Link for Length {
    type Message = Bytes;

    async fn send(&mut self, bytes: Bytes) -> Result<()> {
        Ok(self.0.feed(bytes).await?)
    }

    async fn flush(&mut self) -> Result<()> {
        Ok(SinkExt::<Bytes>::flush(&mut self.0).await?)
    }

    async fn recv(&mut self) -> Result<Option<Bytes>> {
        Ok(self.0.next().await.transpose()?.map(Into::into))
    }
}

pub async fn serve(path: &str, coding: Coding) -> Result<()> {
    let listener = UnixListener::bind(path)?;
    ready(&format!("unix:{path}"));
    loop {
        link::serve(Length::new(listener.accept().await?.0), coding).await?;
    }
}

pub async fn measure(path: &str, coding: Coding, task: &Task) -> Result<Outcome> {
    let mut link = Length::new(UnixStream::connect(path).await?);
    link::measure(&mut link, coding, task).await
}

const BUFFER: usize = 64 * 1024;
