//! Whether a client accepts the server that it has just reached, and a server its client.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use super::options::PeerCheck;
use super::{socket_path, sys};
use crate::{Credentials, Endpoint, TransportError};

/// Refuses a server that `check` does not take; `server` is its user id, or why it is unknown.
pub(super) fn check_server(
    path: &Path,
    check: PeerCheck,
    server: io::Result<u32>,
) -> Result<(), TransportError> {
    if check == PeerCheck::Any {
        return Ok(());
    }
    let shared = check == PeerCheck::StickyDirectory && is_shared(path);
    // A file that has vanished since we connected leaves the server's user to judge by.
    let owner = fs::symlink_metadata(path).ok().map(|found| found.uid());
    judge(path, check, server, shared, owner)
}

/// Refuses the server of a name without a file: any user can have taken that name.
pub(super) fn check_nameless(
    name: &Path,
    check: PeerCheck,
    server: io::Result<u32>,
) -> Result<(), TransportError> {
    if check == PeerCheck::Any { Ok(()) } else { judge(name, check, server, true, None) }
}

/// Refuses a client that `check` does not take.
pub(crate) fn check_client(
    endpoint: &Endpoint,
    check: PeerCheck,
    client: Option<&Credentials>,
) -> Result<(), TransportError> {
    // The rights of the file have decided already.
    if matches!(check, PeerCheck::Any | PeerCheck::StickyDirectory) {
        return Ok(());
    }
    let ours = sys::effective_uid();
    let refused = |expected, actual| TransportError::PeerRefused {
        endpoint: endpoint.clone(),
        expected,
        actual,
    };
    let Some(client) = client else {
        let expected = if let PeerCheck::Uid(uid) = check { uid } else { ours };
        return Err(refused(expected, None));
    };
    let facts = Facts { shared: false, owner: None, server: client.uid };
    match find_stranger(check, ours, facts) {
        None => Ok(()),
        Some(Stranger { expected, actual }) => Err(refused(expected, Some(actual))),
    }
}

fn judge(
    path: &Path,
    check: PeerCheck,
    server: io::Result<u32>,
    shared: bool,
    owner: Option<u32>,
) -> Result<(), TransportError> {
    let ours = sys::effective_uid();
    let server = match server {
        Ok(uid) => uid,
        Err(_) if check == PeerCheck::StickyDirectory && (!shared || ours == ROOT) => return Ok(()),
        Err(source) => return Err(TransportError::UnknownOwner { path: path.to_owned(), source }),
    };
    match find_stranger(check, ours, Facts { shared, owner, server }) {
        None => Ok(()),
        Some(Stranger { expected, actual }) => {
            Err(TransportError::ForeignOwner { path: path.to_owned(), expected, actual })
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Facts {
    /// Whether every user can make files in or above the socket's directory.
    shared: bool,
    /// The user the path belongs to.
    owner: Option<u32>,
    /// The user the process at the other end runs as.
    server: u32,
}

#[derive(Debug, PartialEq, Eq)]
struct Stranger {
    expected: u32,
    actual: u32,
}

fn find_stranger(check: PeerCheck, ours: u32, facts: Facts) -> Option<Stranger> {
    let differs = |expected, actual| (expected != actual).then_some(Stranger { expected, actual });
    // Root could read and pretend anything anyhow, and a service of root's is no squatter.
    let untrusted = |actual| if actual == ROOT { None } else { differs(ours, actual) };
    match check {
        PeerCheck::Any => None,
        PeerCheck::SameUser => differs(ours, facts.server),
        PeerCheck::SameUserOrRoot => untrusted(facts.server),
        PeerCheck::Uid(uid) => differs(uid, facts.server),
        PeerCheck::StickyDirectory if ours == ROOT || !facts.shared => None,
        PeerCheck::StickyDirectory => {
            facts.owner.and_then(untrusted).or_else(|| untrusted(facts.server))
        }
    }
}

/// Returns whether the socket lies in or below a sticky directory, on the way its links lead.
///
/// Below counts, because a user who may make a socket in `/tmp` may make a directory there too.
fn is_shared(path: &Path) -> bool {
    let link = path.is_symlink().then(|| fs::canonicalize(path)).and_then(Result::ok);
    [Some(path), link.as_deref()].into_iter().flatten().any(|path| {
        // A directory that cannot be resolved cannot be judged: the stricter answer.
        fs::canonicalize(socket_path::directory(path))
            .map_or(true, |directory| directory.ancestors().any(is_sticky))
    })
}

fn is_sticky(directory: &Path) -> bool {
    fs::metadata(directory).map_or(true, |found| found.mode() & STICKY != 0)
}

const ROOT: u32 = 0;
const STICKY: u32 = 0o1000;

#[cfg(test)]
mod tests {
    use super::*;

    const US: u32 = 1000;
    const THEM: u32 = 1001;

    #[track_caller]
    fn check(check: PeerCheck, ours: u32, facts: (bool, u32, u32), stranger: Option<(u32, u32)>) {
        let (shared, owner, server) = facts;
        let facts = Facts { shared, owner: Some(owner), server };
        let expected = stranger.map(|(expected, actual)| Stranger { expected, actual });
        assert_eq!(find_stranger(check, ours, facts), expected, "{check:?} {ours} {facts:?}");
    }

    #[test]
    fn sticky_directory_takes_only_our_own_file_and_server() {
        let by_default = PeerCheck::default();
        check(by_default, US, (true, US, US), None);
        check(by_default, US, (true, THEM, THEM), Some((US, THEM)));
        check(by_default, US, (true, THEM, US), Some((US, THEM)));
        check(by_default, US, (true, US, THEM), Some((US, THEM)));
        check(by_default, US, (true, ROOT, ROOT), None);
        check(by_default, US, (true, ROOT, THEM), Some((US, THEM)));
    }

    #[test]
    fn root_and_private_directories_take_anybody() {
        check(PeerCheck::StickyDirectory, ROOT, (true, THEM, THEM), None);
        check(PeerCheck::StickyDirectory, US, (false, THEM, THEM), None);
    }

    #[test]
    fn a_named_user_is_the_only_one_taken() {
        check(PeerCheck::Uid(THEM), US, (true, US, THEM), None);
        check(PeerCheck::Uid(THEM), ROOT, (false, ROOT, ROOT), Some((THEM, ROOT)));
        check(PeerCheck::SameUser, US, (false, THEM, US), None);
        check(PeerCheck::SameUser, ROOT, (false, ROOT, THEM), Some((ROOT, THEM)));
        check(PeerCheck::Any, US, (true, THEM, THEM), None);
        check(PeerCheck::SameUserOrRoot, US, (false, THEM, ROOT), None);
        check(PeerCheck::SameUserOrRoot, US, (false, US, THEM), Some((US, THEM)));
        check(PeerCheck::SameUserOrRoot, ROOT, (false, ROOT, THEM), Some((ROOT, THEM)));
    }

    #[test]
    fn a_client_whose_user_is_unknown_is_refused_unless_anybody_is_taken() {
        let endpoint = Endpoint::Unix("/x".into());
        for (check, taken) in [
            (PeerCheck::Any, true),
            (PeerCheck::StickyDirectory, true),
            (PeerCheck::SameUser, false),
            (PeerCheck::SameUserOrRoot, false),
            (PeerCheck::Uid(THEM), false),
        ] {
            assert_eq!(check_client(&endpoint, check, None).is_ok(), taken, "{check:?}");
        }
    }
}
