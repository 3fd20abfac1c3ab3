//! A socket file under `nipc serve`: known to the kernel, missed when it goes, and another user's.

use std::fs;
use std::os::unix::net::UnixListener;

use crate::process::{Nipc, Place};

#[test]
fn a_lost_file_is_told_and_a_server_is_told_what_to_do() {
    for (option, then) in [("", "serves_on"), ("serve-on", "serves_on"), ("remake", "remade")] {
        let place = Place::new();
        let option =
            if option.is_empty() { String::new() } else { format!("--when-displaced {option}") };
        let mut server = place.serve(&option);
        fs::remove_file(place.socket()).unwrap();
        server.expect(&format!(
            r#"{{"event":"displaced","path":"{}","by":"removed","then":"{then}"}}"#,
            place.socket()
        ));
        let is_found = Nipc::run(&["emit", "w", "t", "--path", &place.socket()]).status == 0;
        assert_eq!(is_found, then == "remade");
    }
}

#[test]
fn a_server_that_is_to_stop_leaves_the_others_socket_and_fails() {
    let place = Place::new();
    let mut server = place.serve("--when-displaced stop");
    fs::remove_file(place.socket()).unwrap();
    let _other = UnixListener::bind(place.socket()).unwrap();
    assert_eq!(server.event("displaced")["then"], "stopped");
    let error = server.error("ERR_IPC_DISPLACED");
    assert!(error["message"].as_str().unwrap().contains(&place.socket()), "{error}");
    let errors = server.ends(2);
    assert!(errors.contains("socket file"), "{errors}");
    assert!(fs::symlink_metadata(place.socket()).is_ok());
}

#[test]
fn a_living_server_in_its_place_is_not_pushed_off() {
    let place = Place::new();
    let mut server = place.serve("--when-displaced remake");
    let other = place.path("other");
    let _other = UnixListener::bind(&other).unwrap();
    fs::rename(&other, place.socket()).unwrap();
    let told = server.event("displaced");
    assert_eq!((&told["by"], &told["then"]), (&"replaced".into(), &"not_remade".into()), "{told}");
    assert!(told["message"].as_str().unwrap().contains("already running"), "{told}");
}

#[cfg(target_os = "linux")]
#[test]
fn the_kernel_knows_the_path_that_is_served() {
    let place = Place::new();
    drop(UnixListener::bind(place.socket()).unwrap());
    let _server = place.serve("");
    let known = fs::read_to_string("/proc/net/unix").unwrap();
    let line = known.lines().find(|line| line.ends_with(&format!(" {}", place.socket())));
    assert!(line.is_some(), "{known}");
}

#[test]
fn options_that_cannot_be_are_refused() {
    for words in [
        &["serve", "--when-displaced", "dance"][..],
        &["connect", "--when-displaced", "stop"],
        &["emit", "w", "t", "--peer-user", "no such user"],
        &["emit", "w", "t", "--peer-user", "0", "--tcp", "1"],
        &["serve", "--peer-user", "0", "--udp4", "1"],
    ] {
        assert_eq!(Nipc::run(words).status, 1, "{words:?}");
    }
}

/// Another user's server in a sticky directory is believed by name or number; a server takes the
/// user that it names, and no other.
#[test]
fn another_users_server_is_believed_if_it_is_named() {
    let place = Place::new();
    let Some(nipc) = place.for_others() else { return };
    let open = |path: &str, mode| {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    // The kernel gives everybody the right: the umask is the server's own.
    let mut server = nipc(65533, &["serve"]);
    server.event("start");
    open(&place.socket(), 0o777);
    let emit = |user, words: &[&str]| nipc(user, &[&["emit", "w", "t"], words].concat()).end();
    let refused = emit(65534, &[]);
    assert_eq!(refused.status, 2, "{}", refused.errors);
    assert!(refused.errors.contains("--peer-user 65533"), "{}", refused.errors);
    assert_eq!(emit(65534, &["--peer-user", "0"]).status, 2);
    let taken = emit(65534, &["--peer-user", "65533"]);
    assert_eq!(taken.status, 0, "{}", taken.errors);
    server.signal(rustix::process::Signal::TERM);
    server.end();

    let mut server = nipc(0, &["serve", "--peer-user", "65534"]);
    server.event("start");
    open(&place.socket(), 0o777);
    assert_eq!(emit(65534, &["--peer-user", "root"]).status, 0);
    server.event("connect");
    server.event("message");
    server.event("socket.disconnected");
    server.event("close");
    emit(65533, &["--peer-user", "root"]);
    assert_eq!(server.event("refused")["code"], "ERR_IPC_PEER_REFUSED");
}
