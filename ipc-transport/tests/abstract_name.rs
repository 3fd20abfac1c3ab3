//! Names of Linux's abstract namespace: which work, and what the rest is told, here and elsewhere.
#![cfg(all(unix, feature = "unix"))]

use ipc_transport::{AbstractTransport, Endpoint, Transport, TransportError};

type TestResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Returns what listening and dialing say.
async fn both(name: &str) -> [Option<TransportError>; 2] {
    let transport = AbstractTransport::new(name);
    [transport.listen().await.err(), transport.dial().await.err()]
}

#[cfg(target_os = "linux")]
mod linux {
    use super::*;

    #[tokio::test]
    async fn every_name_up_to_the_limit_works_and_none_beyond() -> TestResult {
        let stem = format!("ipc-transport.limit.{}.", std::process::id());
        let long = |length: usize| format!("{stem}{}", "x".repeat(length - stem.len()));
        for name in [long(106), long(107), format!("{stem}/with\0all\u{e9}")] {
            let transport = AbstractTransport::new(&name);
            let mut listener = transport.listen().await?;
            assert_eq!(listener.endpoint(), Endpoint::Abstract(name));
            tokio::try_join!(transport.dial(), listener.accept())?;
        }
        for error in both(&long(108)).await {
            match error {
                Some(TransportError::NameTooLong { limit: 107, actual: 108, .. }) => {}
                other => return Err(format!("expected NameTooLong, got {other:?}").into()),
            }
        }
        Ok(())
    }

    #[tokio::test]
    async fn an_empty_name_is_none() {
        for error in both("").await {
            assert!(matches!(error, Some(TransportError::InvalidName { .. })), "{error:?}");
        }
    }

    #[tokio::test]
    async fn a_name_in_use_is_left_alone_and_free_again_afterwards() -> TestResult {
        let name = format!("ipc-transport.used.{}", std::process::id());
        let transport = AbstractTransport::new(&name);
        let listener = transport.listen().await?;
        match transport.listen().await {
            Err(TransportError::AddressInUse { endpoint }) => {
                assert_eq!(endpoint, Endpoint::Abstract(name));
            }
            other => return Err(format!("expected AddressInUse, got {other:?}").into()),
        }
        listener.close().await?;
        transport.listen().await?;
        Ok(())
    }
}

#[cfg(not(target_os = "linux"))]
#[tokio::test]
async fn elsewhere_there_are_none() -> TestResult {
    for error in both("app.world").await {
        assert!(matches!(error, Some(TransportError::Unsupported { .. })), "{error:?}");
    }
    Ok(())
}
