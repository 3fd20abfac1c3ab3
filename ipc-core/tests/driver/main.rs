//! The tokio driver over memory, with a paused clock: what takes ten minutes is over in no time.
#![cfg(feature = "tokio")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on fails the test")]

#[macro_use]
#[path = "../support/runtimes.rs"]
mod runtimes;

mod accept;
mod access;
mod allow;
mod async_endings;
mod async_handlers;
mod audience;
#[path = "../support/bare.rs"]
mod bare;
mod broadcast;
mod budget;
mod buffered;
mod close;
mod crowding;
mod echo;
mod endings;
mod events;
mod fairness;
mod faults;
mod flush;
mod foreign;
mod framings;
mod group_events;
mod groups;
mod handlers;
mod hostile;
mod leaks;
mod linger;
mod order;
mod overflow;
mod pausing;
mod rates;
mod reconnect;
mod scripted;
mod shutdown;
mod streams;
mod support;
mod sync;
mod told_once;
mod typed;
