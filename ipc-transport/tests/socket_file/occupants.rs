//! Whatever is at the path already: only a socket without a listener is replaced.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, symlink};
use std::os::unix::net::{UnixDatagram, UnixListener};

use ipc_transport::{Endpoint, Listener, Presence, Transport, TransportError};

use crate::{Place, TestResult, check_serves};

/// Checks that listening is refused because of what is at the path.
fn check_not_a_socket(
    result: Result<Box<dyn Listener>, TransportError>,
    expected: &str,
) -> TestResult {
    let error = result.err().ok_or("listening at what is not a socket")?;
    assert!(matches!(error, TransportError::NotASocket { .. }), "{error:?}");
    assert!(error.to_string().contains(expected), "{error}");
    // Somebody may remove it.
    assert!(!error.is_permanent());
    Ok(())
}

#[tokio::test]
// Tests W35
async fn a_regular_file_is_left_alone() -> TestResult {
    let place = Place::new()?;
    fs::write(&place.path, "precious")?;
    check_not_a_socket(place.transport().listen().await, "regular file")?;
    assert_eq!(fs::read_to_string(&place.path)?, "precious");
    assert_eq!(place.names()?, ["app.world"]);
    Ok(())
}

#[tokio::test]
async fn a_symbolic_link_is_left_alone_wherever_it_leads() -> TestResult {
    let place = Place::new()?;
    let target = place.directory.path().join("target");
    for target_exists in [false, true] {
        if target_exists {
            UnixListener::bind(&target)?;
        }
        symlink(&target, &place.path)?;
        check_not_a_socket(place.transport().listen().await, "symbolic link")?;
        assert!(place.path.is_symlink());
        fs::remove_file(&place.path)?;
    }
    assert!(fs::symlink_metadata(&target)?.file_type().is_socket());
    Ok(())
}

#[tokio::test]
async fn a_directory_is_left_alone() -> TestResult {
    let place = Place::new()?;
    fs::create_dir(&place.path)?;
    check_not_a_socket(place.transport().listen().await, "directory")?;
    assert!(place.path.is_dir());
    Ok(())
}

#[tokio::test]
async fn a_stale_socket_is_replaced() -> TestResult {
    let place = Place::new()?;
    place.make_stale()?;
    let stale = fs::symlink_metadata(&place.path)?.ino();
    let mut listener = place.transport().listen().await?;
    check_serves(&mut listener, &place.path).await?;
    assert_ne!(fs::symlink_metadata(&place.path)?.ino(), stale);
    assert_eq!(place.names()?, ["app.world"], "no lock and no temporary name stays");
    Ok(())
}

#[tokio::test]
async fn a_live_server_is_left_alone() -> TestResult {
    let place = Place::new()?;
    let mut first = place.transport().listen().await?;
    let ours = fs::symlink_metadata(&place.path)?.ino();
    match place.transport().listen().await {
        Err(TransportError::AlreadyRunning { path }) => assert_eq!(path, place.path),
        other => return Err(format!("expected AlreadyRunning, got {other:?}").into()),
    }
    // It has not noticed: the next connection is the first it sees.
    check_serves(&mut first, &place.path).await?;
    assert_eq!(fs::symlink_metadata(&place.path)?.ino(), ours);
    Ok(())
}

#[tokio::test]
async fn presence_is_found_out_without_a_connection() -> TestResult {
    let place = Place::new()?;
    assert_eq!(place.transport().presence().await?, Presence::Absent);
    place.make_stale()?;
    assert_eq!(place.transport().presence().await?, Presence::Stale);
    let mut listener = place.transport().listen().await?;
    assert_eq!(place.transport().presence().await?, Presence::Live);
    check_serves(&mut listener, &place.path).await?;
    listener.close().await?;
    fs::write(&place.path, "precious")?;
    let found = place.transport().presence().await;
    assert!(matches!(found, Err(TransportError::NotASocket { .. })), "{found:?}");
    Ok(())
}

#[tokio::test]
async fn a_live_socket_of_another_type_is_left_alone() -> TestResult {
    let place = Place::new()?;
    let _datagrams = UnixDatagram::bind(&place.path)?;
    let result = place.transport().listen().await;
    assert!(matches!(result, Err(TransportError::AlreadyRunning { .. })), "{result:?}");
    assert!(place.path.exists());
    Ok(())
}

#[tokio::test]
async fn a_live_server_with_a_full_backlog_is_left_alone() -> TestResult {
    let place = Place::new()?;
    let _busy = place.transport().with_backlog(1).listen().await?;
    let mut waiting = Vec::new();
    while let Ok(stream) = place.transport().dial().await {
        waiting.push(stream);
        assert!(waiting.len() < 100, "the backlog never fills");
    }
    let result = place.transport().listen().await;
    assert!(matches!(result, Err(TransportError::AlreadyRunning { .. })), "{result:?}");
    Ok(())
}

#[tokio::test]
async fn without_unlink_nothing_is_replaced() -> TestResult {
    let place = Place::new()?;
    let transport = place.transport().with_unlink(false);
    for make in [Place::make_stale, |place: &Place| fs::write(&place.path, "precious")] {
        make(&place)?;
        let before = fs::symlink_metadata(&place.path)?.ino();
        match transport.listen().await {
            Err(TransportError::AddressInUse { endpoint }) => {
                assert_eq!(endpoint, Endpoint::Unix(place.path.clone()));
            }
            other => return Err(format!("expected AddressInUse, got {other:?}").into()),
        }
        assert_eq!(fs::symlink_metadata(&place.path)?.ino(), before);
        assert_eq!(place.names()?, ["app.world"]);
        fs::remove_file(&place.path)?;
    }
    let mut listener = transport.listen().await?;
    check_serves(&mut listener, &place.path).await?;
    listener.close().await?;
    assert_eq!(place.names()?, [""; 0]);
    Ok(())
}
