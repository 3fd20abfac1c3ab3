#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

#[cfg(feature = "tokio")]
mod driver;
mod format;
pub mod inbound;
mod looks_like;
mod message;
#[cfg(feature = "msgpack")]
mod msgpack;
pub mod queue;
#[cfg_attr(
    not(feature = "tokio"),
    expect(dead_code, reason = "the driver dispatches; without it only the names are public")
)]
mod router;
pub mod session;

#[cfg(feature = "tokio")]
pub use driver::blocking;
#[cfg(feature = "tokio")]
pub use driver::{
    BroadcastReport, Client, ClientBuilder, ClientEvent, CloseReport, ConnectError,
    DisconnectReason, EmitError, Error, Events, FlushPolicy, Incoming, OnMalformed, Peer, PeerId,
    Server, ServerBuilder, ServerEvent, ShutdownReport,
};
pub use format::{DecodePayload, EncodePayload, FormatError, MessageFormat};
pub use looks_like::LooksLike;
pub use message::Message;
#[cfg(feature = "msgpack")]
pub use msgpack::MsgPack;
pub use router::{HandlerError, HandlerId, HandlerOrder};
