//! What both drivers say about calls: their options, their errors, and which messages they are.

mod control_events;
mod error;
pub(crate) mod failure;
mod options;
mod subscribe;

pub(crate) use control_events::ControlEvents;
pub use error::CallError;
pub use options::{CallOptions, MethodOptions, ReservedEvents, ShowInfo};
pub use subscribe::SubscribeError;
