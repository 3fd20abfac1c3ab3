//! `SendWatch`: a function that is called with each message that is sent.

use std::fmt;
use std::sync::Arc;

use bytes::BytesMut;

use crate::{EncodePayload, Message};

/// A function that is called with each message before it is sent; none by default.
#[derive(Clone, Default)]
pub(crate) struct SendWatch(Option<Watch>);

type Watch = Arc<dyn Fn(&Message) + Send + Sync>;

impl SendWatch {
    pub(crate) fn to(watch: impl Fn(&Message) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(watch)))
    }

    /// Calls the function with a message that is about to be sent. Not under the queue's lock, since
    /// the function may send, too.
    #[inline]
    pub(crate) fn notify<F, T: ?Sized>(&self, format: &F, event: &str, payload: &T)
    where
        F: EncodePayload<T>,
    {
        if let Some(watch) = &self.0 {
            call(watch, format, event, payload);
        }
    }
}

#[cold]
fn call<F, T: ?Sized>(watch: &Watch, format: &F, event: &str, payload: &T)
where
    F: EncodePayload<T>,
{
    let mut frame = BytesMut::new();
    // What cannot be encoded is not sent: its sender gets the error.
    if format.encode(event, payload, &mut frame).is_ok() {
        watch(&Message::of_frame(format, frame.freeze()));
    }
}

impl fmt::Debug for SendWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SendWatch").field(&self.0.is_some()).finish()
    }
}
