//! What both drivers say about calls: their options, and their errors.

mod error;
mod failure;
mod options;

pub use error::CallError;
pub use options::{CallOptions, MethodOptions, ReservedEvents};
