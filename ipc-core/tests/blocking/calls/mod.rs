//! Calls of the blocking driver: against the async one, and against bare sockets.

mod answering;
mod asking;
mod builtins;
mod cancelling;
mod greetings;
mod heartbeat;
mod hellos;
mod lost;
mod raw;
mod refusing;
mod replacing;
mod rig;
mod sinks;
mod streams;
mod tokens;
mod topics;
mod wire;
