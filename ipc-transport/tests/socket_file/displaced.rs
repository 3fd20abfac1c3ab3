//! A socket file that is removed or replaced while it is served.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixListener as StdListener;
use std::time::Duration;

use ipc_transport::{
    AfterDisplaced, Displaced, DisplacedBy, Displacements, Listener, Transport, TransportError,
    UnixTransport, WhenDisplaced,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::{Place, TestResult, check_serves};

const OFTEN: Option<Duration> = Some(Duration::from_millis(5));
const DEADLINE: Duration = Duration::from_secs(60);

fn transport(place: &Place, then: WhenDisplaced) -> UnixTransport {
    place.transport().with_file_watch(OFTEN).with_when_displaced(then)
}

/// Accepts until there is a notice, as a server that waits for clients does.
async fn notice(
    listener: &mut Box<dyn Listener>,
    notices: &mut Displacements,
) -> Result<Displaced, Box<dyn std::error::Error + Send + Sync>> {
    tokio::time::timeout(DEADLINE, async {
        tokio::select! {
            biased;
            notice = notices.next() => notice.ok_or_else(|| "closed".into()),
            accepted = listener.accept() => Err(format!("accepted {accepted:?}").into()),
        }
    })
    .await?
}

both_runtimes!(a_server_that_serves_on_tells_each_change_once);
async fn a_server_that_serves_on_tells_each_change_once() -> TestResult {
    let place = Place::new()?;
    let mut listener = transport(&place, WhenDisplaced::ServeOn).listen().await?;
    let mut notices = listener.displacements().ok_or("not watched")?;
    let client = place.transport();
    let (mut old, mut served) = tokio::try_join!(client.dial(), listener.accept())?;
    fs::remove_file(&place.path)?;
    let told = notice(&mut listener, &mut notices).await?;
    assert_eq!((&told.path, told.by), (&place.path, DisplacedBy::Removed));
    assert!(matches!(told.then, AfterDisplaced::ServesOn), "{told:?}");
    // Whoever is connected stays.
    old.write_all(b"!").await?;
    assert_eq!(served.read_u8().await?, b'!');

    let mut second = place.transport().listen().await?;
    let told = notice(&mut listener, &mut notices).await?;
    assert_eq!(told.by, DisplacedBy::Replaced);
    let again = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
    assert!(again.is_err() && notices.try_next().is_none(), "told twice");
    listener.close().await?;
    check_serves(&mut second, &place.path).await
}

both_runtimes!(a_file_that_is_moved_away_or_covered_is_missed_too);
async fn a_file_that_is_moved_away_or_covered_is_missed_too() -> TestResult {
    for replace in [false, true] {
        let place = Place::new()?;
        let mut listener = transport(&place, WhenDisplaced::ServeOn).listen().await?;
        let mut notices = listener.displacements().ok_or("not watched")?;
        let other = place.directory.path().join("other");
        if replace {
            fs::write(&other, "")?;
            fs::rename(&other, &place.path)?;
        } else {
            fs::rename(&place.path, &other)?;
        }
        let by = if replace { DisplacedBy::Replaced } else { DisplacedBy::Removed };
        assert_eq!(notice(&mut listener, &mut notices).await?.by, by);
    }
    Ok(())
}

both_runtimes!(a_server_makes_its_file_again);
async fn a_server_makes_its_file_again() -> TestResult {
    let place = Place::new()?;
    let transport = transport(&place, WhenDisplaced::Remake).with_mode(0o660);
    let mut listener = transport.listen().await?;
    let mut notices = listener.displacements().ok_or("not watched")?;
    for stale in [false, true] {
        fs::remove_file(&place.path)?;
        if stale {
            place.make_stale()?;
        }
        let told = notice(&mut listener, &mut notices).await?;
        assert!(matches!(told.then, AfterDisplaced::Remade), "{told:?}");
        assert_eq!(fs::metadata(&place.path)?.mode() & 0o777, 0o660);
        check_serves(&mut listener, &place.path).await?;
    }
    listener.close().await?;
    assert_eq!(place.names()?, [""; 0]);
    Ok(())
}

both_runtimes!(clients_that_wait_when_the_file_is_made_again_are_served);
async fn clients_that_wait_when_the_file_is_made_again_are_served() -> TestResult {
    let place = Place::new()?;
    let mut listener = transport(&place, WhenDisplaced::Remake).listen().await?;
    let mut early = place.transport().dial().await?;
    early.write_all(b"!").await?;
    fs::remove_file(&place.path)?;
    let mut served = listener.accept().await?;
    assert_eq!(served.read_u8().await?, b'!');
    Ok(())
}

both_runtimes!(a_living_server_and_a_file_are_not_pushed_aside);
async fn a_living_server_and_a_file_are_not_pushed_aside() -> TestResult {
    let place = Place::new()?;
    let mut listener = transport(&place, WhenDisplaced::Remake).listen().await?;
    let mut notices = listener.displacements().ok_or("not watched")?;
    fs::remove_file(&place.path)?;
    let rival = StdListener::bind(&place.path)?;
    let rivals = fs::metadata(&place.path)?.ino();
    let told = notice(&mut listener, &mut notices).await?;
    match told.then {
        AfterDisplaced::NotRemade { reason } => assert_eq!(reason.code(), "already_running"),
        other => return Err(format!("expected NotRemade, got {other:?}").into()),
    }
    assert_eq!(fs::metadata(&place.path)?.ino(), rivals);
    // When the other one has gone, however it went, its place is taken.
    drop(rival);
    let told = notice(&mut listener, &mut notices).await?;
    assert!(matches!(told.then, AfterDisplaced::Remade), "{told:?}");
    check_serves(&mut listener, &place.path).await?;

    fs::remove_file(&place.path)?;
    fs::write(&place.path, "precious")?;
    let told = notice(&mut listener, &mut notices).await?;
    match told.then {
        AfterDisplaced::NotRemade { reason } => assert_eq!(reason.code(), "not_a_socket"),
        other => return Err(format!("expected NotRemade, got {other:?}").into()),
    }
    listener.close().await?;
    assert_eq!(fs::read_to_string(&place.path)?, "precious");
    Ok(())
}

both_runtimes!(a_directory_that_comes_back_gets_its_socket_again);
async fn a_directory_that_comes_back_gets_its_socket_again() -> TestResult {
    let place = Place::new()?;
    let below = place.directory.path().join("below");
    fs::create_dir(&below)?;
    let path = below.join("app.world");
    let watched = UnixTransport::new(&path).with_file_watch(OFTEN);
    let mut listener = watched.with_when_displaced(WhenDisplaced::Remake).listen().await?;
    let mut notices = listener.displacements().ok_or("not watched")?;
    fs::remove_dir_all(&below)?;
    let told = notice(&mut listener, &mut notices).await?;
    assert!(matches!(told.then, AfterDisplaced::NotRemade { .. }), "{told:?}");
    fs::create_dir(&below)?;
    let told = notice(&mut listener, &mut notices).await?;
    assert!(matches!(told.then, AfterDisplaced::Remade), "{told:?}");
    check_serves(&mut listener, &path).await
}

both_runtimes!(a_server_that_is_to_stop_says_so_and_leaves_the_others_file);
async fn a_server_that_is_to_stop_says_so_and_leaves_the_others_file() -> TestResult {
    let place = Place::new()?;
    let mut listener = transport(&place, WhenDisplaced::Stop).listen().await?;
    let mut notices = listener.displacements().ok_or("not watched")?;
    fs::remove_file(&place.path)?;
    let mut second = place.transport().listen().await?;
    for _ in 0..2 {
        let stopped = tokio::time::timeout(DEADLINE, listener.accept()).await?;
        match stopped {
            Err(error @ TransportError::Displaced { by: DisplacedBy::Replaced, .. }) => {
                assert!(error.to_string().contains("app.world"), "{error}");
            }
            other => return Err(format!("expected Displaced, got {other:?}").into()),
        }
    }
    let told = notices.try_next().ok_or("not told")?;
    assert!(matches!(told.then, AfterDisplaced::Stopped), "{told:?}");
    listener.close().await?;
    check_serves(&mut second, &place.path).await
}

#[tokio::test]
async fn a_file_that_is_not_watched_is_not_missed() -> TestResult {
    let place = Place::new()?;
    let listener = place.transport().with_file_watch(None).listen().await?;
    assert!(listener.displacements().is_none());
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_look_comes_every_two_seconds_unless_told_otherwise() -> TestResult {
    let place = Place::new()?;
    let mut listener = place.transport().listen().await?;
    let mut notices = listener.displacements().ok_or("not watched")?;
    let started = tokio::time::Instant::now();
    fs::remove_file(&place.path)?;
    notice(&mut listener, &mut notices).await?;
    assert_eq!(started.elapsed().as_secs(), 2);
    Ok(())
}
