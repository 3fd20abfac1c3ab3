//! `Wanted`: how many messages are still to be printed.

use ipc_compat::{Socket, codes};
use ipc_core::Message;
use tokio::sync::watch;

use crate::commands::{endpoint, raw};
use crate::io::address::Address;
use crate::io::lines::Line;
use crate::io::stdout::Output;

/// Counts the messages that are still wanted.
#[derive(Debug)]
pub(crate) struct Wanted {
    left: watch::Sender<Option<usize>>,
}

impl Wanted {
    pub(crate) fn new(count: Option<usize>) -> Self {
        Self { left: watch::Sender::new(count) }
    }

    /// Prints a message and counts it, or does neither if it is not wanted any more.
    pub(crate) async fn print(
        &self,
        output: &Output,
        message: &Message,
        (socket, peer): (&Socket, Option<u64>),
    ) {
        if *self.left.borrow() == Some(0) {
            return;
        }
        let from = peer.and_then(|_| endpoint::udp_address(socket)).map(Address::from);
        let line = match raw::bytes(message, socket.format()) {
            Some(bytes) => Line::Data { peer, from, bytes },
            None => match message.payload().map(serde_json::from_slice).transpose() {
                Ok(data) => Line::Message { peer, from, name: message.event(), data },
                Err(error) => Line::Error {
                    code: codes::INVALID_DATA.into(),
                    message: error.to_string(),
                    peer,
                },
            },
        };
        output.print(&line).await;
        self.left.send_if_modified(|left| match left {
            Some(left) => {
                *left = left.saturating_sub(1);
                true
            }
            None => false,
        });
    }

    /// Waits until no more messages are wanted.
    pub(crate) async fn no_more(&self) {
        // The sender is `self`, so it cannot be gone.
        let _ = self.left.subscribe().wait_for(|left| *left == Some(0)).await;
    }
}
