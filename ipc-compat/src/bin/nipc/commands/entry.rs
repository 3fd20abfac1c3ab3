//! `Entry`: whether a server has let in a client that says hello.

use std::time::Duration;

use ipc_compat::IpcClient;
use ipc_core::{ClientEvent, Error, Hello};
use tokio::sync::watch;

use crate::exit::Exit;
use crate::io::stderr::Diagnostics;

/// What a client knows of whether its server has let it in.
#[derive(Debug)]
pub(crate) struct Entry {
    /// How long the server may take to answer the hello, if one is said.
    patience: Option<Duration>,
    answer: watch::Receiver<Answer>,
}

/// What the server has answered to the hello of the last connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// Nothing so far.
    Awaited,
    /// The connection ended without one.
    None,
    Greeted,
    /// The server does not take the hello. It may still handle what the client sends.
    Refused,
    /// The server does not take it, and ends the connection.
    TurnedAway,
}

impl Answer {
    fn after(self, event: &ClientEvent) -> Self {
        match (event, self) {
            // What was sent to one that turned the client away is lost, whatever follows.
            (ClientEvent::Connect, Self::None) => Self::Awaited,
            (ClientEvent::Greeted(_), _) => Self::Greeted,
            (ClientEvent::Error(error), _) if matches!(**error, Error::HelloRefused(_)) => {
                Self::Refused
            }
            (ClientEvent::Dismissed(_), Self::Refused) => Self::TurnedAway,
            (ClientEvent::Disconnect(_), Self::Awaited | Self::Refused) => Self::None,
            (_, answer) => answer,
        }
    }
}

impl Entry {
    /// Watches what becomes of this hello of a client, which has not started yet.
    pub(crate) fn watch(client: &IpcClient, hello: Option<&Hello>) -> Self {
        let (sender, answer) = watch::channel(Answer::Awaited);
        client.core().on_lifecycle(move |event| {
            sender.send_modify(|answer| *answer = answer.after(event));
        });
        Self { patience: hello.map(|hello| hello.timeout), answer }
    }

    /// Waits until it is known whether the client is in, if it says hello.
    pub(crate) async fn answered(&self) {
        let Some(patience) = self.patience else { return };
        let mut answer = self.answer.clone();
        let is_known = |answer: &Answer| !matches!(answer, Answer::Awaited | Answer::Refused);
        let known = answer.wait_for(is_known);
        // One that has not answered in time does not know the hello, and one that has gone on does not insist
        // on it.
        let _ = tokio::time::timeout(patience, known).await;
    }

    /// Says that the server does not let the client in, if that is so, and returns how the command ends.
    pub(crate) fn refused(&self, log: Diagnostics) -> Option<Exit> {
        (*self.answer.borrow() == Answer::TurnedAway).then(|| not_let_in(log))
    }
}

/// Says that the server does not let the client in.
pub(crate) fn not_let_in(log: Diagnostics) -> Exit {
    log.fail(format_args!("the server does not let this client in"));
    Exit::Failed
}
