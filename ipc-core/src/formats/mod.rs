//! Message formats that come with the crate.

#[cfg(feature = "msgpack")]
pub(crate) mod msgpack;
