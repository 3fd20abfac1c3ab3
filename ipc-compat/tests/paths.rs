//! Where local sockets are.

use std::path::PathBuf;

use ipc_compat::paths::{pipe_name, socket_path, v14_socket_root};
use ipc_compat::{Config, Environment, Platform};

// Tests W30
#[test]
fn parts_are_joined_as_they_are() {
    let check = |root: &str, appspace, id, expected: &str| {
        let path = socket_path(root, appspace, id);
        // As text: paths compare equal with and without needless separators.
        assert_eq!(path.to_str(), Some(expected));
    };
    check("/tmp/", "app.", "world", "/tmp/app.world");
    check("/tmp", "app.", "world", "/tmpapp.world");
    check("/tmp//", "", "a/b", "/tmp//a/b");
    check("", "detox.", "worker 1", "detox.worker 1");
    check("/tmp/", "app.", "../x", "/tmp/app.../x");
    check("/tmp/", "é", "😀", "/tmp/é😀");
}

#[test]
fn a_config_joins_its_own_parts() {
    let mut config = Config::classic_in(&Environment::new(Platform::Unix));
    config.appspace = "detox.".to_owned();
    config.socket_root = PathBuf::from("/run/me/");
    assert_eq!(config.socket_path("hub"), PathBuf::from("/run/me/detox.hub"));
}

#[cfg(unix)]
#[test]
fn a_root_need_not_be_unicode() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let path = socket_path(OsStr::from_bytes(b"/t\xff/"), "app.", "x");
    assert_eq!(path.as_os_str().as_bytes(), b"/t\xff/app.x");
}

// Tests W31
#[test]
fn on_windows_the_root_is_a_part_of_a_pipes_name() {
    let root = |user: Option<&str>| {
        let mut environment = Environment::new(Platform::Windows);
        environment.user_name = user.map(str::to_owned);
        environment.xdg_runtime_dir = Some("/run".into());
        v14_socket_root(&environment).to_str().map(str::to_owned)
    };
    assert_eq!(root(Some("me")).as_deref(), Some("/node-ipc-me/"));
    assert_eq!(root(Some("José M. (x)_1-2")).as_deref(), Some("/node-ipc-Jos__M.__x__1-2/"));
    assert_eq!(root(Some("a😀b")).as_deref(), Some("/node-ipc-a__b/"));
    assert_eq!(root(None).as_deref(), Some("/node-ipc-user/"));
}

// Tests W33
#[test]
fn pipes_are_named_after_paths() {
    let check = |path, expected| assert_eq!(pipe_name(path), expected);
    check("/tmp/app.world", r"\\.\pipe\tmp-app.world");
    check("tmp/app.world", r"\\.\pipe\tmp-app.world");
    check("//tmp//x", r"\\.\pipe\-tmp--x");
    check("/node-ipc-me/app.x", r"\\.\pipe\node-ipc-me-app.x");
    check(r"C:\tmp\x", r"\\.\pipe\C:\tmp\x");
    check(r"\\.\pipe\a/b", r"\\.\pipe\a/b");
    check("", r"\\.\pipe\");
}

#[test]
fn the_environment_of_this_process_can_be_read() {
    let environment = Environment::read();
    assert!(!environment.host_name.is_empty());
    assert_eq!(environment.user_id.is_some(), cfg!(unix));
    assert_eq!(Config::v14().socket_root, v14_socket_root(&environment));
    assert_eq!(Config::classic().id, environment.host_name);
}
