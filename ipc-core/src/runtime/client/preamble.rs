//! The preamble: what a client writes to a new connection before anything that waits in its queue.

use std::io;
use std::pin::pin;

use bytes::Bytes;
use ipc_transport::WriteHalf;
use tokio::io::AsyncWriteExt;

use super::task::Task;
use crate::MessageFormat;
use crate::error::Error;
use crate::groups::subscriptions::Subscriptions;
use crate::protocol::builtin::SUB;
use crate::runtime::calls::builtin::Report;

impl<F: MessageFormat> Task<F> {
    /// Writes the preamble, with `first` at its beginning, to the socket, past the send queue, which is not given the socket before.
    ///
    /// # Errors
    ///
    /// If the connection cannot go on, since the socket did not take all of it within the time that
    /// connecting may take, or (`None`) the program has closed the client.
    pub(super) async fn write_preamble(
        &mut self,
        first: Option<Bytes>,
        writer: &mut WriteHalf,
    ) -> Result<(), Option<Error>> {
        let mut frames = Vec::from_iter(first);
        frames.extend(self.preamble_frames());
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
        let (peer, within) = (&self.peer, self.config.calls.deadline);
        let on_answer = |outcome| Subscriptions::asked_again(outcome).map(Report::Error);
        let frames = self.control.subscriptions().ask_again(|patterns| {
            let (asked, frame) = peer.ask_past_queue(SUB, None, patterns, within, on_answer)?;
            asked.keep();
            Ok(frame)
        });
        frames.unwrap_or_else(|error| {
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
