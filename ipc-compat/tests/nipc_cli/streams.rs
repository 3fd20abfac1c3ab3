//! Standard streams as other programs hand them on: non-blocking, closed, with a byte order mark.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::Command;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{FdFlags, fcntl_setfd, ioctl_fionread};
use rustix::process::Signal;

use crate::process::{Nipc, Place, until};
use crate::raw::{Raw, accept, listen};

/// Returns whether a pipe has no room; how much it holds depends on how it was written.
fn is_full(writer: &File) -> bool {
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut [PollFd::new(writer, PollFlags::OUT)], Some(&now)).unwrap() == 0
}

/// Returns both ends of a pipe of which neither blocks, as Node makes its children's.
fn pipe() -> (File, File) {
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    for end in [&reader, &writer] {
        fcntl_setfd(end, FdFlags::CLOEXEC).unwrap();
        fcntl_setfl(end, fcntl_getfl(end).unwrap() | OFlags::NONBLOCK).unwrap();
    }
    (reader.into(), writer.into())
}

/// Makes this end block, so that a test can wait.
fn blocking(end: &File) {
    let flags = fcntl_getfl(end).unwrap();
    fcntl_setfl(end, flags - OFlags::NONBLOCK).unwrap();
}

/// The mode belongs to whoever shares the pipe.
#[track_caller]
fn is_still_non_blocking(end: impl AsFd) {
    assert!(fcntl_getfl(end).unwrap().contains(OFlags::NONBLOCK));
}

