//! Calls between clients and servers of the async driver, over memory.

#![cfg(feature = "tokio")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on fails the test")]

#[macro_use]
#[path = "../support/runtimes.rs"]
mod runtimes;

mod admission;
mod admission_limits;
mod admission_rules;
mod alarm;
mod allow;
mod answers;
mod builtins;
mod cancelling;
mod closing;
mod cuts;
mod deadlines;
mod frames;
mod greetings;
mod heartbeat;
mod hellos;
mod hostile;
mod kicks;
mod limits;
mod losses;
mod methods;
mod nested;
mod raw;
mod rig;
mod slow_link;
mod stream_limits;
mod streams;
mod subscriptions;
mod survey;
mod survey_limits;
mod survey_model;
mod topics;
mod unconnected;
