#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(all(feature = "tokio", feature = "msgpack")),
    allow(rustdoc::broken_intra_doc_links, reason = "the guide links to what these features add")
)]
#![forbid(unsafe_code)]

mod access;
#[cfg(feature = "tokio")]
pub mod blocking;
#[cfg(feature = "tokio")]
mod calls;
#[cfg(feature = "tokio")]
mod disconnect_reason;
#[cfg(feature = "tokio")]
mod error;
#[cfg(feature = "tokio")]
mod event;
mod format;
mod formats;
pub mod groups;
#[cfg_attr(
    not(feature = "tokio"),
    expect(dead_code, reason = "the drivers dispatch; without them only the names are public")
)]
mod handlers;
#[cfg(feature = "tokio")]
mod hello;
mod looks_like;
mod message;
#[cfg(feature = "tokio")]
mod observe;
#[cfg(feature = "tokio")]
mod options;
pub mod protocol;
#[cfg(feature = "tokio")]
mod runtime;
mod typed;

#[cfg(feature = "tokio")]
pub use access::{Access, Admits, Limited, PlainPeers, Refusal, WaitingLimits};
pub use access::{Allow, Denied, OnDenied, OverRate, Rate};
#[cfg(feature = "tokio")]
pub use calls::{CallError, CallOptions, MethodOptions, ReservedEvents, ShowInfo, SubscribeError};
#[cfg(feature = "tokio")]
pub use error::{ConnectError, DisconnectReason, EmitError, Error};
#[cfg(feature = "tokio")]
pub use event::{BroadcastReport, ClientEvent, CloseReport, ServerEvent, ShutdownReport};
pub use format::{DecodePayload, EncodePayload, FormatError, MessageFormat};
#[cfg(feature = "msgpack")]
pub use formats::msgpack::MsgPack;
pub use groups::{Pattern, PatternError};
#[cfg(feature = "tokio")]
pub use groups::{
    error::GroupError, event::GroupEvent, limits::GroupLimits, selection::Addressee,
    topic::TopicError, topic::TopicEvent,
};
#[cfg(feature = "tokio")]
pub use handlers::Handlers;
pub use handlers::error::HandlerError;
#[cfg(feature = "tokio")]
pub use handlers::options::HandlerOptions;
pub use handlers::registry::{HandlerId, HandlerOrder};
#[cfg(feature = "tokio")]
pub use hello::{
    Bye, Claim, Greeting, Hello, Identity, OnPlainPeer, Proof, SameIdentity, Token, Tokens,
    TokensError, WhenDismissed,
};
pub use looks_like::LooksLike;
pub use message::Message;
#[cfg(feature = "tokio")]
pub use options::{
    ClientOptions, ConnectionOptions, FlushPolicy, InFlight, OnMalformed, ServerOptions, Spin,
    SpinTooLong,
};
pub use protocol::builtin::{About, AboutMethod};
pub use protocol::calls::{Failure, RoundTrip, Sent};
#[cfg(feature = "tokio")]
pub use protocol::connection::Heartbeat;
pub use protocol::{queue, session};
#[cfg(feature = "tokio")]
pub use runtime::{
    Call, CallFuture, CallStream, Calling, CallingMethod, CallingStream, Client, ClientBuilder,
    EventStream, Events, Incoming, Peer, PeerId, Server, ServerBuilder, Sink, SinkError, Survey,
    Surveying, Target, TokenCheck,
};
#[cfg(feature = "serde")]
pub use typed::serde as serde_events;
pub use typed::{Content, DecodeEvent, EncodeEvent, EventNames, NotAnEnum};
