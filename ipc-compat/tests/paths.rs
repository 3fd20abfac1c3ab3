//! Where local sockets are.

use std::path::PathBuf;

use ipc_compat::paths::{local_names, pipe_name, socket_path, v14_socket_root};
use ipc_compat::{Config, Environment, Platform, Resolve};

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

#[test]
fn servers_without_a_session_are_below_the_temporary_directories() {
    use ipc_compat::paths::v14_temporary_roots;

    let mut environment = Environment::new(Platform::Unix);
    environment.xdg_runtime_dir = Some("/run/user/1000".into());
    assert!(v14_temporary_roots(&environment).is_empty(), "no user, no directory");
    environment.user_id = Some(1000);
    let found = |environment: &Environment| Config::v14_in(environment).socket_paths("x");
    let paths = |paths: &[&str]| paths.iter().map(PathBuf::from).collect::<Vec<_>>();
    let own = "/run/user/1000/node-ipc/app.x";
    assert_eq!(found(&environment), paths(&[own, "/tmp/node-ipc-1000/app.x"]));
    environment.temp_dir = Some("/var/tmp".into());
    let other = "/var/tmp/node-ipc-1000/app.x";
    assert_eq!(found(&environment), paths(&[own, other, "/tmp/node-ipc-1000/app.x"]));
    for (mut config, first, last) in [
        (Config::classic_in(&environment), "/tmp/app.x", "/tmp/node-ipc-1000/app.x"),
        (Config::v14_in(&environment), own, "/tmp/app.x"),
    ] {
        config.resolve = Resolve::auto_in(&environment);
        let found = config.socket_paths("x");
        assert_eq!(found.len(), 4);
        assert!(found.contains(&other.into()));
        assert_eq!((found.first(), found.last()), (Some(&first.into()), Some(&last.into())));
    }
    // A server that has no session itself is where the others are.
    environment.xdg_runtime_dir = None;
    assert_eq!(found(&environment), paths(&[other, "/tmp/node-ipc-1000/app.x"]));
    environment.temp_dir = None;
    assert_eq!(found(&environment), paths(&["/tmp/node-ipc-1000/app.x"]));
    assert_eq!(Config::v14_in(&environment).resolve, Resolve::Own);
}

#[test]
fn a_relative_runtime_directory_does_not_count() {
    let mut environment = Environment::new(Platform::Unix);
    environment.user_id = Some(1000);
    for relative in ["run", "./run", "../run", ".", ""] {
        environment.xdg_runtime_dir = Some(relative.into());
        assert_eq!(v14_socket_root(&environment), PathBuf::from("/tmp/node-ipc-1000/"));
    }
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

// Tests W31, W33
#[test]
fn a_client_on_windows_looks_for_the_pipes_of_both_families() {
    let mut environment = Environment::new(Platform::Windows);
    environment.user_name = Some("me".to_owned());
    let (classic, v14) = (r"\\.\pipe\tmp-app.x", r"\\.\pipe\node-ipc-me-app.x");
    for (mut config, own, other) in [
        (Config::classic_in(&environment), classic, v14),
        (Config::v14_in(&environment), v14, classic),
    ] {
        let names = |config: &Config| local_names(config.socket_paths("x"), Platform::Windows);
        assert_eq!(names(&config), [PathBuf::from(own)]);
        config.resolve = Resolve::auto_in(&environment);
        assert_eq!(names(&config), [own, other].map(PathBuf::from));
    }
}

#[test]
fn two_paths_of_one_pipe_are_one_place() {
    let paths = || ["/tmp/app.x", "tmp/app.x", "/tmp-app.x", "/run/app.x"].map(PathBuf::from);
    let pipes = [r"\\.\pipe\tmp-app.x", r"\\.\pipe\run-app.x"].map(PathBuf::from);
    assert_eq!(local_names(paths(), Platform::Windows), pipes);
    assert_eq!(local_names(paths(), Platform::Unix), paths());
    assert_eq!(local_names([paths(), paths()].concat(), Platform::Unix), paths());
}

#[test]
fn the_environment_of_this_process_can_be_read() {
    let environment = Environment::read();
    assert!(!environment.host_name.is_empty());
    assert_eq!(environment.user_id.is_some(), cfg!(unix));
    assert_eq!(Config::v14().socket_root, v14_socket_root(&environment));
    assert_eq!(Config::classic().id, environment.host_name);
}
