//! Peers in other pid and user namespaces, made by unshare(1). Takes root, as users.rs.

use std::process::{Command, Stdio};

use ipc_transport::{PeerCheck, Transport, UnixTransport};
use tokio::runtime::Runtime;

use crate::Result;
use crate::child::{Other, say};
use crate::kill::text;
use crate::users::{OPEN, Place, SQUATTER, is_root};

/// A process of another pid namespace has no number here: neither to its server nor to its client.
pub(crate) fn a_process_of_another_namespace_has_no_id() -> Result {
    if !is_root()? || !can_unshare("--pid") {
        return Ok(());
    }
    let place = Place::new(OPEN)?;
    let path = place.path.join("app.world");
    let mut server = Command::new("unshare");
    server.args(["--pid", "--fork", "--kill-child"]).arg(std::env::current_exe()?);
    let mut server = Other::spawn(server.args(["--play", "name", text(&path)?]))?;
    assert_eq!(server.hear()?, "listening");
    let stream = Runtime::new()?.block_on(UnixTransport::new(&path).dial())?;
    // Our namespace is above the server's, so we see its number, and it does not see ours.
    let seen = stream.peer().credentials.ok_or("no credentials")?;
    assert!(seen.pid.is_some_and(|pid| pid > 0), "{seen:?}");
    assert_eq!(server.hear()?, "None");
    Ok(())
}

/// The other process: says of its first client what process it is.
pub(crate) fn name(path: &str) -> Result {
    let runtime = Runtime::new()?;
    runtime.block_on(async {
        let mut listener = UnixTransport::new(path).listen().await?;
        say("listening");
        let stream = listener.accept().await?;
        say(&format!("{:?}", stream.peer().credentials.and_then(|found| found.pid)));
        Ok(())
    })
}

/// Within a user namespace everybody outside is the overflow user, and an error says so.
pub(crate) fn a_user_without_a_number_here_is_named_as_such() -> Result {
    if !is_root()? || !can_unshare_user() {
        return Ok(());
    }
    let place = Place::new(OPEN)?;
    let path = place.path.join("app.world");
    let open = UnixTransport::new(&path).with_mode(0o666);
    let runtime = Runtime::new()?;
    let mut listener = runtime.block_on(open.listen())?;
    // Only this user has a number there.
    let unshare = ["unshare", "--user", "--map-user=1000"];
    let mut client = Other::start_as_through(SQUATTER, &unshare, &["explain", text(&path)?])?;
    let said = client.hear()?;
    assert!(said.contains("65534") && said.contains("user namespace"), "{said}");
    let accepted = runtime.block_on(listener.accept());
    assert!(accepted.is_ok(), "{accepted:?}");
    Ok(())
}

/// The other process: says why it does not believe the server.
pub(crate) fn explain(path: &str) -> Result {
    say("here");
    let checked = UnixTransport::new(path).with_peer_check(PeerCheck::SameUser);
    let dialed = Runtime::new()?.block_on(checked.dial());
    say(&dialed.map_or_else(|error| error.to_string(), |_| "believed".to_owned()));
    Ok(())
}

fn can_unshare_user() -> bool {
    // What root may, other users may be forbidden.
    let off = std::fs::read_to_string("/proc/sys/user/max_user_namespaces");
    off.is_ok_and(|number| number.trim() != "0") && can_unshare("--user")
}

fn can_unshare(what: &str) -> bool {
    let tried =
        Command::new("unshare").args([what, "--fork", "true"]).stderr(Stdio::null()).status();
    let can = tried.is_ok_and(|status| status.success());
    if !can {
        say(&format!("unshare {what} is not possible: nothing to see here"));
    }
    can
}
