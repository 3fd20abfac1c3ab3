//! A transport with several places: it dials each in turn until a server answers.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use async_trait::async_trait;

use crate::dial_deadline::Deadline;
use crate::{Endpoint, Listener, Stream, Transport, TransportError};

/// A server that may be at one of several places, in the order they are preferred.
///
/// Each dial begins with the first place again, so that a server which comes back elsewhere is
/// found. Listening is at the first place only.
///
/// # Errors
///
/// Dialing goes on to the next place if no server listens at one, or none ever can, since it is not
/// a place ([`TransportError::is_permanent`]); any other error is returned as it is, since a server
/// may be there. If no server listens anywhere it is [`TransportError::NobodyListening`] with the
/// first endpoint where one may come, and its source, a [`NobodyAnywhere`], names all such. Only if
/// there is none it is the permanent error of the first place. Listening gives what the first place
/// gives.
///
/// # Examples
///
/// ```
/// use ipc_transport::{FallbackTransport, MemoryTransport, Transport};
///
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let hub = ipc_transport::MemoryHub::new();
/// let [old, new] = ["old", "new"].map(|name| MemoryTransport::new(name).with_hub(hub.clone()));
/// let mut listener = new.listen().await?;
/// let client = FallbackTransport::new(old).or(new);
/// let (stream, _) = tokio::try_join!(client.dial(), listener.accept())?;
/// assert_eq!(stream.peer().endpoint, listener.endpoint());
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct FallbackTransport {
    first: Box<dyn Transport>,
    others: Vec<Box<dyn Transport>>,
}

impl FallbackTransport {
    /// Returns a transport with one place.
    pub fn new(first: impl Transport) -> Self {
        Self { first: Box::new(first), others: Vec::new() }
    }

    /// Adds a place that is tried after those before it.
    #[must_use]
    pub fn or(mut self, other: impl Transport) -> Self {
        self.others.push(Box::new(other));
        self
    }

    async fn dial_by(&self, deadline: Option<Deadline>) -> Result<Stream, TransportError> {
        let (mut tried, mut permanent) = (Vec::new(), None);
        for place in std::iter::once(&self.first).chain(&self.others) {
            let dialed = match deadline {
                Some(deadline) => place.dial_within(deadline.left()).await,
                None => place.dial().await,
            };
            match dialed {
                Err(TransportError::NobodyListening { endpoint, source }) => {
                    tried.push((endpoint, source));
                }
                Err(error) if error.is_permanent() => {
                    permanent.get_or_insert(error);
                }
                other => return other,
            }
        }
        let first = tried.first().map(|(endpoint, source)| (endpoint.clone(), source.kind()));
        let Some((endpoint, kind)) = first else {
            // There is a first place, so that one of the two is there.
            let none = TransportError::Unsupported { endpoint: self.endpoint() };
            return Err(permanent.unwrap_or(none));
        };
        let source = io::Error::new(kind, NobodyAnywhere { tried });
        Err(TransportError::NobodyListening { endpoint, source })
    }
}

#[async_trait]
impl Transport for FallbackTransport {
    fn endpoint(&self) -> Endpoint {
        self.first.endpoint()
    }

    fn supports_blocking(&self) -> bool {
        self.first.supports_blocking() && self.others.iter().all(|place| place.supports_blocking())
    }

    async fn dial(&self) -> Result<Stream, TransportError> {
        self.dial_by(None).await
    }

    /// The places share the time.
    async fn dial_within(&self, limit: Duration) -> Result<Stream, TransportError> {
        self.dial_by(Some(Deadline::after(limit))).await
    }

    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        self.first.listen().await
    }
}

/// Every place where no server was listening, and what the system said there.
#[derive(Debug)]
pub struct NobodyAnywhere {
    tried: Vec<(Endpoint, io::Error)>,
}

impl NobodyAnywhere {
    /// Returns the places in the order they were tried.
    pub fn endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        self.tried.iter().map(|(endpoint, _)| endpoint)
    }

    /// Returns a short name of the error that never changes: that of
    /// [`TransportError::NobodyListening`].
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "nobody_listening"
    }
}

impl fmt::Display for NobodyAnywhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tried ")?;
        for (number, (endpoint, source)) in self.tried.iter().enumerate() {
            let separator = if number == 0 { "" } else { ", " };
            write!(f, "{separator}{endpoint} ({source})")?;
        }
        Ok(())
    }
}

impl Error for NobodyAnywhere {}
