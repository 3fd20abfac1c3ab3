//! The transports of local sockets: a server's own path, and every path a client looks at.

use std::path::PathBuf;
use std::sync::Arc;

use ipc_transport::{FallbackTransport, Transport};

use super::log::Log;
use crate::paths::local_names;
use crate::{Config, Platform};

/// Returns the transport of a server at this path.
pub(super) fn server(config: &Config, path: PathBuf) -> Arc<dyn Transport> {
    note(config);
    at(config, path)
}

/// Returns the transport of a client that looks for its server at these paths in turn.
pub(super) fn client(config: &Config, paths: Vec<PathBuf>) -> Arc<dyn Transport> {
    note(config);
    let names = local_names(paths, Platform::HERE);
    let mut places = names.into_iter().enumerate().map(|(number, name)| match number {
        0 => at(config, name),
        _ => further(config, name),
    });
    match (places.next(), places.len()) {
        (Some(only), 0) => only,
        (Some(first), _) => {
            Arc::new(places.fold(FallbackTransport::new(first), FallbackTransport::or))
        }
        (None, _) => at(config, PathBuf::new()),
    }
}

/// Logs that `tls` is for networks only.
// Wire rule W72
fn note(config: &Config) {
    if config.tls.is_some() {
        Log::new(config).line("tls: local sockets stay plain, their file says who may connect");
    }
}

/// Returns the transport of a path that a client looks at after the first.
fn further(config: &Config, path: PathBuf) -> Arc<dyn Transport> {
    #[cfg(unix)]
    {
        use super::socket_root::{OwnedRoot, holds, is_private};

        let mut roots = config.resolve.others().iter();
        if let Some(root) = roots.find(|root| is_private(root) && holds(root, &path)) {
            return Arc::new(OwnedRoot { root: root.clone(), socket: at(config, path) });
        }
    }
    at(config, path)
}

/// On Windows a local socket is a named pipe, on both sides by the same rule: a full name of a pipe
/// is taken as it is.
// Wire rule W33
#[cfg(not(unix))]
fn at(config: &Config, path: PathBuf) -> Arc<dyn Transport> {
    let name = crate::paths::pipe_name(&path.to_string_lossy());
    // Wire rule W36
    let pipe = ipc_transport::PipeTransport::new(name)
        .with_readable_all(config.readable_all)
        .with_writable_all(config.writable_all);
    Arc::new(pipe)
}

#[cfg(unix)]
fn at(config: &Config, path: PathBuf) -> Arc<dyn Transport> {
    use ipc_transport::{AbstractTransport, PeerCheck, UnixTransport};

    use super::socket_root::{self, InSocketRoot};
    use crate::{Dialect, Profile};

    if let Some(name) = abstract_name(&path) {
        let socket = AbstractTransport::new(name);
        return Arc::new(match config.peer_user.map(PeerCheck::Uid) {
            Some(check) => socket.with_peer_check(check).with_accept_check(check),
            None => socket,
        });
    }
    // Wire rule W36
    let mode = match (config.readable_all, config.writable_all) {
        (false, false) => 0o600,
        (true, false) => 0o644,
        (false, true) => 0o622,
        (true, true) => 0o666,
    };
    // Wire rule W35
    let socket = UnixTransport::new(path)
        .with_mode(mode)
        .with_unlink(config.unlink)
        .with_file_watch(config.file_watch)
        .with_when_displaced(config.when_displaced);
    let assured = config.parser == Profile::Assured;
    // node-ipc leaves it to the program to look who the other side is.
    let check = match config.peer_user {
        Some(user) => Some(PeerCheck::Uid(user)),
        None => assured.then_some(PeerCheck::SameUserOrRoot),
    };
    let socket = match check {
        Some(check) => socket.with_peer_check(check).with_accept_check(check),
        None => socket,
    };
    let root = config.socket_root.clone();
    let makes_root = assured || config.dialect == Dialect::V14;
    if makes_root && socket_root::holds(&root, socket.path()) {
        return Arc::new(InSocketRoot { socket, root, secure: config.secure_socket_root });
    }
    Arc::new(socket)
}

/// Returns the name in Linux's abstract namespace that the path means, as in Node: what follows a NUL
/// character, which no path of a file has.
#[cfg(unix)]
fn abstract_name(path: &std::path::Path) -> Option<&str> {
    path.to_str()?.strip_prefix('\0')
}
