//! What a client says first on each connection: who it is, and what it had subscribed to.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

use super::link::Link;
use super::socket_link::SocketLink;
use crate::calls::CallError;
use crate::error::Error;
use crate::groups::subscriptions::Subscriptions;
use crate::hello::{Greeting, Hello, HelloEnd, OnPlainPeer};
use crate::protocol::builtin::{HELLO, SUB, Value};
use crate::protocol::calls::{CallHead, Failure};
use crate::protocol::connection::Input;
use crate::runtime::calls::builtin::{format_of, info, outcome_of};
use crate::runtime::clock;
use crate::runtime::outbox::encode_frame;
use crate::{ClientEvent, Message, MessageFormat};

/// What a client says first on each connection, and what is known of the answer.
#[derive(Debug)]
pub(super) struct Greet {
    hello: Option<Hello>,
    pub(super) subscriptions: Subscriptions,
    /// What the server has answered on the present connection.
    pub(super) greeting: Option<Greeting>,
    /// When a server that has not answered counts as one that does not know `$hello`.
    answer_until: Option<Instant>,
    /// Why the client ends, if its server does not know `$hello`.
    pub(super) plain: Option<Arc<Error>>,
}

/// What a call is for that was written past the send queue.
#[derive(Debug, Clone, Copy)]
pub(super) enum Purpose {
    Hello,
    /// What is kept is asked for again.
    Subscriptions,
}

impl Greet {
    pub(super) fn new(hello: Option<Hello>) -> Self {
        let subscriptions = Subscriptions::default();
        Self { hello, subscriptions, greeting: None, answer_until: None, plain: None }
    }

    /// Forgets what the connection's server has answered.
    pub(super) fn connection_lost(&mut self) {
        (self.greeting, self.answer_until) = (None, None);
    }

    fn insists(&self) -> bool {
        self.hello.as_ref().is_some_and(|hello| hello.on_plain_peer == OnPlainPeer::Refuse)
    }
}

impl<F: MessageFormat> Link<F> {
    /// Says on a new connection what comes before the send queue. The socket has `within` to take it.
    pub(super) fn greet(&mut self, within: Duration) {
        // Put back below: it says what is said.
        let Some(mut greet) = self.greet.take() else { return };
        let now = clock::now();
        let mut preamble = BytesMut::new();
        let mut is_plain = false;
        if let Some(hello) = &greet.hello {
            let args = hello.args(info::features(&self.config, false, false));
            let name = hello.name.as_deref();
            match self.ask_past_queue(HELLO, name, &args, hello.timeout, Purpose::Hello) {
                Ok(frame) => {
                    preamble.extend_from_slice(&frame);
                    greet.answer_until = now.checked_add(hello.timeout);
                }
                // As good as a server that does not know it.
                Err(CallError::Unsupported(_)) => is_plain = true,
                Err(error) => {
                    self.report(Error::HelloRefused(error));
                    is_plain = true;
                }
            }
        }
        let patience = self.config.calls.deadline;
        let frames = greet.subscriptions.ask_again(|patterns| {
            self.ask_past_queue(SUB, None, patterns, patience, Purpose::Subscriptions)
        });
        match frames {
            Ok(frames) => frames.iter().for_each(|frame| preamble.extend_from_slice(frame)),
            Err(error) => drop(self.report(error)),
        }
        self.queue.hold(greet.insists());
        self.greet = Some(greet);
        if is_plain {
            return self.found_plain();
        }
        if let Some(socket) = self.socket_mut() {
            socket.say_first(preamble.freeze(), now.checked_add(within));
        }
    }

    /// Returns the frame of a call of a built-in method that is written past the send queue.
    fn ask_past_queue(
        &mut self,
        method: &str,
        sender: Option<&str>,
        args: &Value,
        within: Duration,
        purpose: Purpose,
    ) -> Result<Bytes, CallError> {
        let format = Arc::clone(&self.format);
        let format = format_of(&*format, &self.config)?;
        let number = self.calls().asker.take_number();
        let head = CallHead { number: Some(number), method, left: Some(within), credit: None };
        let encode = |out: &mut BytesMut| format.encode_builtin_call(&head, sender, args, out);
        let frame = encode_frame(&self.encoder, encode).map_err(CallError::NotSent)?;
        self.calls().asked.push((number, purpose));
        Ok(frame)
    }

    /// Handles the answer to a call that was written past the send queue.
    pub(super) fn answered_past_queue(
        &mut self,
        purpose: Purpose,
        more: bool,
        outcome: Result<Message, Failure>,
    ) {
        self.calls().answered_past_queue = true;
        let format = Arc::clone(&self.format);
        let Some(format) = format.calls() else { return };
        let outcome = outcome_of(more, outcome, format);
        match purpose {
            Purpose::Subscriptions => {
                if let Some(error) = Subscriptions::asked_again(outcome) {
                    self.report(error);
                }
            }
            Purpose::Hello => match HelloEnd::of(outcome) {
                Some(HelloEnd::Greeted(greeting)) => {
                    self.found_able();
                    if let Some(greet) = &mut self.greet {
                        greet.greeting = Some(greeting.clone());
                    }
                    self.push_event(ClientEvent::Greeted(greeting));
                }
                Some(HelloEnd::Refused(error)) => {
                    self.found_able();
                    self.report(Error::HelloRefused(error));
                }
                Some(HelloEnd::Plain) => self.found_plain(),
                None => {}
            },
        }
    }

    /// Handles that the server knows `$hello`: what waits may be sent.
    fn found_able(&mut self) {
        if let Some(greet) = &mut self.greet {
            greet.answer_until = None;
        }
        self.queue.hold(false);
        self.write();
    }

    /// Handles that the server does not know `$hello`.
    fn found_plain(&mut self) {
        let Some(greet) = &mut self.greet else { return };
        greet.answer_until = None;
        if greet.insists() {
            let error = self.report(Error::PlainPeer);
            if let Some(greet) = &mut self.greet {
                greet.plain = Some(error);
            }
            self.ends = true;
            self.handle(Input::Disconnect);
        }
    }

    /// Looks at what the server has had time for, and returns when to look again.
    pub(super) fn turn_greeting(&mut self) -> Option<Instant> {
        let answer_until = self.greet.as_ref()?.answer_until;
        let read_until = self.socket().and_then(SocketLink::says_first_until);
        let at = [answer_until, read_until].into_iter().flatten().min()?;
        let is_over = |until: Option<Instant>, now| until.is_some_and(|until| until <= now);
        let now = clock::now();
        if at > now {
            return Some(at);
        }
        if is_over(answer_until, now) {
            self.found_plain();
        }
        if let Some(socket) = self.socket_mut().filter(|_| is_over(read_until, now)) {
            socket.give_up_first();
        }
        [answer_until, read_until].into_iter().flatten().filter(|at| *at > now).min()
    }
}
