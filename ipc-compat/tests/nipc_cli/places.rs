//! Where `nipc` finds servers: roots of both families of versions, abstract names, and `ls`.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;
use std::process::Command;

use crate::process::{Nipc, Place};

/// Starts `nipc` on a machine whose user directory is this place.
fn nipc(words: &[&str], place: &Place) -> Nipc {
    let mut command = Command::new(env!("CARGO_BIN_EXE_nipc"));
    Nipc::spawn(command.args(words).env("XDG_RUNTIME_DIR", place.root()))
}

/// An id that no other test has: in /tmp all tests meet.
fn unique(name: &str) -> String {
    format!("nipc-{name}-{}", std::process::id())
}

#[test]
fn a_client_finds_a_server_of_the_other_family() {
    let (place, id) = (Place::new(), unique("found"));
    let mut server = nipc(&["serve", &id, "--dialect", "v14"], &place);
    server.event("start");
    assert_eq!(nipc(&["emit", &id, "t", "1"], &place).end().status, 0);
    server.event("connect");
    assert_eq!(server.event("message")["data"], 1);
    let mut client = nipc(&["connect", &id], &place);
    client.event("connect");
}

#[test]
fn a_client_that_is_told_the_root_looks_nowhere_else() {
    let (place, id) = (Place::new(), unique("told"));
    let mut server = nipc(&["serve", &id, "--dialect", "v14"], &place);
    server.event("start");
    let ended = nipc(&["emit", &id, "t", "--socket-root", "/tmp"], &place).end();
    assert_eq!(ended.status, 2);
    assert!(!ended.errors.contains(place.root()), "{}", ended.errors);
}

