//! The protocol without sockets, clocks or a runtime: what a driver of your own can build on.
//!
//! Both drivers of this crate, on tokio and blocking, are such drivers: they read, write and sleep,
//! and everything else is decided here. Time is an argument. Nothing here needs a feature: with
//! `default-features = false` the crate is this module and the formats.
//!
//! | part | decides |
//! |---|---|
//! | [`session::Session`] | when a client dials, what it reports, when it gives up |
//! | [`connection::Machine`] | the deadlines of one connection, what a fault does, how it ends |
//! | [`connection::Inbound`] | which frames the received bytes are |
//! | [`queue::SendQueue`] | order and limits of what waits, and what is handed back |
//! | [`calls`] | what becomes of requests that wait for answers |
//! | [`builtin`] | what the arguments and results of the library's own methods are |
//!
//! Each is fed inputs and asked for what to do. A client that reconnects keeps one `Session` and one
//! `SendQueue`, and has a `Machine` for each connection: when that has ended, the session gets
//! [`Input::Lost`](session::Input::Lost) and the queue
//! [`on_connection_lost`](queue::SendQueue::on_connection_lost).
//!
//! # Examples
//!
//! Two sides in memory: a client asks and closes, and the server answers before it ends.
//!
//! ```
//! use std::io::IoSlice;
//! use std::time::Instant;
//!
//! use ipc_codec::{Delimiter, FrameEncoder, Framing, Limits};
//! use ipc_core::protocol::connection::{Action, Ending, Input, Machine, Role, Rules};
//! use ipc_core::queue::{OverflowPolicy, QueueOptions, SendQueue};
//!
//! /// What one side has written, in place of a socket.
//! #[derive(Default)]
//! struct Wire {
//!     bytes: Vec<u8>,
//!     shut_down: bool,
//! }
//!
//! struct Side {
//!     queue: SendQueue,
//!     machine: Machine,
//! }
//!
//! impl Side {
//!     fn new(role: Role) -> Self {
//!         let framing = Framing::Delimited(Delimiter::new("\n").unwrap());
//!         let encoder = FrameEncoder::new(framing.clone(), Limits::default());
//!         let options = QueueOptions::default().with_overflow(OverflowPolicy::Error);
//!         Self {
//!             queue: SendQueue::new(encoder, options),
//!             machine: Machine::new(framing, Limits::default(), Rules::new(role)),
//!         }
//!     }
//!
//!     fn emit(&mut self, text: &str) {
//!         let encode = |out: &mut bytes::BytesMut| Ok(out.extend_from_slice(text.as_bytes()));
//!         self.queue.push(encode).unwrap();
//!     }
//!
//!     /// Writes what waits and does what the machine asks for. Returns how the connection ended.
//!     fn write(&mut self, wire: &mut Wire, now: Instant) -> Option<Ending> {
//!         while !self.queue.is_empty() {
//!             let mut slices = [IoSlice::new(&[])];
//!             self.queue.gather(&mut slices);
//!             wire.bytes.extend_from_slice(&slices[0]);
//!             let written = slices[0].len();
//!             self.queue.advance(written);
//!         }
//!         self.machine.handle(Input::Written);
//!         loop {
//!             match self.machine.action()? {
//!                 Action::Shutdown => {
//!                     wire.shut_down = true;
//!                     self.machine.handle(Input::ShutDown { now });
//!                 }
//!                 Action::End(ending) => return Some(ending),
//!                 _ => return None,
//!             }
//!         }
//!     }
//!
//!     /// Reads all of it and returns the frames.
//!     fn read(&mut self, wire: &Wire, now: Instant) -> Vec<bytes::Bytes> {
//!         let inbound = self.machine.inbound();
//!         inbound.extend(&wire.bytes);
//!         let frames = std::iter::from_fn(|| inbound.next_frame().unwrap()).collect();
//!         if wire.shut_down {
//!             let fault = self.machine.handle(Input::PeerEnded { now });
//!             assert!(fault.is_none(), "no frame was cut off");
//!         }
//!         frames
//!     }
//! }
//!
//! let (mut client, mut server) = (Side::new(Role::Client), Side::new(Role::Server));
//! let (mut up, mut down) = (Wire::default(), Wire::default());
//! let now = Instant::now();
//!
//! client.emit("ask 1");
//! client.machine.handle(Input::Close { now });
//! assert_eq!(client.write(&mut up, now), None);
//! // Everything is written; the server has a second to end its side.
//! assert_eq!(client.machine.deadline(|| now), Some(now + Rules::new(Role::Client).linger));
//!
//! for frame in server.read(&up, now) {
//!     assert_eq!(frame, "ask 1");
//!     server.emit("answer 1");
//! }
//! assert_eq!(server.write(&mut down, now), Some(Ending::PeerClosed));
//!
//! assert_eq!(client.read(&down, now), ["answer 1"]);
//! // The server has read everything, since it ended its side in answer.
//! assert_eq!(client.write(&mut up, now), Some(Ending::Local { answered: true }));
//! ```

pub mod builtin;
pub mod calls;
pub mod connection;
pub mod queue;
pub mod session;
