//! Under which name the kernel, and whoever asks it, knows a socket.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;

use ipc_transport::{Transport, UnixTransport};

use crate::{Place, TestResult, check_serves};

/// Checks that the path is a name of the kernel's, and that no other name is in its directory.
#[cfg(target_os = "linux")]
fn check_known(path: &Path) -> TestResult {
    let known = fs::read_to_string("/proc/net/unix")?;
    let directory = path.parent().and_then(Path::to_str).ok_or("no directory")?;
    let names: Vec<_> = known.lines().filter_map(|line| line.split(' ').next_back()).collect();
    // Listening and accepted sockets have the name; that of a dialed one is empty.
    let here = names.iter().filter(|name| name.starts_with(directory));
    let expected = path.to_str().ok_or("not UTF-8")?;
    let here: Vec<_> = here.collect();
    assert!(!here.is_empty() && here.iter().all(|name| **name == expected), "{here:?}");
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn check_known(_: &Path) -> TestResult {
    Ok(())
}

#[tokio::test]
async fn the_kernel_knows_a_socket_by_the_path_that_is_served() -> TestResult {
    for stale in [false, true] {
        let place = Place::new()?;
        if stale {
            place.make_stale()?;
        }
        let mut listener = place.transport().listen().await?;
        check_known(&place.path)?;
        check_serves(&mut listener, &place.path).await?;
        let peer = UnixStream::connect(&place.path)?.peer_addr()?;
        assert_eq!(peer.as_pathname(), Some(&*place.path));
        listener.close().await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_relative_path_is_known_to_the_kernel_from_the_root_on() -> TestResult {
    // The tests share one current directory, so the name is one that no other makes.
    let directory = tempfile::tempdir_in(".")?;
    let name = directory.path().file_name().ok_or("no name")?;
    let path = Path::new(name).join("s");
    let absolute = std::path::absolute(&path)?;
    if absolute.as_os_str().len() > 103 {
        return Ok(());
    }
    let _listener = UnixTransport::new(&path).listen().await?;
    check_known(&absolute)?;
    let peer = UnixStream::connect(&path)?.peer_addr()?;
    assert_eq!(peer.as_pathname(), Some(&*absolute));
    Ok(())
}

/// systemd's cleaner of temporary directories spares sockets whose names are in `/proc/net/unix`.
#[tokio::test]
async fn the_cleaner_of_temporary_directories_leaves_a_live_socket() -> TestResult {
    let place = Place::new()?;
    let mut listener = place.transport().listen().await?;
    // A stale socket, to see that the cleaner cleans.
    let stale = place.directory.path().join("stale");
    drop(std::os::unix::net::UnixListener::bind(&stale)?);
    let rules = place.directory.path().join("rules.conf");
    let directory = place.directory.path().display();
    // The age goes by access, change and modification; a microsecond has passed by now.
    fs::write(&rules, format!("d {directory} 0700 - - 1us\nx {directory}/rules.conf\n"))?;
    let cleaned = Command::new("systemd-tmpfiles").arg("--clean").arg(&rules).output();
    let Ok(cleaned) = cleaned else {
        eprintln!("systemd-tmpfiles is not there: nothing to see here");
        return Ok(());
    };
    assert!(cleaned.status.success(), "{cleaned:?}");
    assert!(!stale.exists(), "it cleaned nothing: {cleaned:?}");
    check_serves(&mut listener, &place.path).await
}
