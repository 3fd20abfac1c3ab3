//! A client's `$hello`: written to a new socket before anything that waits, and its answer.

use std::future::pending;
use std::io;
use std::pin::pin;
use std::sync::Arc;

use ipc_transport::WriteHalf;
use tokio::io::AsyncWriteExt;
use tokio::sync::oneshot;

use crate::error::{DisconnectReason, Error};
use crate::hello::{Greeting, Hello, OnPlainPeer};
use crate::protocol::builtin::HELLO;
use crate::protocol::calls::Sent;
use crate::runtime::calls::builtin::{Asked, HelloEnd, Outcome, Report, info};
use crate::runtime::client::task::{Control, Task};
use crate::runtime::connection::Connection;
use crate::runtime::outbox::Want;
use crate::{CallError, ClientEvent, MessageFormat};

/// A hello that was said on the present connection.
pub(super) struct SaidHello<F: MessageFormat> {
    hello: Hello,
    /// Told once whether the server knows `$hello`.
    known: oneshot::Receiver<bool>,
    /// Kept as long as the connection: an answer that comes late still is one.
    _asked: Option<Asked<F>>,
}

impl<F: MessageFormat> Task<F> {
    /// Says hello on a new connection. Fails if it could not be written whole: then nothing else may be
    /// written either.
    pub(super) async fn say_hello(
        &mut self,
        hello: Hello,
        writer: &mut WriteHalf,
    ) -> Result<SaidHello<F>, Error> {
        let (tell, known) = oneshot::channel();
        let control = Arc::clone(&self.control);
        let args = hello.args(info::features(&self.config, true));
        let on_answer = move |outcome| on_answer(outcome, &control, tell);
        let name = hello.name.as_deref();
        let asked = match self.peer.ask_past_queue(HELLO, name, &args, hello.timeout, on_answer) {
            Ok((asked, frame)) => {
                self.write_hello(&hello, writer, &frame).await?;
                Some(asked)
            }
            // As good as a server that does not know it.
            Err(CallError::Unsupported(_)) => None,
            Err(error) => {
                let error = Error::HelloRefused(error);
                self.dispatcher.error(Some(&self.peer), error, &mut self.backlog);
                None
            }
        };
        Ok(SaidHello { hello, known, _asked: asked })
    }

    async fn write_hello(
        &mut self,
        hello: &Hello,
        writer: &mut WriteHalf,
        frame: &[u8],
    ) -> Result<(), Error> {
        let peer = self.peer.clone();
        let writing = async {
            writer.write_all(frame).await?;
            writer.flush().await
        };
        let mut writing = pin!(tokio::time::timeout(hello.timeout, writing));
        let written = loop {
            tokio::select! {
                biased;
                written = &mut writing => break written,
                () = peer.outbox().control.notified() => {
                    if peer.outbox().wanted() == Want::Disconnect {
                        return Err(Error::Write(io::ErrorKind::Interrupted.into()));
                    }
                }
            }
        };
        match written {
            // If it has failed, the connection finds that out itself, and reads what the server has said.
            Ok(_) => Ok(()),
            Err(_) => Err(Error::Write(io::ErrorKind::TimedOut.into())),
        }
    }

    /// Runs a connection on which hello was said.
    pub(super) async fn run_greeted(
        &mut self,
        connection: &mut Connection<F, ClientEvent>,
        said: SaidHello<F>,
    ) -> DisconnectReason {
        let SaidHello { hello, known, _asked } = said;
        let is_plain = async {
            match tokio::time::timeout(hello.timeout, known).await {
                Ok(Ok(known)) => !known,
                // There was no question.
                Ok(Err(_)) if _asked.is_none() => true,
                // The connection is about to end.
                Ok(Err(_)) => pending().await,
                Err(_) => true,
            }
        };
        let is_plain = tokio::select! {
            biased;
            reason = &mut *connection => return reason,
            is_plain = is_plain => is_plain,
        };
        if !is_plain || hello.on_plain_peer == OnPlainPeer::Ignore {
            return connection.await;
        }
        let error = connection.report(Error::PlainPeer);
        self.control.set_last_error(Some(Arc::clone(&error)));
        self.peer.outbox().want(Want::Disconnect);
        let _ = connection.await;
        DisconnectReason::Error(error)
    }
}

/// Handles the outcome of `$hello`.
fn on_answer(outcome: Outcome, control: &Control, tell: oneshot::Sender<bool>) -> Option<Report> {
    let end = match outcome {
        Ok(answer) => match Greeting::from_value(&answer) {
            Some(greeting) => {
                control.set_greeting(Some(greeting.clone()));
                HelloEnd::Greeted(greeting)
            }
            None => HelloEnd::Plain,
        },
        // Not answered. Whoever waits ends with the connection.
        Err(
            CallError::Disconnected { sent: Sent::Maybe | Sent::No } | CallError::Closed { .. },
        ) => return None,
        Err(error) if REFUSALS.contains(&error.code()) => HelloEnd::Refused(error),
        // A plain peer answers any call, with whatever error it has for an unknown one.
        Err(_) => HelloEnd::Plain,
    };
    // Nobody waits any more if the answer is late.
    let _ = tell.send(!matches!(end, HelloEnd::Plain));
    Some(Report::Hello(end))
}

/// What a server answers that knows `$hello` and does not accept this one.
const REFUSALS: [&str; 6] = [
    "invalid_args",
    "unsupported_version",
    "repeated_hello",
    "identity_in_use",
    "refused",
    "denied",
];
