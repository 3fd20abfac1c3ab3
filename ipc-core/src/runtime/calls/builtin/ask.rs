//! Asking a built-in method of the peer: by the driver, with a function that is given the outcome, or by
//! a future.

use std::future::Future;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::sync::oneshot;

use super::Report;
use super::waiting::{OnAnswer, Outcome, Way};
use crate::calls::{CallError, CallOptions, ReservedEvents};
use crate::error::EmitError;
use crate::options::ConnectionConfig;
use crate::protocol::builtin::{About, BuiltinFormat, INFO, Value};
use crate::protocol::calls::{CallFormat, CallHead, Failure, Sent};
use crate::runtime::calls::Calls;
use crate::{Client, FormatError, Message, MessageFormat, Peer};

/// A call of a built-in method that was made. When it is dropped, its outcome is not wanted any more:
/// the function that would be given it is dropped. The peer is not told to cancel, since built-in methods
/// answer at once.
pub(crate) struct Asked<F: MessageFormat> {
    peer: Peer<F>,
    number: u64,
}

impl<F: MessageFormat> Asked<F> {
    /// Lets the call end by itself: its outcome is wanted however long it takes.
    pub(crate) fn keep(mut self) {
        // No call has this number.
        self.number = 0;
    }

    /// Returns whether there was no outcome yet.
    pub(super) fn is_open(&self) -> bool {
        self.peer.calls().lock().waiting.is_open(self.number)
    }
}

impl<F: MessageFormat> Drop for Asked<F> {
    fn drop(&mut self) {
        let unwanted = self.peer.calls().lock().waiting.take(self.number);
        // It may do anything, so not under the lock.
        drop(unwanted);
    }
}

impl<F: MessageFormat> Peer<F> {
    /// Calls a built-in method of the peer, through the send queue; one that is `bound` to the present
    /// connection goes over no other. `on_answer` is given the outcome,
    /// exactly once, unless what this returns is dropped before: the result, a failure, or the loss of the
    /// connection. There is no deadline but that of the caller; `within` is what the peer is told.
    ///
    /// A call that finds no room is an error under every policy.
    pub(crate) fn ask_builtin(
        &self,
        method: &str,
        args: &Value,
        within: Duration,
        bound: bool,
        on_answer: impl FnOnce(Outcome) -> Option<Report> + Send + 'static,
    ) -> Result<Asked<F>, CallError> {
        let format = self.builtin_format()?;
        let way = if bound { Way::Bound } else { Way::Queue };
        let number = self.calls().expect(way, Box::new(on_answer))?;
        // From now on dropped with what is returned.
        let asked = Asked { peer: self.clone(), number };
        let head = CallHead { number: Some(number), method, left: Some(within), credit: None };
        let mut state = self.calls().lock();
        let encode = |out: &mut BytesMut| format.encode_builtin_call(&head, None, args, out);
        let note = |frame| {
            state.waiting.queued(number, frame);
            // Writing may follow, which must not keep answers from being handled.
            drop(state);
        };
        let queued = if bound {
            let queued = self.outbox().emit_numbered_if_connected(encode, note);
            queued.ok_or(CallError::Disconnected { sent: Sent::No })?
        } else {
            self.outbox().emit_numbered(encode, note)
        };
        match queued {
            Ok(()) => Ok(asked),
            Err(EmitError::Closed) => Err(CallError::Closed { sent: Sent::No }),
            Err(error) => Err(CallError::NotSent(error)),
        }
    }

    /// Returns a call of a built-in method that is not put into the send queue, and its frame, which is to
    /// be written to the present connection: it ends with that. `sender` is the name of this side, and
    /// `on_answer` as with [`ask_builtin`](Self::ask_builtin).
    pub(crate) fn ask_past_queue(
        &self,
        method: &str,
        sender: Option<&str>,
        args: &Value,
        within: Duration,
        on_answer: impl FnOnce(Outcome) -> Option<Report> + Send + 'static,
    ) -> Result<(Asked<F>, Bytes), CallError> {
        let format = self.builtin_format()?;
        let number = self.calls().expect(Way::PastQueue, Box::new(on_answer))?;
        // From now on dropped with what is returned.
        let asked = Asked { peer: self.clone(), number };
        let head = CallHead { number: Some(number), method, left: Some(within), credit: None };
        let encode = |out: &mut BytesMut| format.encode_builtin_call(&head, sender, args, out);
        let frame = self.outbox().frame(encode).map_err(CallError::NotSent)?;
        match self.config().max_datagram {
            Some(limit) if frame.len() > limit => {
                let actual = frame.len();
                Err(CallError::NotSent(EmitError::TooLargeForDatagram { limit, actual }))
            }
            _ => Ok((asked, frame)),
        }
    }

