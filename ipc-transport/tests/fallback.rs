//! Several places to dial: their order, what ends the search, and the error if no server is there.
#![cfg(feature = "memory")]

use async_trait::async_trait;
use ipc_transport::{
    Endpoint, FallbackTransport, Listener, MemoryHub, MemoryTransport, NobodyAnywhere, Stream,
    Transport, TransportError,
};

type TestResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Three names of one hub, and a client that looks for a server in their order.
fn places() -> ([MemoryTransport; 3], FallbackTransport) {
    let hub = MemoryHub::new();
    let places = ["a", "b", "c"].map(|name| MemoryTransport::new(name).with_hub(hub.clone()));
    let [a, b, c] = places.clone();
    (places, FallbackTransport::new(a).or(b).or(c))
}

#[tokio::test]
async fn the_first_place_with_a_server_is_taken_at_each_dial() -> TestResult {
    let (places, client) = places();
    // From the last to the first, so that each is preferred to those before.
    let mut listeners = Vec::new();
    for place in places.iter().rev() {
        listeners.push(place.listen().await?);
        assert_eq!(client.dial().await?.peer().endpoint, place.endpoint());
    }
    // And back, as they go.
    while let Some(listener) = listeners.pop() {
        assert_eq!(client.dial().await?.peer().endpoint, listener.endpoint());
        listener.close().await?;
    }
    Ok(())
}

#[tokio::test]
async fn nobody_anywhere_names_every_place() -> TestResult {
    let (_, client) = places();
    match client.dial().await {
        Err(TransportError::NobodyListening { endpoint, source }) => {
            assert_eq!(endpoint, Endpoint::Memory("a".into()));
            assert_eq!(source.kind(), std::io::ErrorKind::ConnectionRefused);
            let tried = source.get_ref().and_then(|error| error.downcast_ref::<NobodyAnywhere>());
            let tried: Vec<_> = tried.into_iter().flat_map(NobodyAnywhere::endpoints).collect();
            let all = ["a", "b", "c"].map(|name| Endpoint::Memory(name.into()));
            assert_eq!(tried, all.iter().collect::<Vec<_>>());
            for endpoint in all {
                assert!(source.to_string().contains(&endpoint.to_string()), "{source}");
            }
        }
        other => return Err(format!("expected NobodyListening, got {other:?}").into()),
    }
    Ok(())
}

#[tokio::test]
async fn a_server_listens_at_the_first_place() -> TestResult {
    let (places, client) = places();
    assert_eq!(client.endpoint(), places[0].endpoint());
    assert_eq!(client.listen().await?.endpoint(), places[0].endpoint());
    Ok(())
}

/// A place where somebody may be, but dialing fails for another reason.
#[derive(Debug)]
struct Broken;

#[async_trait]
impl Transport for Broken {
    fn endpoint(&self) -> Endpoint {
        Endpoint::Memory("broken".into())
    }

    async fn dial(&self) -> Result<Stream, TransportError> {
        let (endpoint, source) = (self.endpoint(), std::io::Error::other("broken"));
        Err(TransportError::TooManyFiles { endpoint, source })
    }

    async fn listen(&self) -> Result<Box<dyn Listener>, TransportError> {
        Err(TransportError::AddressInUse { endpoint: self.endpoint() })
    }
}

#[tokio::test]
async fn another_error_ends_the_search() -> TestResult {
    let ([a, ..], _) = places();
    let _listener = a.listen().await?;
    let dialed = FallbackTransport::new(Broken).or(a).dial().await;
    assert!(matches!(dialed, Err(TransportError::TooManyFiles { .. })), "{dialed:?}");
    Ok(())
}

/// An endpoint where no server can be: its path does not fit into a socket address.
#[cfg(all(unix, feature = "unix"))]
fn nowhere() -> ipc_transport::UnixTransport {
    ipc_transport::UnixTransport::new(format!("/tmp/{}", "x".repeat(300)))
}

#[cfg(all(unix, feature = "unix"))]
#[tokio::test]
async fn a_place_that_can_never_be_is_passed_over() -> TestResult {
    let here = MemoryTransport::new("here").with_hub(MemoryHub::new());
    let client = FallbackTransport::new(nowhere()).or(here.clone());
    // Somebody may come to the second.
    match client.dial().await {
        Err(error @ TransportError::NobodyListening { .. }) => {
            assert!(!error.is_permanent());
            assert!(error.to_string().contains("memory:here"), "{error}");
        }
        other => return Err(format!("expected NobodyListening, got {other:?}").into()),
    }
    let _listener = here.listen().await?;
    assert_eq!(client.dial().await?.peer().endpoint, here.endpoint());
    Ok(())
}

#[cfg(all(unix, feature = "unix"))]
#[tokio::test]
async fn only_if_no_place_can_ever_be_the_error_is_permanent() -> TestResult {
    let client = FallbackTransport::new(nowhere()).or(nowhere());
    match client.dial().await {
        Err(error @ TransportError::NameTooLong { .. }) => assert!(error.is_permanent()),
        other => return Err(format!("expected NameTooLong, got {other:?}").into()),
    }
    Ok(())
}
