//! Starts on file systems that lack a call: what a server does without it, and what it leaves.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener as StdListener;

use tempfile::TempDir;

use super::calls::Faults;
use super::*;

type TestResult = Result<(), Box<dyn std::error::Error>>;

/// A directory, which only its owner can enter or everybody.
fn directory(mode: u32) -> io::Result<TempDir> {
    let directory = tempfile::tempdir()?;
    fs::set_permissions(directory.path(), Permissions::from_mode(mode))?;
    Ok(directory)
}

fn plan(mode: u32) -> Plan {
    Plan { mode, unlink: true, backlog: 16, group: None }
}

fn names(directory: &TempDir) -> io::Result<usize> {
    Ok(fs::read_dir(directory.path())?.count())
}

fn mode(path: &Path) -> io::Result<u32> {
    Ok(fs::symlink_metadata(path)?.mode() & 0o777)
}

const ALONE: u32 = 0o700;
const SHARED: u32 = 0o755;
/// How file systems say that they lack a call.
const LACKING: [i32; 6] =
    [libc::EINVAL, libc::ENOTSUP, libc::EPERM, libc::ENOSYS, libc::ENOLCK, libc::EACCES];

#[tokio::test]
async fn a_server_starts_where_modes_locks_or_both_are_lacking() -> TestResult {
    for number in LACKING {
        for calls in
            [&["chmod"][..], &["fchmod"], &["flock"], &["fchmod", "flock"], &["chmod", "flock"]]
        {
            for stale in [false, true] {
                let directory = directory(SHARED)?;
                let path = directory.path().join("app.world");
                if stale {
                    drop(StdListener::bind(&path)?);
                }
                let refused: Vec<_> = calls.iter().map(|call| (*call, number)).collect();
                let faults = Faults::of(&refused);
                // Without the call on the descriptor, elsewhere than on Linux the mode needs chmod.
                if cfg!(target_os = "linux") || !calls.contains(&"chmod") {
                    let (io, mut file) = claim(&path, &plan(0o600)).await?;
                    assert_eq!(mode(&path)?, 0o600, "{calls:?} {number}");
                    assert_eq!(names(&directory)?, 1, "{calls:?} {number}: no lock file stays");
                    drop(faults);
                    file.remove()?;
                    drop(io);
                    assert_eq!(names(&directory)?, 0);
                }
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn without_any_way_to_set_a_mode_the_directory_decides() -> TestResult {
    for number in LACKING {
        let alone = directory(ALONE)?;
        let path = alone.path().join("app.world");
        let faults = Faults::of(&[("fchmod", number), ("chmod", number)]);
        let (_io, _file) = claim(&path, &plan(0o600)).await?;
        assert_eq!(names(&alone)?, 1);

        let shared = directory(SHARED)?;
        let path = shared.path().join("app.world");
        // What the umask of this process makes of a file that is told nothing.
        let probe = alone.path().join("probe");
        drop(StdListener::bind(&probe)?);
        let by_umask = mode(&probe)?;
        let started = claim(&path, &plan(0o600)).await;
        if by_umask & 0o077 == 0 {
            started?;
            continue;
        }
        match started {
            Err(error @ TransportError::ModeRefused { .. }) => {
                let text = error.to_string();
                let named = path.display().to_string();
                for part in [&named, "chmod", "0600", &format!("{by_umask:04o}")] {
                    assert!(text.contains(part), "{text}: {part}");
                }
                assert_eq!(error.raw_os_error(), Some(number));
            }
            other => return Err(format!("expected ModeRefused, got {other:?}").into()),
        }
        assert_eq!(names(&shared)?, 0, "nothing is left behind");
        // A mode that asks for as much or more is served.
        let (_io, _file) = claim(&path, &plan(0o777)).await?;
        drop(faults);
    }
    Ok(())
}

/// Whatever call fails, the error names it and the file, and nothing is left.
#[tokio::test]
async fn a_start_that_fails_leaves_nothing_and_names_the_call() -> TestResult {
    for (call, stale) in [("bind", false), ("lstat", false), ("unlink", true)] {
        for number in [libc::EINVAL, libc::EIO, libc::ENOSYS] {
            let directory = directory(ALONE)?;
            let path = directory.path().join("app.world");
            if stale {
                drop(StdListener::bind(&path)?);
            }
            let faults = Faults::of(&[(call, number)]);
            let error = claim(&path, &plan(0o600)).await.err().ok_or("started")?;
            assert_eq!(error.code(), "io", "{error}");
            assert_eq!(error.raw_os_error(), Some(number), "{call}");
            let text = error.to_string();
            assert!(text.contains(call) && text.contains("app.world"), "{text}");
            drop(faults);
            assert_eq!(names(&directory)?, usize::from(stale), "{call}");
        }
    }
    Ok(())
}

/// A rival without a lock is between its bind and its listen, where it looks like a stale socket.
#[tokio::test]
async fn without_locks_a_rival_that_is_about_to_listen_is_not_replaced() -> TestResult {
    let directory = directory(ALONE)?;
    let path = directory.path().join("app.world");
    let rival = tokio::net::UnixSocket::new_stream()?;
    rival.bind(&path)?;
    let _faults = Faults::of(&[("flock", libc::ENOLCK)]);
    let plan = plan(0o600);
    let (claimed, rival) = tokio::join!(claim(&path, &plan), async {
        // Polled second, so that the other has seen a stale socket by now.
        rival.listen(16)
    });
    let _rival = rival?;
    assert!(matches!(claimed, Err(TransportError::AlreadyRunning { .. })), "{claimed:?}");
    Ok(())
}
