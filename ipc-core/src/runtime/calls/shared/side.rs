//! `Side`: what a call needs of the peer that it is made of.

use std::sync::Arc;

use super::{Calls, Outbox};
use crate::protocol::calls::CallFormat;

/// What a call needs of the peer that it is made of: a [`Peer`](crate::Peer), or that of a model.
pub(crate) trait Side {
    /// Returns the calls of the peer.
    fn calls(&self) -> &Arc<Calls>;

    /// Returns its send queue.
    fn outbox(&self) -> &Outbox;

    /// Returns the format's form of calls.
    fn call_format(&self) -> Option<&dyn CallFormat>;
}
