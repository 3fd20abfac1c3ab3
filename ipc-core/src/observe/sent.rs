//! `Sent`: who is told of the messages that are sent.

use std::fmt;
use std::sync::Arc;

use bytes::BytesMut;

use crate::{EncodePayload, Message};

/// Who is told of the messages that are sent; nobody by default.
#[derive(Clone, Default)]
pub(crate) struct Sent(Option<Watch>);

type Watch = Arc<dyn Fn(&Message) + Send + Sync>;

impl Sent {
    pub(crate) fn to(watch: impl Fn(&Message) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(watch)))
    }

    /// Tells of a message that is about to be sent. Called before the queue's lock is taken, since
    /// who is told may send, too.
    pub(crate) fn tell<F, T: ?Sized>(&self, format: &F, event: &str, payload: &T)
    where
        F: EncodePayload<T>,
    {
        let Some(watch) = &self.0 else { return };
        let mut frame = BytesMut::new();
        // What cannot be encoded is not sent: its sender gets the error.
        if format.encode(event, payload, &mut frame).is_ok() {
            watch(&Message::of_frame(format, frame.freeze()));
        }
    }
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Sent").field(&self.0.is_some()).finish()
    }
}
