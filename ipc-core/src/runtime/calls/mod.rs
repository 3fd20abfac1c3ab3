//! Calls, in both directions: what makes them, what answers them, and what of them arrives.

mod answer;
pub(crate) mod builtin;
mod calling;
pub(crate) mod control;
pub(crate) mod gathering;
pub(crate) mod handles;
pub(crate) mod methods;
mod run;
pub(crate) mod seen;
mod shared;
mod sink;
mod stream;
pub(crate) mod survey;
mod typed;

use std::sync::Arc;

use crate::protocol::calls::CallFormat;
use crate::runtime::outbox::Outbox;
use crate::{MessageFormat, Peer};

pub use answer::Call;
pub use calling::{CallFuture, Calling};
pub(crate) use shared::Calls;
pub use sink::{Sink, SinkError};
pub use stream::{CallStream, CallingStream};
pub use survey::Survey;
pub use typed::CallingMethod;

impl<F: MessageFormat> shared::side::Side for Peer<F> {
    fn calls(&self) -> &Arc<Calls> {
        self.calls()
    }

    fn outbox(&self) -> &Outbox {
        self.outbox()
    }

    fn call_format(&self) -> Option<&dyn CallFormat> {
        self.format().calls()
    }
}
