// The guide speaks of every kind; a build without some of them could not follow its links.
#![cfg_attr(
    all(feature = "unix", feature = "pipe", feature = "tcp", feature = "memory", feature = "udp"),
    doc = include_str!("../README.md")
)]
#![cfg_attr(
    not(all(
        feature = "unix",
        feature = "pipe",
        feature = "tcp",
        feature = "memory",
        feature = "udp"
    )),
    doc = "Sockets of one kind each behind one trait; the full guide comes with all features on."
)]
#![cfg_attr(docsrs, feature(doc_cfg))]
#![deny(unsafe_code)]

mod dial_deadline;
mod displaced;
mod endpoint;
mod error;
#[cfg(all(unix, feature = "unix"))]
pub mod inherited;
mod kinds;
mod peer;
mod runtime;
mod secret;
mod stream;
mod transport;
mod wrap;

pub use displaced::{
    AfterDisplaced, Displaced, DisplacedBy, Displacements, UnknownWhenDisplaced, WhenDisplaced,
};
pub use endpoint::{Endpoint, ParseEndpointError};
pub use error::{Attempts, TransportError};
#[cfg(all(unix, feature = "unix"))]
pub use inherited::OpenTransport;
#[cfg(feature = "memory")]
pub use kinds::memory::{MemoryHub, MemoryTransport};
#[cfg(feature = "pipe")]
pub use kinds::pipe::PipeTransport;
#[cfg(feature = "tcp")]
pub use kinds::tcp::{IpVersion, Keepalive, TcpTransport};
#[cfg(feature = "tls-base")]
pub use kinds::tls::{
    ClientAuth, HandshakeFailure, Pem, TlsClient, TlsClientBuilder, TlsError, TlsServer,
    TlsServerBuilder, TlsTransport, rustls,
};
#[cfg(feature = "udp")]
pub use kinds::udp::{SendRefused, UdpLimits, UdpStats, UdpTransport};
#[cfg(feature = "unix")]
pub use kinds::unix::{
    AbstractTransport, Group, PeerCheck, Presence, UnixTransport, group_id, user_id,
};
pub use peer::{Credentials, PeerInfo, TlsInfo, TlsVersion};
pub use runtime::RuntimeError;
pub use secret::Secret;
#[cfg(any(feature = "tcp", all(unix, feature = "unix")))]
pub use stream::{BlockingStream, Interest, Ready};
pub use stream::{ReadHalf, Stream, WriteHalf};
pub use transport::{Listener, OpenPeer, Transport};
pub use wrap::{
    Direction, FallbackTransport, FaultSide, FaultTransport, Faults, NobodyAnywhere, TapEvent,
    TapLog, TapRecord, TapSink, TapTransport,
};
