//! A client's `$hello`: written to a new socket before anything that waits, and its answer.

use std::future::pending;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::oneshot;

use crate::error::{DisconnectReason, Error};
use crate::hello::{Hello, HelloEnd, OnPlainPeer};
use crate::protocol::builtin::HELLO;
use crate::runtime::calls::builtin::{Asked, Outcome, Report, info};
use crate::runtime::client::task::{Control, Task};
use crate::runtime::connection::Connection;
use crate::runtime::outbox::Want;
use crate::{CallError, ClientEvent, MessageFormat, Peer};

/// A hello that was said on the present connection.
pub(super) struct SaidHello<F: MessageFormat> {
    hello: Hello,
    /// Told once whether the server knows `$hello`.
    known: oneshot::Receiver<bool>,
    /// Kept as long as the connection: an answer that comes late still is one.
    _asked: Option<Asked<F>>,
}

impl<F: MessageFormat> Task<F> {
    /// Returns a hello for a new connection, and its frame if there is a way to say it.
    pub(super) fn make_hello(&mut self, hello: Hello) -> (SaidHello<F>, Option<Bytes>) {
        let (tell, known) = oneshot::channel();
        let control = Arc::clone(&self.control);
        let args = hello.args(info::features(&self.config, true, false));
        let on_answer = move |outcome| on_answer(outcome, &control, tell);
        let name = hello.name.as_deref();
        let asked = match self.peer.ask_past_queue(HELLO, name, &args, hello.timeout, on_answer) {
            Ok(asked) => Some(asked),
            // As good as a server that does not know it.
            Err(CallError::Unsupported(_)) => None,
            Err(error) => {
                let error = Error::HelloRefused(error);
                self.dispatcher.error(Some(&self.peer), error, &mut self.backlog);
                None
            }
        };
        let (_asked, frame) = asked.unzip();
        (SaidHello { hello, known, _asked }, frame)
    }
}

impl<F: MessageFormat> SaidHello<F> {
    /// Returns whether nothing may be sent before the server has shown that it knows `$hello`.
    pub(super) fn insists(&self) -> bool {
        self.hello.on_plain_peer == OnPlainPeer::Refuse
    }

    /// Runs the connection on which the hello was said.
    pub(super) async fn run(
        self,
        connection: &mut Connection<F, ClientEvent>,
        control: &Control,
        peer: Peer<F>,
    ) -> DisconnectReason {
        let Self { hello, known, _asked } = self;
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
            peer.outbox().hold(false);
            return connection.await;
        }
        let error = connection.report(Error::PlainPeer);
        control.set_last_error(Some(Arc::clone(&error)));
        peer.outbox().want(Want::Disconnect);
        let _ = connection.await;
        DisconnectReason::Error(error)
    }
}

/// Handles the outcome of `$hello`.
fn on_answer(outcome: Outcome, control: &Control, tell: oneshot::Sender<bool>) -> Option<Report> {
    // Not answered: whoever waits ends with the connection.
    let end = HelloEnd::of(outcome)?;
    if let HelloEnd::Greeted(greeting) = &end {
        control.set_greeting(Some(greeting.clone()));
    }
    // The connection waits no longer if the answer is late.
    let _ = tell.send(!matches!(end, HelloEnd::Plain));
    Some(Report::Hello(end))
}
