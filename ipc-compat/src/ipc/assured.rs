//! What node-ipc 14's profile `assured` requires of a transport, checked before one is made. The
//! config itself has been checked.

use std::path::{Component, Path, absolute};

use super::{IpcError, UdpType};
use crate::{Config, Profile, Tls};

/// Checks the place of a server's local socket: a file directly in an owner-only socket root.
// Wire rule W37
pub(super) fn local_server(config: &Config, path: &Path) -> Result<(), IpcError> {
    if config.parser != Profile::Assured {
        return Ok(());
    }
    if cfg!(windows) {
        return transport("a pipe's rights are not known: use TLS");
    }
    if !config.secure_socket_root {
        return transport("a local socket needs `secure_socket_root`");
    }
    if !is_directly_in(&config.socket_root, path) {
        return transport("a local socket has to be directly in the socket root");
    }
    Ok(())
}

/// Checks a server on the network: TLS, and only clients with a certificate. Since it names
/// certificates to trust, it asks for one, whatever `request_cert` says.
// Wire rule W38
pub(super) fn net_server(config: &Config, udp: Option<UdpType>) -> Result<(), IpcError> {
    if config.parser != Profile::Assured {
        return Ok(());
    }
    if udp.is_some() {
        return transport("UDP cannot be encrypted");
    }
    let Some(tls) = &config.tls else {
        return transport("a server on the network needs TLS");
    };
    verifies(tls)
}

/// Checks a server or client on a transport that the config knows nothing of.
pub(super) fn other_transport(config: &Config) -> Result<(), IpcError> {
    if config.parser != Profile::Assured {
        return Ok(());
    }
    transport("nothing is known of a transport of the program's own")
}

/// Checks a client on the network: TLS, a server with a certificate, and one of its own.
// Wire rule W38
pub(super) fn net_client(config: &Config) -> Result<(), IpcError> {
    if config.parser != Profile::Assured {
        return Ok(());
    }
    let Some(tls) = &config.tls else {
        return transport("a client on the network needs TLS");
    };
    verifies(tls)?;
    if tls.key.is_none() && tls.private.is_none() {
        return Err(IpcError::AssuredTls { missing: "a key" });
    }
    if tls.cert.is_none() && tls.public.is_none() {
        return Err(IpcError::AssuredTls { missing: "a certificate" });
    }
    Ok(())
}

/// Checks that a peer without a trusted certificate is refused.
fn verifies(tls: &Tls) -> Result<(), IpcError> {
    if !tls.reject_unauthorized {
        return Err(IpcError::AssuredTls { missing: "`reject_unauthorized`" });
    }
    if tls.ca.is_empty() && tls.trusted_connections.is_empty() {
        return Err(IpcError::AssuredTls { missing: "a certificate to trust (`ca`)" });
    }
    Ok(())
}

fn transport(reason: &'static str) -> Result<(), IpcError> {
    Err(IpcError::AssuredTransport { reason })
}

/// Returns whether the file is in this directory and in none below, by the text of the paths. One
/// with `..` in it counts as elsewhere: where that leads, its text does not say.
fn is_directly_in(root: &Path, path: &Path) -> bool {
    let climbs = |path: &Path| path.components().any(|part| part == Component::ParentDir);
    let (Ok(root), Ok(path)) = (absolute(root), absolute(path)) else { return false };
    // `parent` and `==` both look at the parts, so that separators at the end do not count.
    !climbs(&root) && !climbs(&path) && path.file_name().is_some() && path.parent() == Some(&*root)
}

// On Windows no path is looked at.
#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_directly_in_its_parent_only() {
        for (root, path, expected) in [
            ("/run/x/", "/run/x/app.world", true),
            ("/run/x", "/run/x//app.world", true),
            ("/run/x/", "/run/./x/app.world", true),
            ("x/", "x/app.world", true),
            ("/run/x/", "/run/x/below/app.world", false),
            ("/run/x/", "/run/app.world", false),
            ("/run/x/", "/run/x/", false),
            ("/run/x/", "/run/xapp.world", false),
            ("/run/x/", "/run/x/../x/app.world", false),
            ("/run/x/", "\0/run/x/app.world", false),
            ("/run/x/", "", false),
        ] {
            assert_eq!(is_directly_in(root.as_ref(), path.as_ref()), expected, "{root} {path}");
        }
    }
}
