//! The example of node-ipc's own README, with the other half played by the peer.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::super::matrix::Role;
use super::super::peer::Peer;
use super::super::place::Place;
use super::super::room::Room;
use xtask::error::{Error, Result};

/// The README's client against a server that echoes.
pub(super) fn client(room: &Room<'_>) -> Result<()> {
    let place = room.place();
    let mut server = match &place {
        Place::Port(_) => room.serve(&["--echo"])?,
        // No path: both sides make it of socketRoot, appspace and id.
        Place::Unix(_) => {
            let root = room.dir.join("root").to_string_lossy().into_owned();
            make_root(Path::new(&root))?;
            let mut server = room.start(true, "serve", &["--echo", "--socket-root", &root])?;
            server.event("start")?;
            server
        }
    };
    meet(room);
    let mut client = room.readme("readme-client.cjs")?;
    client.event("connect")?;
    server.expect("message", "\"hello\"")?;
    client.expect("message", "\"hello\"")?;
    server.say("{\"type\":\"message\",\"data\":\"to all\"}");
    client.expect("message", "\"to all\"")?;
    server.say("{\"do\":\"stop\"}");
    client.event("disconnect").map(drop)
}

/// The README's server against a client that says hello.
pub(super) fn server(room: &Room<'_>) -> Result<()> {
    let mut server = start_server(room)?;
    let root = room.dir.join("root").to_string_lossy().into_owned();
    let mut client = match room.place() {
        Place::Port(_) => room.connect(&[])?,
        Place::Unix(_) => {
            let mut client = room.start(true, "connect", &["--socket-root", &root])?;
            client.event("connect")?;
            client
        }
    };
    client.say("{\"type\":\"message\",\"data\":\"hello\"}");
    server.expect("message", "\"hello\"")?;
    client.expect("message", "\"hello world!\"")?;
    client.say("{\"do\":\"close\"}");
    server.event("socket.disconnected").map(drop)
}

/// Starts the README's server.
pub(super) fn start_server(room: &Room<'_>) -> Result<Peer> {
    meet(room);
    make_root(&room.dir.join("root"))?;
    let mut server = room.readme("readme-server.cjs")?;
    server.event("start")?;
    Ok(server)
}

/// Sends one `message` with the data `"hello"` to the README's server, and nothing else.
pub(super) fn emit_to_server(room: &Room<'_>) -> Result<Peer> {
    let words = ["message", "\"hello\""];
    match room.place() {
        Place::Port(_) => room.client("emit", &words),
        Place::Unix(_) => {
            let root = room.dir.join("root").to_string_lossy().into_owned();
            room.start(true, "emit", &[words[0], words[1], "--socket-root", &root])
        }
    }
}

/// The one case that uses the default path: whoever sets nothing must meet.
pub(super) fn default_path(room: &Room<'_>) -> Result<()> {
    at_the_default_path(room, |room| match room.combo.role {
        Role::Server => hello_to_nipc(room),
        Role::Client => hello_from_nipc(room, room.combo.version.dialect()),
    })
}

/// A client of the other dialect finds a server at node-ipc's default path, too.
pub(super) fn other_family(room: &Room<'_>) -> Result<()> {
    let other = if room.combo.version.is_classic() { "v14" } else { "classic" };
    // Whoever is there would be found first.
    if other == "classic" && belongs_to_another(Path::new(CLASSIC)) {
        return Err(Error::Unavailable(format!("{CLASSIC} is in use")));
    }
    at_the_default_path(room, |room| hello_from_nipc(room, other))
}

fn at_the_default_path(room: &Room<'_>, meet: impl FnOnce(&Room<'_>) -> Result<()>) -> Result<()> {
    // One at a time, since the classic default path is the same for all.
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let classic = Path::new(CLASSIC);
    if !room.combo.version.is_classic() {
        let root = room.dir.join("runtime");
        make_root(&root)?;
        room.set_variable("XDG_RUNTIME_DIR", root);
    } else if belongs_to_another(classic) {
        return Err(Error::Unavailable(format!("{} is in use", classic.display())));
    }
    let met = meet(room);
    if room.combo.version.is_classic() && !belongs_to_another(classic) {
        let _ = std::fs::remove_file(classic);
    }
    met
}

fn hello_to_nipc(room: &Room<'_>) -> Result<()> {
    let mut server = room.start(true, "serve", &["--echo"])?;
    server.event("start")?;
    let mut client = room.readme("readme-client.cjs")?;
    server.expect("message", "\"hello\"")?;
    client.expect("message", "\"hello\"").map(drop)
}

fn hello_from_nipc(room: &Room<'_>, dialect: &str) -> Result<()> {
    let mut server = room.readme("readme-server.cjs")?;
    server.event("start")?;
    let mut client = room.start_as(dialect, true, "connect", &[])?;
    client.event("connect")?;
    client.say("{\"type\":\"message\",\"data\":\"hello\"}");
    client.expect("message", "\"hello world!\"").map(drop)
}

/// Tells the README's scripts where to meet; without this they use the defaults.
fn meet(room: &Room<'_>) {
    match room.place() {
        Place::Port(port) => room.set_variable("PORT", PathBuf::from(port.to_string())),
        Place::Unix(_) => room.set_variable("SOCKET_ROOT", room.dir.join("root/")),
    }
}

/// Makes a directory that only its owner may enter, as 14.x asks for.
fn make_root(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Returns whether something at `path` is in use or is no socket, so that it is not ours to touch.
#[cfg(unix)]
fn belongs_to_another(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    let Ok(found) = std::fs::symlink_metadata(path) else { return false };
    !found.file_type().is_socket() || std::os::unix::net::UnixStream::connect(path).is_ok()
}

#[cfg(not(unix))]
fn belongs_to_another(_: &Path) -> bool {
    true
}

/// The default path of a classic server with the id `world`.
const CLASSIC: &str = "/tmp/app.world";

static ALONE: Mutex<()> = Mutex::new(());
