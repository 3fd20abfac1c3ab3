//! The commands: what each does with its options.

pub(crate) mod bench;
pub(crate) mod connect;
pub(crate) mod emit;
pub(crate) mod endpoint;
pub(crate) mod ls;
pub(crate) mod matching;
pub(crate) mod request;
pub(crate) mod sending;
pub(crate) mod serve;
pub(crate) mod session;
pub(crate) mod supervise;
