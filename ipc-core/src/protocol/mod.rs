//! The protocol without sockets, clocks or a runtime: a client's life, a connection's receiving side
//! and the send queue. Time is an argument.

pub mod calls;
pub mod connection;
pub mod queue;
pub mod session;
