//! The tokio driver: what reads, writes, sleeps and spawns.

mod attachments;
pub(crate) mod calls;
pub(crate) mod client;
pub(crate) mod clock;
pub(crate) mod connection;
pub(crate) mod dial;
pub(crate) mod dispatcher;
pub(crate) mod events;
pub(crate) mod gauge;
pub(crate) mod lanes;
pub(crate) mod outbox;
// loom switches between its threads by hand, which Wine does not survive.
#[cfg(test)]
#[cfg(not(windows))]
mod outbox_tests;
pub(crate) mod peer;
mod primitives;
pub(crate) mod read;
pub(crate) mod server;
mod silence;
pub(crate) mod spares;
mod stream;
pub(crate) mod timer;
mod typed;

pub use calls::{
    Call, CallFuture, CallStream, Calling, CallingMethod, CallingStream, Sink, SinkError, Survey,
};
pub use client::Client;
pub use client::builder::ClientBuilder;
pub use events::{Events, Incoming};
pub use peer::{Peer, PeerId};
pub use server::Server;
pub use server::builder::ServerBuilder;
pub use server::survey::Surveying;
pub use server::target::Target;
pub use server::token::TokenCheck;
pub use stream::EventStream;
