//! Events for threads that wait: no runtime runs, no thread is hidden, nothing happens between calls.
//!
//! [`Client`] connects, connects again by its policy, queues and hands back what it could not
//! write, as the async one does; but it does all of that within the calls of the thread that owns
//! it. It is what a command-socket tool or an embedded loop wants, and has the lowest delay there is:
//! no task is woken for a message. [`Server`] accepts connections, one thread for each.
//!
//! Over Unix sockets and TCP; other transports are refused with [`NotBlocking`] when a builder is
//! asked for. It is the same session, queue and decoder as in the async driver.
//!
//! ```no_run
//! # #[cfg(all(unix, feature = "msgpack"))]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use ipc_core::MsgPack;
//! use ipc_core::blocking::{Client, Incoming};
//! use ipc_transport::UnixTransport;
//!
//! let mut client = Client::builder(MsgPack::new(), UnixTransport::new("/run/app.sock"))?.build();
//! client.emit("add", &(1, 2))?;
//! while let Some(event) = client.next() {
//!     if let Incoming::Message(message) = event {
//!         let sum: i64 = client.decode(&message)?;
//!         assert_eq!(sum, 3);
//!         break;
//!     }
//! }
//! assert!(client.close().undelivered.is_empty());
//! # Ok(())
//! # }
//! # #[cfg(not(all(unix, feature = "msgpack")))]
//! # fn main() {}
//! ```
//!
//! # The lowest delay
//!
//! A thread that waits sleeps until bytes come, and waking it is most of what a small message takes. With
//! [`spin`](ClientBuilder::spin) on both sides it looks for them first, for as long as its [`Spin`](crate::Spin)
//! says: for programs that have a core to spare for each thread that waits.
//!
//! # Calls
//!
//! `call` waits for the result of a method of the peer, and keeps what else comes for `next`. A call of
//! the peer is [`Incoming::Call`], which the program answers with `answer` or `fail`:
//!
//! ```no_run
//! # #[cfg(all(unix, feature = "msgpack"))]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//!
//! use ipc_core::blocking::{Client, Incoming};
//! use ipc_core::{Failure, MsgPack};
//! use ipc_transport::UnixTransport;
//!
//! let mut client = Client::builder(MsgPack::new(), UnixTransport::new("/run/app.sock"))?.build();
//! let sum: u64 = client.call("sum", &[1, 2, 3])?;
//! let name: String = client.call_within(Duration::from_secs(2), "name of", &sum)?;
//! client.notice("log", &name)?;
//! for row in client.call_stream::<_, u64>("rows", &name)? {
//!     println!("{}", row?);
//! }
//! while let Some(event) = client.next() {
//!     match event {
//!         Incoming::Call(call) if call.method() == "ping" => client.answer(call, "pong")?,
//!         Incoming::Call(call) if call.method() == "count" => {
//!             let mut numbers = client.sink(&call);
//!             for number in 0..1_000_u64 {
//!                 numbers.send(&number)?;
//!             }
//!             numbers.end()?;
//!         }
//!         Incoming::Call(call) => {
//!             let failure = Failure::unknown_method(call.method());
//!             client.fail(call, failure)?;
//!         }
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! # #[cfg(not(all(unix, feature = "msgpack")))]
//! # fn main() {}
//! ```
//!
//! Nothing happens between calls: what the peer asks, cancels or gives up is seen when this side waits
//! the next time, and then the time limits of the calls that it runs are looked at, too.

//!
//! # Identities and topics
//!
//! A client says hello as the async one does, and subscribes: what the server publishes comes from `next`,
//! as any message. The connections of a server know who their peers are, hold each to what it may do, and
//! send it away with a reason.
//!
//! ```no_run
//! # #[cfg(all(unix, feature = "msgpack"))]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use ipc_core::blocking::{Client, Incoming};
//! use ipc_core::{ClientEvent, Hello, MsgPack};
//! use ipc_transport::UnixTransport;
//!
//! let builder = Client::builder(MsgPack::new(), UnixTransport::new("/run/app.sock"))?;
//! let mut client = builder.hello(Hello::new("alice")).build();
//! client.subscribe(["price.*"])?;
//! while let Some(event) = client.next() {
//!     match event {
//!         Incoming::Message(message) => println!("{}", message.event()),
//!         Incoming::Lifecycle(ClientEvent::Dismissed(bye)) => eprintln!("{}", bye.message),
//!         _ => {}
//!     }
//! }
//! # Ok(())
//! # }
//! # #[cfg(not(all(unix, feature = "msgpack")))]
//! # fn main() {}
//! ```

mod builder;
mod calls;
mod client;
mod connection;
mod greet;
mod identities;
mod link;
mod methods;
mod read_limit;
mod server;
mod socket_link;
mod spinning;
mod topics;
mod waiting;

pub use builder::{ClientBuilder, ServerBuilder};
pub use calls::{CallStream, IncomingCall, Sink};
pub use client::Client;
pub use connection::Connection;
pub use server::Server;

use std::sync::Arc;

use ipc_transport::{Endpoint, Transport};

use crate::{ClientEvent, Message};

/// One event: a message or a lifecycle event. As [`crate::Incoming`], but with one peer only, which
/// need not be named.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Incoming {
    /// The peer sent a message.
    Message(Message),
    /// The peer calls a method: answer it with [`Connection::answer`] or [`Client::answer`]. One that
    /// is dropped is answered `cancelled`.
    Call(IncomingCall),
    /// A lifecycle event: something happened to the connection.
    Lifecycle(ClientEvent),
}

/// Why there is no event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NextError {
    /// No event came in time.
    #[error("nothing was received in time")]
    TimedOut,
    /// The connection is closed; no event follows.
    #[error("the connection is closed")]
    Ended,
}

impl NextError {
    /// Returns a stable code, for programs: `receive_timeout` or `closed`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TimedOut => "receive_timeout",
            Self::Ended => "closed",
        }
    }
}

/// The transport's sockets need a runtime: this driver takes Unix sockets and TCP, and no others.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
#[error("{endpoint} needs a runtime; the blocking driver takes plain Unix sockets and TCP")]
pub struct NotBlocking {
    /// Where the transport leads.
    pub endpoint: Endpoint,
}

impl NotBlocking {
    /// Returns a stable code, for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "not_blocking"
    }
}

/// Returns the transport, once it is found to be one for threads that wait.
fn plain(transport: impl Transport) -> Result<Arc<dyn Transport>, NotBlocking> {
    if transport.supports_blocking() {
        Ok(Arc::new(transport))
    } else {
        Err(NotBlocking { endpoint: transport.endpoint() })
    }
}
