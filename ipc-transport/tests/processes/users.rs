//! Sockets of other users. Acting as another user takes root; without it these say so and pass.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use ipc_transport::{Transport, UnixTransport};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::Result;
use crate::child::{Other, say};
use crate::kill::text;

/// Row for row: what a client of user `CLIENT` makes of a server of user `SQUATTER`.
pub(crate) fn a_squatted_socket_is_refused() -> Result {
    if !is_root()? {
        return Ok(());
    }
    let (squatter, client) = (SQUATTER.to_string(), CLIENT.to_string());
    for (mode, below, server, check, expected) in [
        (STICKY, false, SQUATTER, "default", "foreign_owner"),
        (STICKY, false, ROOT, "default", "connected"),
        (STICKY, false, CLIENT, "default", "connected"),
        (STICKY, true, SQUATTER, "default", "foreign_owner"),
        (OPEN, false, SQUATTER, "default", "connected"),
        (STICKY, false, SQUATTER, "any", "connected"),
        (STICKY, false, SQUATTER, &squatter, "connected"),
        (STICKY, false, SQUATTER, &client, "foreign_owner"),
        (OPEN, false, SQUATTER, "same", "foreign_owner"),
        (OPEN, false, CLIENT, "same", "connected"),
    ] {
        let place = Place::new(mode)?;
        let directory = if below { place.subdirectory(server)? } else { place.path.clone() };
        let path = directory.join("app.world");
        let mut server = Other::start_as(server, &["listen", text(&path)?])?;
        assert_eq!(server.hear()?, "listening");
        let mut dialer = Other::start_as(CLIENT, &["dial", text(&path)?, check])?;
        assert_eq!(dialer.ask("dial")?, expected, "{mode:o} {below} {check}");
        // Whoever was refused has not said a word.
        let heard = if expected == "connected" { "heard" } else { "gone" };
        assert_eq!(server.ask("accept")?, heard);
        if check == "default" {
            // The rights of other users cannot harm root, who accepts any user's socket.
            Runtime::new()?.block_on(UnixTransport::new(&path).dial())?;
        }
    }
    Ok(())
}

pub(crate) fn the_default_mode_keeps_strangers_out() -> Result {
    if !is_root()? {
        return Ok(());
    }
    let place = Place::new(OPEN)?;
    let path = place.path.join("app.world");
    let runtime = Runtime::new()?;
    let mut dialer = Other::start_as(CLIENT, &["dial", text(&path)?, "any"])?;
    let closed = runtime.block_on(UnixTransport::new(&path).listen())?;
    assert_eq!(dialer.ask("dial")?, "io permission denied");
    runtime.block_on(closed.close())?;
    let mut open = runtime.block_on(UnixTransport::new(&path).with_mode(0o666).listen())?;
    assert_eq!(dialer.ask("dial")?, "connected");
    let stream = runtime.block_on(open.accept())?;
    let credentials = stream.peer().credentials.ok_or("no credentials")?;
    assert_eq!((credentials.uid, credentials.gid), (CLIENT, CLIENT));
    Ok(())
}

pub(crate) fn a_strangers_stale_socket_is_named() -> Result {
    if !is_root()? {
        return Ok(());
    }
    let place = Place::new(STICKY)?;
    let path = place.path.join("app.world");
    let mut squatter = Other::start_as(SQUATTER, &["leave", text(&path)?])?;
    assert_eq!(squatter.hear()?, "left");
    for mode in [0o755, 0o777] {
        // With 0755 it may not even be probed; with 0777 it may not be replaced.
        fs::set_permissions(&path, Permissions::from_mode(mode))?;
        let mut server = Other::start_as(CLIENT, &["listen", text(&path)?])?;
        assert_eq!(server.hear()?, "foreign_owner");
    }
    assert_eq!(fs::read_dir(&place.path)?.count(), 1, "no lock and no temporary name stays");
    Ok(())
}

pub(crate) fn a_strangers_lock_file_is_named() -> Result {
    if !is_root()? {
        return Ok(());
    }
    let place = Place::new(STICKY)?;
    let lock = place.path.join(".app.world.starting");
    fs::write(&lock, "")?;
    fs::set_permissions(&lock, Permissions::from_mode(0o600))?;
    chown(&lock, Some(SQUATTER), Some(SQUATTER))?;
    let path = place.path.join("app.world");
    let mut server = Other::start_as(CLIENT, &["listen", text(&path)?])?;
    assert_eq!(server.hear()?, "foreign_owner");
    assert!(lock.exists() && !path.exists());
    Ok(())
}

pub(crate) fn a_directory_without_rights_is_named() -> Result {
    if !is_root()? {
        return Ok(());
    }
    let place = Place::new(0o755)?;
    let path = place.path.join("app.world");
    let mut server = Other::start_as(CLIENT, &["listen", text(&path)?])?;
    assert_eq!(server.hear()?, "directory_not_writable");
    Ok(())
}

/// A directory that other users can reach, with this mode.
pub(crate) struct Place {
    pub(crate) path: std::path::PathBuf,
    _base: TempDir,
}

impl Place {
    pub(crate) fn new(mode: u32) -> Result<Self> {
        // Outside /tmp, which is sticky itself and so would be everything below it.
        let base = tempfile::tempdir_in("/var/lib")?;
        fs::set_permissions(base.path(), Permissions::from_mode(0o755))?;
        let path = base.path().join("open");
        fs::create_dir(&path)?;
        fs::set_permissions(&path, Permissions::from_mode(mode))?;
        Ok(Self { path, _base: base })
    }

    fn subdirectory(&self, owner: u32) -> Result<std::path::PathBuf> {
        let path = self.path.join("below");
        fs::create_dir(&path)?;
        chown(&path, Some(owner), Some(owner))?;
        Ok(path)
    }
}

/// Tells whether other users can be acted as, and says so if not.
pub(crate) fn is_root() -> Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let own = tempfile::tempdir()?;
    let root = fs::metadata(Path::new(own.path()))?.uid() == ROOT;
    if !root {
        say("not root: cannot act as another user, so nothing to see here");
    }
    Ok(root)
}

pub(crate) const ROOT: u32 = 0;
pub(crate) const CLIENT: u32 = 65534;
pub(crate) const SQUATTER: u32 = 65533;
const STICKY: u32 = 0o1777;
pub(crate) const OPEN: u32 = 0o777;
