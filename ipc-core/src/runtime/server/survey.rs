//! Calls and notices to many peers.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::calls::{CallError, ReservedEvents};
use crate::error::EmitError;
use crate::protocol::calls::{CallHead, EncodeCall};
use crate::runtime::calls::survey::{Survey, Time};
use crate::runtime::outbox::encode_frame;
use crate::runtime::server::broadcast::Broadcast;
use crate::{BroadcastReport, DecodePayload, MessageFormat, Target};

/// A call of many peers that is made by [`survey`](Self::survey). See [`Target::call`].
#[must_use = "the call is made by `survey`"]
pub struct Surveying<'a, F: MessageFormat, A: ?Sized> {
    target: &'a Target<'a, F>,
    method: &'a str,
    args: &'a A,
    within: Duration,
    detached: bool,
}

impl<'t, F: MessageFormat> Target<'t, F> {
    /// Calls a method of each of these peers: `server.to("workers").call("load", &()).survey::<f64>()`. The
    /// call is encoded once, and made by [`Surveying::survey`].
    ///
    /// # Examples
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use ipc_core::{MsgPack, Server};
    /// # async fn example(server: Server<MsgPack>) {
    /// let workers = server.to("workers");
    /// let mut survey = workers.call("load", &()).within(Duration::from_secs(2)).survey::<f64>();
    /// while let Some((peer, load)) = survey.next().await {
    ///     match load {
    ///         Ok(load) => println!("{peer}: {load}"),
    ///         Err(error) => println!("{peer} has not answered: {error}"),
    ///     }
    /// }
    /// # }
    /// ```
    pub fn call<'a, A: ?Sized>(&'a self, method: &'a str, args: &'a A) -> Surveying<'a, F, A>
    where
        F: EncodeCall<A>,
    {
        Surveying { target: self, method, args, within: DEADLINE, detached: false }
    }

    /// Calls a method of each of these peers without waiting for it: it is not answered. Encoded once, and
    /// queued as [`emit`](Self::emit) does.
    ///
    /// # Errors
    ///
    /// [`EmitError`] if the arguments cannot be sent to any peer. What a single peer did not take is in the
    /// report, and so is [`EmitError::UnknownPeer`] for a peer that was named and is not connected.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{MsgPack, Server};
    /// # async fn example(server: Server<MsgPack>) -> Result<(), Box<dyn std::error::Error>> {
    /// let report = server.to("workers").notice("reload", &())?;
    /// println!("sent to {} peers", report.sent);
    /// # Ok(()) }
    /// ```
    pub fn notice<A: ?Sized>(&self, method: &str, args: &A) -> Result<BroadcastReport, EmitError>
    where
        F: EncodeCall<A>,
    {
        let shared = self.shared();
        let head = CallHead { number: None, method, left: None, credit: None };
        let encode = |out: &mut _| shared.format.encode_call(&head, args, out);
        let frame = encode_frame(&shared.encoder, encode)?;
        Ok(Broadcast::new(frame, self.select()).emit())
    }
}

impl<F: MessageFormat, A: ?Sized> Surveying<'_, F, A> {
    /// Sets how long the peers may take together, waiting in the send queues included. Default: 5 s,
    /// and within a method that answers a call at most what that one has left.
    pub fn within(self, limit: Duration) -> Self {
        Self { within: limit, ..self }
    }

    /// Makes the survey independent of the call that is being answered: its deadline is not cut to what
    /// that one has left.
    pub fn detached(self) -> Self {
        Self { detached: true, ..self }
    }

    /// Makes the call of the peers that the target has at this moment, without waiting, and returns the
    /// stream of their answers, each read as an `R`: of each peer exactly one.
    ///
    /// A peer that is not asked has an item that says why: its send queue is full (it is never waited
    /// for) or the arguments cannot be sent ([`CallError::NotSent`]), as many of its calls are open as
    /// may be ([`CallError::TooMany`]), it was named and is not connected ([`CallError::NotSent`] with
    /// [`EmitError::UnknownPeer`]), it is about to close ([`CallError::Closed`]), or there are no such
    /// calls ([`CallError::Unsupported`]). The others are not affected. A peer that knows nothing of
    /// calls ends in [`CallError::Deadline`], one that goes in [`CallError::Disconnected`], at once.
    ///
    /// The deadline is noticed when the stream is read.
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{MsgPack, Server};
    /// # async fn example(server: Server<MsgPack>) {
    /// let answers = server.all().call("version", &()).survey::<String>().gather().await;
    /// let old = answers.iter().filter(|(_, version)| version.as_deref().is_ok_and(|v| v < "2"));
    /// println!("{} of {} peers are old", old.count(), answers.len());
    /// # }
    /// ```
    pub fn survey<R>(self) -> Survey<F, R>
    where
        F: EncodeCall<A> + DecodePayload<R>,
    {
        let Self { target, method, args, within, detached } = self;
        let shared = target.shared();
        let time = Time::of(within, detached);
        let number = shared.surveys.take();
        let survey = Survey::new(Arc::clone(&shared.format), target.select(), number, time);
        let head = CallHead { number: Some(number), method, left: Some(time.within), credit: None };
        let encode = |out: &mut _| shared.format.encode_call(&head, args, out);
        let frame = target
            .check_calls()
            .and_then(|()| encode_frame(&shared.encoder, encode).map_err(CallError::NotSent));
        match frame {
            Ok(frame) => survey.ask(&frame),
            Err(error) => survey.fail_all(&error),
        }
        survey
    }
}

impl<F: MessageFormat> Target<'_, F> {
    /// Returns whether one call can be made of many peers.
    fn check_calls(&self) -> Result<(), CallError> {
        let shared = self.shared();
        let Some(format) = shared.format.calls() else {
            return Err(CallError::Unsupported("this format has no calls"));
        };
        if shared.config.calls.reserved_events == ReservedEvents::Ordinary {
            return Err(CallError::Unsupported("calls are switched off by `reserved_events`"));
        }
        if !format.answers_have_numbers() {
            return Err(CallError::Unsupported("answers have no numbers in this format"));
        }
        Ok(())
    }
}

impl<F: MessageFormat, A: ?Sized> fmt::Debug for Surveying<'_, F, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Surveying").field("method", &self.method).finish_non_exhaustive()
    }
}

/// How long a survey takes at most, unless the program says otherwise.
const DEADLINE: Duration = Duration::from_secs(5);
