//! Which paths work, with which rights the file appears, and what the rest is told.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::path::Path;

use ipc_transport::{Transport, TransportError, UnixTransport};

use crate::{Place, TestResult, check_serves};

#[tokio::test]
async fn a_missing_directory_is_named() -> TestResult {
    let place = Place::new()?;
    fs::write(&place.path, "a file where a directory should be")?;
    for parent in [place.directory.path().join("missing"), place.path.clone()] {
        match UnixTransport::new(parent.join("app.world")).listen().await {
            Err(TransportError::MissingDirectory { directory }) => assert_eq!(directory, parent),
            other => return Err(format!("expected MissingDirectory, got {other:?}").into()),
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_path_up_to_the_limit_works_and_none_beyond() -> TestResult {
    let limit = LIMIT;
    let place = Place::new()?;
    let base = place.directory.path().as_os_str().len() + 1;
    let long = |length: usize| place.directory.path().join("x".repeat(length - base));
    for length in limit - 20..=limit {
        UnixListener::bind(long(length))?;
        let mut listener = UnixTransport::new(long(length)).listen().await?;
        check_serves(&mut listener, &long(length)).await?;
        assert_eq!(fs::metadata(long(length))?.permissions().mode() & 0o777, 0o600);
        listener.close().await?;
        assert_eq!(place.names()?, [""; 0]);
    }
    for result in [
        UnixTransport::new(long(limit + 1)).listen().await.map(drop),
        UnixTransport::new(long(limit + 1)).dial().await.map(drop),
    ] {
        match result {
            Err(TransportError::NameTooLong { limit: found, actual, .. }) => {
                assert_eq!((found, actual), (limit, limit + 1));
            }
            other => return Err(format!("expected NameTooLong, got {other:?}").into()),
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_path_without_room_for_a_temporary_name_is_bound_in_place() -> TestResult {
    // A directory so deep that only a name of one letter fits.
    let place = Place::new()?;
    let base = place.directory.path().as_os_str().len();
    let directory = place.directory.path().join("d".repeat(LIMIT - base - 3));
    fs::create_dir(&directory)?;
    let path = directory.join("s");
    for stale in [false, true] {
        if stale {
            UnixListener::bind(&path)?;
        }
        let mut listener = UnixTransport::new(&path).listen().await?;
        check_serves(&mut listener, &path).await?;
        assert_eq!(fs::metadata(&path)?.permissions().mode() & 0o777, 0o600);
        let result = UnixTransport::new(&path).listen().await;
        assert!(matches!(result, Err(TransportError::AlreadyRunning { .. })), "{result:?}");
        listener.close().await?;
        assert!(fs::read_dir(&directory)?.next().is_none());
    }
    Ok(())
}

#[tokio::test]
async fn a_path_that_can_never_name_a_socket_says_why() {
    for (path, reason) in [
        ("", "empty"),
        ("/tmp/a\0b", "NUL"),
        ("\0abstract", "NUL"),
        ("/tmp/", "directory"),
        ("..", "directory"),
        ("/", "directory"),
    ] {
        let transport = UnixTransport::new(path);
        for result in [transport.listen().await.map(drop), transport.dial().await.map(drop)] {
            match result {
                Err(error @ TransportError::InvalidName { .. }) => {
                    assert!(error.to_string().contains(reason), "{path:?}: {error}");
                }
                other => panic!("{path:?}: expected InvalidName, got {other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn the_mode_is_exact_whatever_the_umask() -> TestResult {
    let place = Place::new()?;
    for stale in [false, true] {
        for mode in [None, Some(0o600), Some(0o666), Some(0o777), Some(0o620)] {
            if stale {
                place.make_stale()?;
            }
            let transport = match mode {
                Some(mode) => place.transport().with_mode(mode),
                None => place.transport(),
            };
            let _listener = transport.listen().await?;
            let found = fs::symlink_metadata(&place.path)?.permissions().mode() & 0o7777;
            assert_eq!(found, mode.unwrap_or(0o600), "{mode:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_relative_path_is_removed_from_where_it_was_made() -> TestResult {
    // The tests share one current directory, so the name is one that no other makes.
    let directory = tempfile::tempdir_in(".")?;
    let name = directory.path().file_name().ok_or("no name")?;
    let path = Path::new(name).join("app.world");
    let mut listener = UnixTransport::new(&path).listen().await?;
    check_serves(&mut listener, &path).await?;
    listener.close().await?;
    assert!(!path.exists());
    Ok(())
}

/// The longest path a socket address holds.
const LIMIT: usize = if cfg!(any(target_os = "linux", target_os = "android")) { 107 } else { 103 };
