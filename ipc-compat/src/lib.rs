#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![forbid(unsafe_code)]

pub mod codes;
mod config;
mod encoding;
mod environment;
#[cfg(any(test, fuzzing))]
#[expect(clippy::expect_used, clippy::panic, reason = "it says what is wrong by panicking")]
pub mod fuzzing;
mod inspect;
mod ipc;
mod json;
pub mod layouts;
pub mod paths;
mod wire;

pub use config::{
    Config, ConfigError, Family, Interface, Logger, Profile, Resolve, Retries, Tls, TokenFileError,
    UnknownName, read_token, read_tokens,
};
pub use encoding::Encoding;
pub use environment::{Environment, Platform};
pub use inspect::Inspect;
#[cfg(feature = "tls-base")]
pub use ipc::TlsProblem;
pub use ipc::blocking;
pub use ipc::{
    Arg, ConnectToArgs, ConnectToNetArgs, EmitToError, Ipc, IpcClient, IpcError, IpcServer,
    ParseUdpTypeError, RawSocket, RawTarget, ServeArgs, ServeNetArgs, Socket, SortedArgs,
    ToAddress, UdpType,
};
pub use wire::{
    BrokenText, Dialect, EventRules, NoData, NodeFormat, RawData, RawJson, UnsafeDelimiter,
};

/// The examples in the `README.md` of the repository.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// The examples in `docs/access.md`.
#[cfg(doctest)]
#[doc = include_str!("../../docs/access.md")]
struct AccessGuide;

/// The examples in `docs/calls.md`.
#[cfg(doctest)]
#[doc = include_str!("../../docs/calls.md")]
struct Calls;

/// The examples in `docs/errors.md`.
#[cfg(doctest)]
#[doc = include_str!("../../docs/errors.md")]
struct Errors;

/// The examples in `docs/groups.md`.
#[cfg(doctest)]
#[doc = include_str!("../../docs/groups.md")]
struct Groups;

/// The examples in `docs/hello.md`.
#[cfg(doctest)]
#[doc = include_str!("../../docs/hello.md")]
struct HelloGuide;

/// The examples in `docs/liveness.md`.
#[cfg(doctest)]
#[doc = include_str!("../../docs/liveness.md")]
struct Liveness;

/// The examples in `docs/topics.md`.
#[cfg(doctest)]
#[doc = include_str!("../../docs/topics.md")]
struct Topics;

/// The examples in `docs/migration.md`.
#[cfg(doctest)]
#[doc = include_str!("../../docs/migration.md")]
struct Migration;
