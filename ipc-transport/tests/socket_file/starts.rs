//! Starts that race, starts that were killed, and what stays at the end.

use std::fs;
use std::os::unix::fs::symlink;
use std::sync::Arc;

use ipc_transport::{Transport, TransportError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{Place, TestResult, check_serves};

#[tokio::test]
async fn a_stolen_path_is_left_alone_at_the_end() -> TestResult {
    for close in [true, false] {
        let place = Place::new()?;
        let first = place.transport().listen().await?;
        fs::remove_file(&place.path)?;
        let mut second = place.transport().listen().await?;
        if close {
            first.close().await?;
        } else {
            drop(first);
        }
        check_serves(&mut second, &place.path).await?;
        // Nor is it an error if somebody else has removed our file.
        fs::remove_file(&place.path)?;
        second.close().await?;
    }
    Ok(())
}

#[tokio::test]
async fn the_file_goes_with_the_server_also_after_a_failed_rival() -> TestResult {
    let place = Place::new()?;
    let listener = place.transport().listen().await?;
    assert!(place.transport().listen().await.is_err());
    assert_eq!(place.names()?, ["app.world"]);
    listener.close().await?;
    assert_eq!(place.names()?, [""; 0]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_starters_exactly_one_wins() -> TestResult {
    for round in 0..50 {
        let place = Arc::new(Place::new()?);
        if round % 2 == 0 {
            place.make_stale()?;
        }
        let start = Arc::new(tokio::sync::Barrier::new(4));
        let starters: Vec<_> = (0..4)
            .map(|_| {
                let (place, start) = (Arc::clone(&place), Arc::clone(&start));
                tokio::spawn(async move {
                    start.wait().await;
                    place.transport().listen().await
                })
            })
            .collect();
        let mut winner = None;
        for starter in starters {
            match starter.await? {
                Ok(listener) => assert!(winner.replace(listener).is_none(), "two winners"),
                Err(TransportError::AlreadyRunning { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let mut winner = winner.ok_or("no server won")?;
        // The losers' probes come first.
        let mut client = place.transport().dial().await?;
        client.write_all(b"!").await?;
        while winner.accept().await?.read(&mut [0; 1]).await? == 0 {}
        assert_eq!(place.names()?, ["app.world"]);
    }
    Ok(())
}

#[tokio::test]
async fn what_a_killed_starter_leaves_is_cleared_away() -> TestResult {
    let place = Place::new()?;
    place.make_stale()?;
    // Killed while it held the lock: the file is there, the lock is not.
    let lock = place.directory.path().join(".app.world.starting");
    fs::write(&lock, "")?;
    place.transport().listen().await?.close().await?;
    assert_eq!(place.names()?, [""; 0]);
    Ok(())
}

#[tokio::test]
async fn a_lock_file_that_is_not_ours_is_not_followed_and_not_removed() -> TestResult {
    let place = Place::new()?;
    let lock = place.directory.path().join(".app.world.starting");
    fs::write(&lock, "precious")?;
    place.transport().listen().await?.close().await?;
    assert_eq!(fs::read_to_string(&lock)?, "precious");

    fs::remove_file(&lock)?;
    let target = place.directory.path().join("target");
    symlink(&target, &lock)?;
    let Err(error) = place.transport().listen().await else {
        return Err("followed a link".into());
    };
    assert_eq!(error.code(), "io");
    assert!(!target.exists());
    Ok(())
}
