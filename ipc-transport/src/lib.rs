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

#[cfg(any(feature = "tcp", all(unix, feature = "unix")))]
mod accept;
#[cfg(any(feature = "tcp", all(unix, feature = "unix")))]
mod blocking;
#[cfg(any(feature = "unix", feature = "pipe"))]
mod busy;
mod deadline;
#[cfg(any(feature = "tcp", feature = "udp", all(unix, feature = "unix")))]
mod descriptors;
mod displaced;
mod endpoint;
mod error;
mod fallback;
#[cfg(any(feature = "tcp", feature = "udp"))]
mod families;
mod fault;
mod halves;
#[cfg(all(unix, feature = "unix"))]
pub mod inherited;
#[cfg(feature = "memory")]
mod memory;
mod peer;
#[cfg(feature = "pipe")]
mod pipe;
#[cfg(any(feature = "tcp", all(unix, feature = "unix")))]
mod quiet;
mod runtime;
mod secret;
mod stream;
mod tap;
#[cfg(feature = "tcp")]
mod tcp;
#[cfg(feature = "tls-base")]
mod tls;
mod transport;
#[cfg(feature = "udp")]
mod udp;
#[cfg(feature = "unix")]
mod unix;

#[cfg(any(feature = "tcp", all(unix, feature = "unix")))]
pub use blocking::{BlockingStream, Interest, Ready};
pub use displaced::{
    AfterDisplaced, Displaced, DisplacedBy, Displacements, UnknownWhenDisplaced, WhenDisplaced,
};
pub use endpoint::{Endpoint, ParseEndpointError};
pub use error::{Attempts, TransportError};
pub use fallback::{FallbackTransport, NobodyAnywhere};
pub use fault::{FaultSide, FaultTransport, Faults};
pub use halves::{ReadHalf, WriteHalf};
#[cfg(all(unix, feature = "unix"))]
pub use inherited::OpenTransport;
#[cfg(feature = "memory")]
pub use memory::{MemoryHub, MemoryTransport};
pub use peer::{Credentials, PeerInfo, TlsInfo, TlsVersion};
#[cfg(feature = "pipe")]
pub use pipe::PipeTransport;
pub use runtime::RuntimeError;
pub use secret::Secret;
pub use stream::Stream;
pub use tap::{Direction, TapEvent, TapLog, TapRecord, TapSink, TapTransport};
#[cfg(feature = "tcp")]
pub use tcp::{IpVersion, Keepalive, TcpTransport};
#[cfg(feature = "tls-base")]
pub use tls::{
    ClientAuth, HandshakeFailure, Pem, TlsClient, TlsClientBuilder, TlsError, TlsServer,
    TlsServerBuilder, TlsTransport, rustls,
};
pub use transport::{Listener, OpenPeer, Transport};
#[cfg(feature = "udp")]
pub use udp::{SendRefused, UdpLimits, UdpStats, UdpTransport};
#[cfg(feature = "unix")]
pub use unix::{AbstractTransport, Group, PeerCheck, Presence, UnixTransport, user_id};
