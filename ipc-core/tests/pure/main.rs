//! The pure part: the session, the connection, the send queue.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on fails the test")]

mod calls_model;
mod calls_rules;
mod connection_random;
mod connection_rules;
mod connection_silence;
mod connection_table;
mod inbound;
mod liveness;
mod looks_like;
mod patterns;
mod queue_datagrams;
mod queue_faults;
mod queue_gather;
mod queue_limits;
mod queue_model;
mod reconnect_policy;
mod session_random;
mod session_rules;
mod session_table;