    /// Asks the peer what it is and which methods it answers. A peer that is not a program of this library
    /// answers with an error, or not at all; and one may keep it to itself (see
    /// [`CallOptions::show_info`](crate::CallOptions::show_info)).
    ///
    /// # Errors
    ///
    /// [`CallError`], as of a [`call`](Self::call): among others `Denied`, `UnknownMethod`, `NotSent` if
    /// the send queue is full, `Deadline` after the option
    /// [`deadline`](crate::CallOptions::deadline), and `Disconnected`, without a connection at once if the
    /// option [`fail_when_disconnected`](crate::CallOptions::fail_when_disconnected) says so.
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the answer is ignored.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{MsgPack, Server};
    /// # async fn example(server: Server<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// for peer in server.peers() {
    ///     println!("{} is process {:?}", peer.id(), peer.about().await?.pid);
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn about(&self) -> Result<About, CallError> {
        asking(self)?.await
    }

    /// Returns how built-in methods are written, if this peer has them.
    pub(super) fn builtin_format(&self) -> Result<&dyn BuiltinFormat, CallError> {
        format_of(self.format(), self.config())
    }
}

impl<F: MessageFormat> Client<F> {
    /// Asks the server what it is and which methods it answers. See [`Peer::about`]. Starts the client.
    ///
    /// # Errors
    ///
    /// [`CallError`].
    ///
    /// # Cancel safety
    ///
    /// If it is dropped before it is done, the answer is ignored.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{Client, MsgPack};
    /// # async fn example(client: Client<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// for method in client.about().await?.methods.unwrap_or_default() {
    ///     println!("{}", method.name);
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn about(&self) -> Result<About, CallError> {
        let asking = {
            let starting = self.inner().beginning();
            let _begins_after_this = starting.map_err(|error| CallError::NotSent(error.into()))?;
            asking(self.peer())?
        };
        asking.await
    }
}

/// Asks the peer what it is, and returns the future of its answer.
fn asking<F: MessageFormat>(
    peer: &Peer<F>,
) -> Result<impl Future<Output = Result<About, CallError>> + use<F>, CallError> {
    let CallOptions { deadline: within, fail_when_disconnected: bound, .. } = peer.config().calls;
    let (answer, answered) = oneshot::channel();
    let on_answer = |outcome| {
        // Whoever asked may be gone.
        let _ = answer.send(outcome);
        None
    };
    let asked = peer.ask_builtin(INFO, &Value::Null, within, bound, on_answer)?;
    Ok(async move {
        let answered = tokio::time::timeout(within, answered).await;
        drop(asked);
        let value = match answered {
            Ok(Ok(outcome)) => outcome?,
            Ok(Err(_)) => return Err(CallError::Closed { sent: Sent::Maybe }),
            Err(_) => return Err(CallError::Deadline { within }),
        };
        about_of(&value)
    })
}

/// Returns what the result of `$info` says.
pub(crate) fn about_of(value: &Value) -> Result<About, CallError> {
    let other = || FormatError::new("invalid_info", "what the peer says of itself is no map");
    About::from_value(value).ok_or_else(|| CallError::InvalidResult(other()))
}

impl Calls {
    /// Returns the number of a call of a built-in method whose outcome `on_answer` is given. A call that
    /// is not put into the send queue after this counts as written.
    fn expect(&self, way: Way, on_answer: OnAnswer) -> Result<u64, CallError> {
        let mut state = self.lock();
        if state.closed {
            return Err(CallError::Closed { sent: Sent::No });
        }
        let number = state.asker.take_number();
        state.waiting.add(number, way, on_answer)?;
        Ok(number)
    }
}

/// Returns how built-in methods are written, if a side with this format and config has them.
pub(crate) fn format_of<'a>(
    format: &'a impl MessageFormat,
    config: &ConnectionConfig,
) -> Result<&'a dyn BuiltinFormat, CallError> {
    if config.calls.reserved_events == ReservedEvents::Ordinary {
        return Err(CallError::Unsupported("calls are switched off by `reserved_events`"));
    }
    let format = format.calls().and_then(CallFormat::builtins);
    format.ok_or(CallError::Unsupported("this format has no built-in methods"))
}

/// Returns how the call of a built-in method has ended that is answered with this.
pub(crate) fn outcome_of(
    more: bool,
    outcome: Result<Message, Failure>,
    format: &dyn CallFormat,
) -> Outcome {
    match (outcome, format.builtins()) {
        (Err(failure), _) => Err(failure.into()),
        (Ok(_), _) if more => Err(CallError::UnexpectedStream),
        (Ok(result), Some(format)) => format.read_value(&result).map_err(CallError::InvalidResult),
        (Ok(_), None) => Err(CallError::Unsupported("this format has no built-in methods")),
    }
}
