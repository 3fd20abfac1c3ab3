//! The commands: what each does with its options.

pub(crate) mod bench;
pub(crate) mod call;
mod clients;
mod closing;
pub(crate) mod connect;
pub(crate) mod emit;
mod endpoint;
mod entry;
mod failures;
pub(crate) mod ls;
mod matching;
mod methods;
mod output;
mod raw;
pub(crate) mod request;
mod sending;
pub(crate) mod serve;
mod supervise;
#[cfg(unix)]
mod verdict;
mod wanted;
