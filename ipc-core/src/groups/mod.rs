//! Groups: which peers of a server are in which, and whom a message is for. Pure: peers are numbers
//! here, and what is connected is an argument.

pub(crate) mod error;
pub(crate) mod event;
pub(crate) mod limits;
pub(crate) mod members;
#[cfg(test)]
mod model_tests;
pub(crate) mod selection;
