//! `$bye`: the server says why it is about to close the connection.

use bytes::BytesMut;

use super::{Notice, Report};
use crate::hello::Bye;
use crate::protocol::builtin::{BYE, BuiltinFormat};
use crate::protocol::calls::CallHead;
use crate::runtime::server::directory::Dismiss;
use crate::{FormatError, Message, MessageFormat, Peer};

/// Handles it on the side of a client. What a client tells a server is ignored.
pub(super) fn handle<F: MessageFormat>(
    peer: &Peer<F>,
    format: &dyn BuiltinFormat,
    args: &Message,
) -> Option<Report> {
    if peer.config().directory.is_some() {
        return None;
    }
    let args = format.read_value(args).unwrap_or_default();
    Some(Report::Notice(Notice::Dismissed(Bye::of(&args))))
}

/// Appends the frame that says it.
pub(crate) fn write(
    format: &dyn BuiltinFormat,
    bye: &Bye,
    out: &mut BytesMut,
) -> Result<(), FormatError> {
    let head = CallHead { number: None, method: BYE, left: None, credit: None };
    format.encode_builtin_call(&head, None, &bye.args(), out)
}

impl<F: MessageFormat> Dismiss for Peer<F> {
    fn tell(&self, bye: &Bye) {
        let Ok(format) = self.builtin_format() else { return };
        // One that finds no room is dropped: the peer is closed all the same.
        let _ = self.outbox().emit(|out| write(format, bye, out));
    }

    fn dismiss(&self, bye: &Bye) {
        self.tell(bye);
        self.close();
    }
}
