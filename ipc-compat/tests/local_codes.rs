//! The codes of local sockets that cannot be served: node-ipc 14's own.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

#[macro_use]
#[path = "../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use ipc_compat::{Config, Ipc, codes};
use tempfile::TempDir;

/// Returns the code of the error of a server at this place.
async fn code(root: &Path, path: Option<PathBuf>) -> String {
    let mut config = Config::v14();
    config.socket_root = PathBuf::from(format!("{}/", root.display()));
    config.id = "world".to_owned();
    let ipc = Ipc::new(config);
    let server = match path {
        Some(path) => ipc.serve(path),
        None => ipc.serve(()),
    };
    codes::of(&server.unwrap().start().await.unwrap_err()).to_owned()
}

both_runtimes!(whatever_is_no_socket_is_not_unlinked);
async fn whatever_is_no_socket_is_not_unlinked() {
    type Make = fn(&Path);
    let makes: [Make; 4] = [
        |path| fs::write(path, "precious").unwrap(),
        |path| fs::create_dir(path).unwrap(),
        |path| symlink("elsewhere", path).unwrap(),
        |path| {
            let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
            assert!(made.success());
        },
    ];
    for make in makes {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("s");
        make(&path);
        assert_eq!(code(directory.path(), Some(path.clone())).await, "ERR_IPC_UNLINK_NOT_SOCKET");
        assert!(fs::symlink_metadata(&path).is_ok());
    }
}

both_runtimes!(a_socket_root_that_is_not_ones_own_has_a_code);
async fn a_socket_root_that_is_not_ones_own_has_a_code() {
    let directory = TempDir::new().unwrap();
    let (real, link) = (directory.path().join("real"), directory.path().join("link"));
    fs::create_dir(&real).unwrap();
    symlink(&real, &link).unwrap();
    assert_eq!(code(&link, None).await, codes::SOCKET_ROOT);
    fs::set_permissions(&real, fs::Permissions::from_mode(0o1777)).unwrap();
    assert_eq!(code(&real, None).await, codes::SOCKET_ROOT);
    if rustix::process::getuid().is_root() {
        fs::set_permissions(&real, fs::Permissions::from_mode(0o755)).unwrap();
        chown(&real, Some(1), Some(1)).unwrap();
        assert_eq!(code(&real, None).await, codes::SOCKET_ROOT);
    }
}