#[test]
fn a_stdout_that_does_not_block_is_waited_for() {
    let place = Place::new();
    let listener = listen(place.socket());
    let (reader, stdout) = pipe();
    let ours = stdout.try_clone().unwrap();
    let words = ["connect", "--path", &place.socket(), "--count", "4000"];
    let mut client = Nipc::with_stdout(&words, stdout);
    let mut server = accept(&listener);
    let frame = format!("{{\"type\":\"t\",\"data\":\"{}\"}}\x0c", "x".repeat(1000));
    let sender = std::thread::spawn(move || {
        (0..4000).for_each(|_| server.write(&frame));
        server
    });
    // Nothing is read before the pipe is full.
    until(|| is_full(&ours));
    is_still_non_blocking(&ours);
    drop(ours);
    blocking(&reader);
    let lines = BufReader::new(reader).lines().map_while(Result::ok);
    assert_eq!(lines.filter(|line| line.contains(r#""event":"message""#)).count(), 4000);
    drop(sender.join().unwrap());
    let ended = client.end();
    assert_eq!((ended.status, ended.errors.as_str()), (0, ""));
}

#[test]
fn a_long_answer_to_a_stdout_that_does_not_block_comes_whole() {
    let place = Place::new();
    let _server = place.serve("--echo");
    let (mut reader, stdout) = pipe();
    let ours = stdout.try_clone().unwrap();
    let data = format!("\"{}\"", "y".repeat(100_000));
    let words = ["request", "--path", &place.socket(), "w", "t", &data];
    let mut asking = Nipc::with_stdout(&words, stdout);
    until(|| is_full(&ours));
    drop(ours);
    blocking(&reader);
    let mut answer = String::new();
    reader.read_to_string(&mut answer).unwrap();
    assert!(answer == format!("{data}\n"));
    assert_eq!(asking.end().status, 0);
}

#[test]
fn a_stdin_that_does_not_block_is_waited_for() {
    let place = Place::new();
    let _server = place.serve("--echo");
    for end in [false, true] {
        let (stdin, mut writer) = pipe();
        let ours = stdin.try_clone().unwrap();
        let mut words = vec!["connect", "--path"];
        let socket = place.socket();
        words.push(&socket);
        words.extend(end.then_some("--exit-with-stdin"));
        let mut client = Nipc::with_stdin(&words, stdin);
        client.event("connect");
        // Empty for a while: each line comes after the answer to the one before.
        for number in 0..3 {
            writer.write_all(format!("{{\"type\":\"t\",\"data\":{number}}}\n").as_bytes()).unwrap();
            client.expect(&format!("{{\"event\":\"message\",\"type\":\"t\",\"data\":{number}}}"));
        }
        is_still_non_blocking(&ours);
        if end {
            drop(writer);
        } else {
            writer.write_all(b"{\"do\":\"close\"}\n").unwrap();
        }
        client.event("disconnect");
        client.event("destroy");
        client.ends(0);
    }
}

#[test]
fn data_come_from_a_stdin_that_does_not_block() {
    let place = Place::new();
    let mut server = place.serve("");
    let (stdin, mut writer) = pipe();
    let words = ["emit", "--path", &place.socket(), "w", "t", "-"];
    let mut emit = Nipc::with_stdin(&words, stdin);
    writer.write_all(b"[1,").unwrap();
    // It was read, and there is no more yet.
    until(|| ioctl_fionread(&writer).unwrap_or(0) == 0);
    writer.write_all(b"2]").unwrap();
    drop(writer);
    assert_eq!(emit.end().status, 0);
    server.event("connect");
    server.expect(r#"{"event":"message","peer":1,"type":"t","data":[1,2]}"#);
}

#[test]
fn a_stderr_that_does_not_block_is_waited_for() {
    let place = Place::new();
    let (mut reader, mut stderr) = pipe();
    // Full to the last byte.
    let mut filled = 0;
    for piece in [&[b'x'; 4096][..], b"x"] {
        while let Ok(written) = stderr.write(piece) {
            filled += written;
        }
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_nipc"));
    command.args(["emit", "--path", &place.socket(), "w", "t"]).stderr(stderr);
    let child = std::thread::spawn(move || command.status());
    blocking(&reader);
    let mut text = vec![0; filled];
    reader.read_exact(&mut text).unwrap();
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("nipc: no server is listening"), "{text}");
    assert_eq!(child.join().unwrap().unwrap().code(), Some(2));
}

#[test]
fn a_closed_stream_is_like_dev_null() {
    let place = Place::new();
    for closed in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
        let nipc = env!("CARGO_BIN_EXE_nipc");
        let script = format!("exec {nipc} serve --path {} --echo {closed}", place.socket());
        let mut server = Nipc::spawn(Command::new("sh").args(["-c", &script]));
        until(|| std::os::unix::net::UnixStream::connect(place.socket()).is_ok());
        let script = format!("exec {nipc} request --path {} w t 1 {closed}", place.socket());
        let ended = Nipc::spawn(Command::new("sh").args(["-c", &script])).end();
        assert_eq!((ended.status, ended.errors.as_str()), (0, ""), "{closed}");
        assert_eq!(ended.lines.len(), usize::from(!closed.contains(" >") && closed != ">&-"));
        server.signal(Signal::TERM);
        assert_eq!(server.end().status, 0, "{closed}");
    }
}

#[test]
fn who_has_seen_enough_of_an_answer_ends_it_quietly() {
    let place = Place::new();
    let _server = place.serve("--echo");
    let at = ["--path", &place.socket()];
    for words in [&["request", "w", "t", "1"][..], &["bench", "w", "--count", "1", "-q"]] {
        let (reader, stdout) = pipe();
        drop(reader);
        let ended = Nipc::with_stdout(&[words, &at].concat(), OwnedFd::from(stdout)).end();
        assert_eq!((ended.status, ended.errors.as_str()), (0, ""), "{words:?}");
    }
}

#[test]
fn a_byte_order_mark_before_the_commands_is_skipped() {
    let place = Place::new();
    let mut server = place.serve("");
    let mut client = Raw::connect(place.socket());
    server.event("connect");
    server.say("\u{feff}{\"type\":\"t\",\"data\":1}");
    assert_eq!(client.frame(), r#"{"type":"t","data":1}"#);
    // There is only one, at the beginning.
    server.say("\u{feff}{\"type\":\"t\",\"data\":2}");
    server.error("ERR_BAD_COMMAND");
}
