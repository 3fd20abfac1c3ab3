//! The tokio driver: the only part that meets sockets and reads a clock. It decides nothing about
//! the protocol.

mod admission;
pub mod blocking;
mod budget;
mod client;
mod client_builder;
mod client_start;
mod client_task;
mod clock;
mod config;
mod connection;
mod dial;
mod error;
mod events;
mod hub;
mod outbox;
mod pause;
mod peer;
mod reading;
mod sent;
mod server;
mod server_builder;
mod server_file;
mod server_open;
mod server_task;
mod timer;
mod trace;

pub use client::{Client, ClientEvent, CloseReport};
pub use client_builder::ClientBuilder;
pub use config::{FlushPolicy, OnMalformed};
pub use error::{ConnectError, DisconnectReason, EmitError, Error};
pub use events::{Events, Incoming};
pub use peer::{Peer, PeerId};
pub use server::{BroadcastReport, Server, ServerEvent, ShutdownReport};
pub use server_builder::ServerBuilder;
