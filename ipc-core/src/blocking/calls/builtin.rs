//! The library's own methods, which the program does not see: answered while this side waits.

use std::sync::Arc;
use std::time::Instant;

use crate::blocking::identities::LOOK_EVERY;
use crate::blocking::link::Link;
use crate::hello::{Bye, Claim};
use crate::protocol::builtin::{BYE, BuiltinFormat, HELLO, INFO, PING};
use crate::protocol::calls::{CallFormat, CallHead, CallNumber, Failure};
use crate::runtime::calls::builtin::{self, Reply, format_of, hello, info};
use crate::runtime::clock;
use crate::{ClientEvent, Message, MessageFormat};

impl<F: MessageFormat> Link<F> {
    /// Answers a call of a built-in method. Returns `false` if the format has none.
    #[cold]
    pub(super) fn called_builtin(&mut self, number: Option<&CallNumber>, args: &Message) -> bool {
        let format = Arc::clone(&self.format);
        let Some(format) = format.calls().and_then(CallFormat::builtins) else { return false };
        let reply = match (args.event(), number) {
            (HELLO, _) => self.said_hello(format, args),
            (BYE, None) => {
                self.told_bye(format, args);
                return true;
            }
            // Its answer is all that they do.
            (_, None) => return true,
            (INFO, _) => {
                let (config, identities) = (&self.config, self.entry.is_some());
                let asker = self.socket().map(|socket| socket.stream().peer());
                // The program decides when a call comes, and answers each once.
                info::Side { config, asker, methods: None, streams: false, identities }.answer()
            }
            (PING, _) => Ok(None),
            // A server of this driver publishes nothing.
            (other, _) => Err(Failure::unknown_method(other)),
        };
        let refused = reply.as_ref().err().filter(|failure| *failure.code == *"refused");
        let bye = refused.map(|failure| Bye::new("refused", failure.message.clone()));
        if let Some(number) = number {
            // One that finds no room is dropped, as a failure is.
            let _ = builtin::answer(format, number, reply, |write| self.reply(write));
        }
        if let Some(bye) = bye {
            self.dismiss(&bye);
        }
        true
    }

    /// Handles that a peer of a server says who it is.
    fn said_hello(&mut self, format: &dyn BuiltinFormat, args: &Message) -> Reply {
        if self.entry.is_none() {
            return Err(Failure::unknown_method(HELLO));
        }
        if self.config.admits_by_token {
            let is_identified = self.entry.as_ref().is_some_and(|entry| entry.identity().is_some());
            return Err(hello::too_late(is_identified));
        }
        let claim = Claim::read(format, args)?;
        if self.closed || self.calls().closing {
            return Err(Failure::closing());
        }
        let features = info::features(&self.config, false, true);
        let greeting = self.entry.as_mut().map(|entry| entry.enter(claim, features)).transpose()?;
        Ok(greeting.map(|greeting| greeting.to_value()))
    }

    /// Answers the hello of a peer that was let in by it, and takes what was read of the peer before.
    pub(in crate::blocking) fn let_in(&mut self, number: Option<&CallNumber>, first: &[u8]) {
        let format = Arc::clone(&self.format);
        let format = format.calls().and_then(CallFormat::builtins);
        if let (Some(number), Some(format), Some(entry)) = (number, format, &self.entry) {
            let greeting = entry.greeting(info::features(&self.config, false, true)).to_value();
            // One that finds no room is dropped, as any.
            let _ = builtin::answer(format, number, Ok(Some(greeting)), |write| self.reply(write));
        }
        if let Some(socket) = self.socket_mut() {
            socket.machine.inbound().extend(first);
        }
    }

    /// Handles that the server is about to close the connection. What a client tells a server is ignored.
    fn told_bye(&mut self, format: &dyn BuiltinFormat, args: &Message) {
        if self.entry.is_none() {
            let bye = Bye::of(&format.read_value(args).unwrap_or_default());
            self.ends = bye.ends(self.config.when_dismissed);
            self.push_event(ClientEvent::Dismissed(bye));
        }
    }

    /// Tells the peer why, after everything else, and starts closing. Nothing is sent after that.
    pub(in crate::blocking) fn dismiss(&mut self, bye: &Bye) {
        self.close_calls();
        let format = Arc::clone(&self.format);
        if let Ok(format) = format_of(&*format, &self.config) {
            let head = CallHead { number: None, method: BYE, left: None, credit: None };
            // One that finds no room is dropped: the connection is closed all the same.
            let _ = self.push(|queue| {
                let encode =
                    |out: &mut _| format.encode_builtin_call(&head, None, &bye.args(), out);
                queue.push(encode).map(drop)
            });
        }
        self.closed = true;
        self.write();
        self.start_closing();
    }

    /// Does what another thread wants of this connection, and returns when to look again.
    pub(in crate::blocking) fn turn_entry(&mut self) -> Option<Instant> {
        if self.closed || !self.entry.as_ref()?.may_be_replaced() {
            return None;
        }
        if let Some(bye) = self.entry.as_ref()?.take_bye() {
            self.dismiss(&bye);
            return None;
        }
        clock::now().checked_add(LOOK_EVERY)
    }
}
