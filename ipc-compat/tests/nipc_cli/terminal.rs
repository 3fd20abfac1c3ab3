//! Jobs of a shell at a terminal: in the background they serve, in the foreground they read.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::process::{DEADLINE, Nipc, Place, hangups_end, until};
use crate::raw::{accept, listen};

/// An interactive shell at a terminal of its own. Both go when this is dropped.
struct Shell {
    shell: Child,
    terminal: Option<File>,
    output: Receiver<Vec<u8>>,
    seen: String,
}

impl Shell {
    /// Returns a shell; `None` where a hangup would not end it and its jobs, which would stay.
    fn new() -> Option<Self> {
        if !hangups_end() {
            return None;
        }
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC);
        let terminal = terminal.unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap();
        let other = OpenOptions::new().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let end = || other.try_clone().unwrap();
        // As a terminal emulator does it: a session whose terminal this is.
        let shell = Command::new("setsid")
            .args(["--ctty", "sh", "-i"])
            .env("PS1", "ready ")
            .env_remove("ENV")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .expect("util-linux has setsid");
        drop(other);
        let terminal = File::from(terminal);
        let mut reader = terminal.try_clone().unwrap();
        let (sender, output) = channel();
        thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(read @ 1..) = reader.read(&mut piece) {
                if sender.send(piece[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        let mut shell = Self { shell, terminal: Some(terminal), output, seen: String::new() };
        shell.until("ready ");
        Some(shell)
    }

    fn type_line(&mut self, line: &str) {
        writeln!(self.terminal.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Waits until this shows, and forgets what came before it.
    #[track_caller]
    fn until(&mut self, text: &str) {
        loop {
            if let Some(found) = self.seen.find(text) {
                self.seen.drain(..found + text.len());
                return;
            }
            match self.output.recv_timeout(DEADLINE) {
                Ok(piece) => self.seen.push_str(&String::from_utf8_lossy(&piece)),
                Err(_) => panic!("{text:?} never showed: {}", self.seen),
            }
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // A job in the background is not notified when its shell is killed.
        for job in session(self.shell.id()) {
            let _ = kill_process(job, Signal::KILL);
        }
        let _ = self.shell.wait();
    }
}

/// Returns the processes of a session.
fn session(leader: u32) -> Vec<Pid> {
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let name = entry.ok()?.file_name();
        let pid = Pid::from_raw(name.to_str()?.parse().ok()?)?;
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // After the name, which may hold anything: state, parent, group, session.
        let session = stat.rsplit_once(") ")?.1.split(' ').nth(3)?;
        (session == leader.to_string()).then_some(pid)
    });
    processes.collect()
}

fn nipc(words: &str) -> String {
    format!("{} {words}", env!("CARGO_BIN_EXE_nipc"))
}

#[track_caller]
fn answers(place: &Place) {
    let ended = Nipc::run(&["request", "--path", &place.socket(), "w", "t", "1"]);
    assert_eq!((ended.status, ended.lines), (0, vec!["1".to_owned()]), "{}", ended.errors);
}

#[test]
fn a_server_in_the_background_serves_and_reads_in_the_foreground() {
    let place = Place::new();
    let Some(mut shell) = Shell::new() else { return };
    shell.type_line(&nipc(&format!("serve --path {} --echo --json &", place.socket())));
    shell.until(r#"{"event":"start""#);
    answers(&place);
    // Whoever types to the shell types to the shell.
    shell.type_line("echo typed to the she''ll");
    shell.until("typed to the shell");
    answers(&place);
    shell.type_line("fg");
    shell.until("serve --path");
    shell.type_line(r#"{"type":"t"}{"#);
    shell.until("ERR_BAD_COMMAND");
    shell.type_line(r#"{"do":"stop"}"#);
    shell.until("ready ");
    until(|| !std::fs::exists(place.socket()).unwrap());
}

#[test]
fn a_terminal_that_stops_who_prints_in_the_background_stops_no_server() {
    let place = Place::new();
    let Some(mut shell) = Shell::new() else { return };
    shell.type_line("stty tostop; echo s''et");
    shell.until("set");
    shell.type_line(&nipc(&format!("serve -v --path {} --echo --json &", place.socket())));
    for _ in 0..3 {
        until(|| UnixStream::connect(place.socket()).is_ok());
        answers(&place);
    }
}

#[test]
fn a_job_that_was_stopped_goes_on_in_the_background() {
    let place = Place::new();
    let Some(mut shell) = Shell::new() else { return };
    shell.type_line(&nipc(&format!("serve --path {} --echo --json", place.socket())));
    shell.until(r#"{"event":"start""#);
    // Ctrl-Z.
    shell.terminal.as_mut().unwrap().write_all(b"\x1a").unwrap();
    shell.until("ready ");
    shell.type_line("bg");
    shell.type_line("echo is in ba''ckground");
    shell.until("is in background");
    answers(&place);
}

#[test]
fn a_client_in_the_background_is_not_stopped() {
    let place = Place::new();
    let listener = listen(place.socket());
    let Some(mut shell) = Shell::new() else { return };
    for options in ["--max-retries 0", "--count 1"] {
        shell.type_line(&nipc(&format!("connect --path {} {options} &", place.socket())));
        let mut server = accept(&listener);
        server.write("{\"type\":\"t\"}\x0c");
        drop(server);
        shell.type_line("wait; echo en''ded");
        shell.until("ended");
    }
    // And one that wants its data from the terminal waits until it is in front.
    shell.type_line(&nipc(&format!("emit --path {} w t - &", place.socket())));
    shell.type_line("fg");
    shell.until("emit --path");
    shell.type_line("\"typed\"");
    shell.terminal.as_mut().unwrap().write_all(b"\x04").unwrap();
    let mut server = accept(&listener);
    assert_eq!(server.frame(), r#"{"type":"t","data":"typed"}"#);
}

#[test]
fn a_server_ends_in_order_when_its_terminal_is_closed() {
    let place = Place::new();
    let Some(mut shell) = Shell::new() else { return };
    shell.type_line(&nipc(&format!("serve --path {} --json", place.socket())));
    shell.until(r#"{"event":"start""#);
    let mut client = crate::raw::Raw::connect(place.socket());
    shell.until(r#"{"event":"connect""#);
    // The other side of the terminal is held by the thread that reads it; the hangup is the signal.
    kill_process(Pid::from_child(&shell.shell), Signal::HUP).unwrap();
    client.ended();
    drop(client);
    until(|| !std::fs::exists(place.socket()).unwrap());
}
