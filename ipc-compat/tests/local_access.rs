//! Who may reach a local socket: the socket root of node-ipc 14, and the mode of the socket.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[macro_use]
#[path = "../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use ipc_compat::{Config, Ipc};
use ipc_core::Error;
use ipc_transport::{Endpoint, TransportError};
use tempfile::TempDir;

/// Starts and stops a server whose socket root is `root`.
async fn serve(root: &Path, change: impl FnOnce(&mut Config)) -> Result<Endpoint, Error> {
    let mut config = Config::v14();
    config.socket_root = PathBuf::from(format!("{}/", root.display()));
    config.id = "world".to_owned();
    change(&mut config);
    let server = Ipc::new(config).serve(()).unwrap();
    let started = server.start().await;
    server.stop().await;
    started
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

// Tests W32
both_runtimes!(the_socket_root_is_made_for_this_user_alone);
async fn the_socket_root_is_made_for_this_user_alone() {
    let directory = TempDir::new().unwrap();
    let root = directory.path().join("some/where");
    let endpoint = serve(&root, |_| {}).await.unwrap();
    assert_eq!(endpoint, Endpoint::Unix(root.join("app.world")));
    assert_eq!(mode(&root), 0o700);
}

both_runtimes!(an_open_socket_root_is_closed_to_others_unless_that_is_off);
async fn an_open_socket_root_is_closed_to_others_unless_that_is_off() {
    let directory = TempDir::new().unwrap();
    let root = directory.path().join("open");
    fs::create_dir(&root).unwrap();
    for (secure, expected) in [(false, 0o755), (true, 0o700)] {
        fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).unwrap();
        serve(&root, |config| config.secure_socket_root = secure).await.unwrap();
        assert_eq!(mode(&root), expected);
    }
}

both_runtimes!(a_link_is_no_socket_root);
async fn a_link_is_no_socket_root() {
    let directory = TempDir::new().unwrap();
    let (real, link) = (directory.path().join("real"), directory.path().join("link"));
    fs::create_dir(&real).unwrap();
    symlink(&real, &link).unwrap();
    let error = serve(&link, |_| {}).await.unwrap_err();
    assert!(
        matches!(&error, Error::Transport(TransportError::InvalidName { name, .. }) if *name == link)
    );
    serve(&link, |config| config.secure_socket_root = false).await.unwrap();
}

both_runtimes!(a_directory_of_everybodys_is_not_closed);
async fn a_directory_of_everybodys_is_not_closed() {
    let directory = TempDir::new().unwrap();
    let root = directory.path().join("tmp");
    fs::create_dir(&root).unwrap();
    fs::set_permissions(&root, fs::Permissions::from_mode(0o1777)).unwrap();
    let error = serve(&root, |_| {}).await.unwrap_err();
    assert!(
        matches!(&error, Error::Transport(TransportError::InvalidName { name, .. }) if *name == root)
    );
    serve(&root, |config| config.secure_socket_root = false).await.unwrap();
    assert_eq!(mode(&root), 0o777);
}

both_runtimes!(a_path_elsewhere_leaves_the_socket_root_alone);
async fn a_path_elsewhere_leaves_the_socket_root_alone() {
    let directory = TempDir::new().unwrap();
    let (root, path) = (directory.path().join("root"), directory.path().join("elsewhere"));
    let mut config = Config::v14();
    config.socket_root = PathBuf::from(format!("{}/", root.display()));
    let server = Ipc::new(config).serve(path.clone()).unwrap();
    assert_eq!(server.start().await.unwrap(), Endpoint::Unix(path));
    server.stop().await;
    assert!(!root.exists());
}

// Tests W36
both_runtimes!(a_socket_is_its_owners_unless_the_config_opens_it);
async fn a_socket_is_its_owners_unless_the_config_opens_it() {
    for (readable, writable, expected) in
        [(false, false, 0o600), (true, false, 0o644), (false, true, 0o622), (true, true, 0o666)]
    {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("socket");
        let mut config = Config::classic();
        (config.readable_all, config.writable_all) = (readable, writable);
        let server = Ipc::new(config).serve(path.clone()).unwrap();
        server.start().await.unwrap();
        assert_eq!(mode(&path), expected);
        server.stop().await;
    }
}