#[test]
fn nobody_there_names_both_places() {
    let (place, id) = (Place::new(), unique("absent"));
    let ended = nipc(&["emit", &id, "t"], &place).end();
    assert_eq!(ended.status, 2);
    for there in [format!("/tmp/app.{id}"), format!("{}/node-ipc/app.{id}", place.root())] {
        assert!(ended.errors.contains(&there), "{}", ended.errors);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn an_abstract_name_is_a_place() {
    let name = unique("abstract");
    let mut server = Nipc::with(&["serve", "--abstract", &name, "--echo"]);
    server.expect(&format!(r#"{{"event":"start","endpoint":"abstract:{name}"}}"#));
    let mut client = Nipc::with(&["connect", "--abstract", &name]);
    client.event("connect");
    client.say(r#"{"type":"t"}"#);
    assert_eq!(client.event("message")["type"], "t");
    let mut second = Nipc::with(&["serve", "--abstract", &name]);
    second.error("ERR_IPC_ADDRESS_IN_USE");
    second.ends(2);
}

#[test]
fn ls_shows_live_and_stale_sockets_and_no_server_notices() {
    let place = Place::new();
    let root = ["--socket-root", place.root()];
    let mut server = Nipc::with(&[&["serve", "live"], &root[..]].concat());
    server.event("start");
    drop(UnixListener::bind(place.path("app.stale")).unwrap());
    fs::write(place.path("app.file"), "no socket").unwrap();
    drop(UnixListener::bind(place.path("other")).unwrap());

    let mut all = Nipc::with(&[&["ls"], &root[..]].concat());
    let owner = rustix::process::getuid().as_raw();
    let line = |name: &str, verdict: &str| {
        let path = place.path(name);
        let mode = fs::symlink_metadata(&path).unwrap().permissions().mode() & 0o7777;
        let path = path.display();
        let advice = match verdict {
            "stale" => {
                r#","advice":"its server is dead: remove it, or start the server, which replaces it""#
            }
            _ => "",
        };
        format!(
            r#"{{"path":"{path}","verdict":"{verdict}","owner":{owner},"mode":"{mode:04o}"{advice}}}"#
        )
    };
    all.expect(&line("app.live", "live"));
    all.expect(&line("app.stale", "stale"));
    all.expect(&line("other", "stale"));
    all.ends(7);
    assert!(line("app.live", "live").contains(r#""mode":"0600""#));

    let mut some = Nipc::with(&[&["ls", "--appspace", "app.l"], &root[..]].concat());
    some.expect(&line("app.live", "live"));
    some.ends(0);

    let pretty =
        Nipc::with(&[&["ls", "--pretty", "--appspace", "app.l"], &root[..]].concat()).end();
    assert!(pretty.lines[0].contains("0600") && pretty.lines[0].contains("app.live"));

    // The first connection the server sees is this one.
    let ended = Nipc::run(&[&["emit", "live", "t"], &root[..]].concat());
    assert_eq!(ended.status, 0);
    assert_eq!(server.event("connect")["peer"], 1);
}

#[test]
fn ls_advises_on_what_is_wrong_and_exits_with_7() {
    let place = Place::new();
    let listener = UnixListener::bind(place.path("app.open")).unwrap();
    let set = |path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let ls = |more: &[&str]| Nipc::run(&[&["ls", "--socket-root", place.root()], more].concat());
    set(place.path("app.open"), 0o777);
    // A directory that only its owner can enter keeps others out, whatever the mode of the file.
    set(place.root().into(), 0o700);
    let ended = ls(&[]);
    assert!(ended.lines[0].contains(r#""verdict":"live""#), "{:?}", ended.lines);
    assert_eq!(ended.status, 0, "{}", ended.errors);
    set(place.root().into(), 0o755);
    let ended = ls(&[]);
    assert!(ended.lines[0].contains(r#""verdict":"mode open to others""#), "{:?}", ended.lines);
    assert!(ended.lines[0].contains(r#""advice":"every user can connect:"#), "{:?}", ended.lines);
    assert_eq!((ended.status, ended.errors.as_str()), (7, ""));
    set(place.path("app.open"), 0o700);
    drop(listener);
    let ended = ls(&["--pretty"]);
    assert!(ended.lines[0].contains("stale"), "{:?}", ended.lines);
    assert!(ended.lines[0].contains("app.open: its server is dead:"), "{:?}", ended.lines);
    assert_eq!((ended.lines.len(), ended.status), (1, 7));
}

#[test]
fn ls_names_the_socket_of_another_user() {
    use std::os::unix::fs::chown;
    use std::os::unix::process::CommandExt;

    const US: u32 = 10_001;
    const THEM: u32 = 10_002;
    if !rustix::process::getuid().is_root() {
        eprintln!("skipped: acting as other users takes root");
        return;
    }
    let place = Place::new();
    fs::set_permissions(place.root(), fs::Permissions::from_mode(0o1777)).unwrap();
    let _listener = UnixListener::bind(place.path("app.theirs")).unwrap();
    fs::set_permissions(place.path("app.theirs"), fs::Permissions::from_mode(0o777)).unwrap();
    chown(place.path("app.theirs"), Some(THEM), None).unwrap();
    let mut ls = Command::new(env!("CARGO_BIN_EXE_nipc"));
    let ended = Nipc::spawn(ls.args(["ls", "--socket-root", place.root()]).uid(US)).end();
    assert!(ended.lines[0].contains(r#""verdict":"foreign owner""#), "{:?}", ended.lines);
    assert!(ended.lines[0].contains("--peer-user 10002 accepts it"), "{:?}", ended.lines);
    assert_eq!(ended.status, 7);
}

#[test]
fn ls_says_what_other_users_can_do_with_a_server_for_some() {
    use std::os::unix::process::CommandExt;

    const US: u32 = 10_001;
    const THEM: u32 = 10_002;
    let place = Place::new();
    let Some(as_user) = place.for_others() else { return };
    let mut server = place.serve(&format!("--user {US}"));
    let ls = |user: u32, root: &str| {
        let mut ls = Command::new(place.path("nipc"));
        let ended = Nipc::spawn(ls.args(["ls", "--socket-root", root]).uid(user).gid(user)).end();
        assert_eq!(ended.errors, "");
        (ended.status, ended.lines)
    };
    let path = place.socket();
    let line = |advice: &str| {
        format!(
            r#"{{"path":"{path}","verdict":"mode open to others","owner":0,"mode":"0622","advice":"every user can connect: unless its server refuses others, as with --user, {advice}"}}"#
        )
    };
    // The one who is let in and the one who is not see the same: only who connects learns it.
    for user in [US, THEM] {
        let advised = vec![line("user 0 or root should restrict its mode")];
        assert_eq!(ls(user, place.root()), (7, advised));
    }
    assert_eq!(ls(0, place.root()), (7, vec![line("restrict its mode, such as with chmod o-w")]));
    let emit = |user| as_user(user, &["emit", "w", "t"]).end().status;
    assert_eq!((emit(US), emit(THEM)), (0, 2));
    server.event("connect");

    // Of what is in a directory that can be listed and not entered only the name is known.
    let closed = place.path("closed");
    fs::create_dir(&closed).unwrap();
    let _listener = UnixListener::bind(closed.join("app.x")).unwrap();
    fs::write(closed.join("app.file"), "no socket").unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o744)).unwrap();
    let closed = closed.to_str().unwrap();
    let (status, lines) = ls(US, closed);
    let unknown = format!(r#"{{"path":"{closed}/app.x","verdict":"unknown","advice":"cannot be"#);
    assert!(lines.len() == 1 && lines[0].starts_with(&unknown), "{lines:?}");
    assert_eq!((status, ls(0, closed).0), (2, 0));
}

#[test]
fn ls_looks_in_the_roots_of_both_families() {
    let (place, id) = (Place::new(), unique("listed"));
    let mut servers = [
        nipc(&["serve", &id], &place),
        nipc(&["serve", &id, "--dialect", "v14", "--appspace", "my-"], &place),
    ];
    servers.iter_mut().for_each(|server| drop(server.event("start")));
    let ended = nipc(&["ls"], &place).end();
    // In /tmp there may be sockets of others.
    let is_wrong = ended.lines.iter().any(|line| line.contains(r#""advice":"#));
    assert_eq!(ended.status, if is_wrong { 7 } else { 0 }, "{}", ended.errors);
    for there in [format!("/tmp/app.{id}"), format!("{}/node-ipc/my-{id}", place.root())] {
        let start = format!(r#"{{"path":"{there}","verdict":"live""#);
        assert!(ended.lines.iter().any(|line| line.starts_with(&start)), "{:?}", ended.lines);
    }
    for server in servers {
        // Killed it would leave its socket in /tmp.
        server.signal(rustix::process::Signal::TERM);
        server.ends(0);
    }
}

#[test]
fn ls_of_a_directory_that_is_not_there_fails() {
    let ended = Nipc::run(&["ls", "--socket-root", "/nowhere/at/all"]);
    assert_eq!(ended.status, 2);
    assert!(ended.errors.contains("/nowhere/at/all"), "{}", ended.errors);
}
