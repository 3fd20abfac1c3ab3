//! Whom a server takes, and abstract names, which have no rights of their own. Takes root, as users.rs.

use ipc_transport::{PeerCheck, Transport, TransportError, UnixTransport};
use tokio::io::AsyncReadExt;
use tokio::runtime::Runtime;

use crate::Result;
use crate::child::Other;
use crate::kill::text;
use crate::users::{CLIENT, OPEN, Place, ROOT, SQUATTER, is_root};

/// Row for row: what a server of user `CLIENT` with this check makes of a client of this user.
pub(crate) fn a_server_takes_whom_its_check_takes() -> Result {
    if !is_root()? {
        return Ok(());
    }
    let named = SQUATTER.to_string();
    for (check, client, expected) in [
        ("any", SQUATTER, "heard"),
        ("default", SQUATTER, "heard"),
        ("same", CLIENT, "heard"),
        ("same", SQUATTER, "peer_refused"),
        ("same", ROOT, "peer_refused"),
        ("root too", CLIENT, "heard"),
        ("root too", ROOT, "heard"),
        ("root too", SQUATTER, "peer_refused"),
        (&named, SQUATTER, "heard"),
        (&named, CLIENT, "peer_refused"),
    ] {
        let place = Place::new(OPEN)?;
        let path = place.path.join("app.world");
        let mut server = Other::start_as(CLIENT, &["listen", text(&path)?, check])?;
        assert_eq!(server.hear()?, "listening");
        let mut dialer = Other::start_as(client, &["dial", text(&path)?, "any"])?;
        // The kernel connects before the server has looked.
        assert_eq!(dialer.ask("dial")?, "connected");
        assert_eq!(server.ask("accept")?, expected, "{check} {client}");
    }
    Ok(())
}

/// A refusal names the stranger, closes its connection, and the next one is taken.
pub(crate) fn a_refused_stranger_does_not_hold_up() -> Result {
    if !is_root()? {
        return Ok(());
    }
    let place = Place::new(OPEN)?;
    let path = place.path.join("app.world");
    let runtime = Runtime::new()?;
    let ours = UnixTransport::new(&path).with_mode(0o666);
    let ours = ours.with_accept_check(PeerCheck::SameUser);
    let mut listener = runtime.block_on(ours.listen())?;
    let mut stranger = Other::start_as(CLIENT, &["dial", text(&path)?, "any"])?;
    assert_eq!(stranger.ask("dial")?, "connected");
    match runtime.block_on(listener.accept()) {
        Err(error @ TransportError::PeerRefused { .. }) => {
            assert!(error.is_refusal());
            let text = error.to_string();
            assert!(text.contains("user 65534") && text.contains("expected user 0"), "{text}");
        }
        other => return Err(format!("expected PeerRefused, got {other:?}").into()),
    }
    runtime.block_on(async {
        let (mut client, server) = tokio::try_join!(ours.dial(), listener.accept())?;
        drop(server);
        assert_eq!(client.read(&mut [0; 1]).await?, 0);
        Ok(())
    })
}

#[cfg(target_os = "linux")]
pub(crate) fn abstract_names_are_for_one_user() -> Result {
    if !is_root()? {
        return Ok(());
    }
    let squatter = SQUATTER.to_string();
    // Row for row: the server's user and check, the client's, and what each of them says.
    for (number, (server, taken, client, believed, dialed, accepted)) in [
        (CLIENT, "root too", CLIENT, "default", "connected", "heard"),
        (ROOT, "any", CLIENT, "default", "connected", "heard"),
        (SQUATTER, "any", CLIENT, "default", "foreign_owner", "gone"),
        (SQUATTER, "any", ROOT, "default", "foreign_owner", "gone"),
        (SQUATTER, "any", CLIENT, &squatter, "connected", "heard"),
        (SQUATTER, "any", CLIENT, "any", "connected", "heard"),
        (CLIENT, "default", SQUATTER, "any", "connected", "peer_refused"),
        (CLIENT, "default", ROOT, "any", "connected", "heard"),
    ]
    .into_iter()
    .enumerate()
    {
        let place = format!("abstract:ipc-processes.{}.{number}", std::process::id());
        let mut server = Other::start_as(server, &["listen", &place, taken])?;
        assert_eq!(server.hear()?, "listening");
        let mut second = Other::start(&["listen", &place])?;
        assert_eq!(second.hear()?, "address_in_use");
        let mut dialer = Other::start_as(client, &["dial", &place, believed])?;
        assert_eq!(dialer.ask("dial")?, dialed, "row {number}");
        assert_eq!(server.ask("accept")?, accepted, "row {number}");
    }
    Ok(())
}

#[cfg(target_os = "linux")]
pub(crate) fn a_killed_abstract_server_leaves_nothing() -> Result {
    let place = format!("abstract:ipc-processes.{}.killed", std::process::id());
    for _ in 0..2 {
        let mut server = Other::start(&["listen", &place])?;
        assert_eq!(server.hear()?, "listening");
        let mut dialer = Other::start(&["dial", &place, "default"])?;
        assert_eq!(dialer.ask("dial")?, "connected");
        assert_eq!(server.ask("accept")?, "heard");
        server.kill()?;
        assert_eq!(dialer.ask("dial")?, "nobody_listening connection refused");
    }
    Ok(())
}
