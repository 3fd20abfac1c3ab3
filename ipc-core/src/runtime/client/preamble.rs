//! The preamble: what a client writes to a new connection before anything that waits in its queue.

use std::io;
use std::pin::pin;
use std::sync::{Arc, Weak};

use bytes::Bytes;
use ipc_transport::WriteHalf;
use tokio::io::AsyncWriteExt;

use super::task::Task;
use super::topics;
use crate::MessageFormat;
use crate::error::Error;
use crate::runtime::lanes::report::Report;

impl<F: MessageFormat> Task<F> {
    /// Writes the preamble to the socket, past the send queue, which is not given the socket before.
    ///
    /// # Errors
    ///
    /// If the connection cannot go on, since the socket did not take all of it within the time that
    /// connecting may take, or (`None`) the program has closed the client.
    pub(super) async fn write_preamble(
        &mut self,
        hello: Option<Bytes>,
        writer: &mut WriteHalf,
    ) -> Result<(), Option<Error>> {
        let frames: Vec<_> = hello.into_iter().chain(self.preamble_frames()).collect();
        if frames.is_empty() {
            return Ok(());
        }
        let peer = self.peer.clone();
        let mut writing = pin!(tokio::time::timeout(self.connect_timeout, write(writer, &frames)));
        loop {
            tokio::select! {
                biased;
                () = peer.outbox().control.notified() => {
                    if peer.outbox().is_hung_up() {
                        return Err(None);
                    }
                }
                written = &mut writing => return match written {
                    // An error shows again when the connection reads or writes, which reports it.
                    Ok(_) => Ok(()),
                    Err(_) => Err(Some(Error::Write(io::ErrorKind::TimedOut.into()))),
                },
            }
        }
    }

    fn preamble_frames(&mut self) -> Vec<Bytes> {
        let Some(subscriptions) = self.control.subscriptions.get() else { return Vec::new() };
        let within = self.config.calls.deadline;
        let dispatcher = Arc::downgrade(&self.dispatcher) as Weak<dyn Report<F>>;
        topics::frames(&self.peer, subscriptions, within, &dispatcher).unwrap_or_else(|error| {
            let error = Error::NotSubscribed(error);
            self.dispatcher.error(Some(&self.peer), error, &mut self.backlog);
            Vec::new()
        })
    }
}

/// Writes each frame alone: a datagram is one.
async fn write(writer: &mut WriteHalf, frames: &[Bytes]) -> io::Result<()> {
    for frame in frames {
        writer.write_all(frame).await?;
    }
    writer.flush().await
}
