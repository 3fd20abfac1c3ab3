//! `Room`: what a case is given: a fresh place to meet, and the peers that meet there.

use std::cell::{Cell, RefCell};
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::certificates::Certificates;
use super::datagram::BareDatagrams;
use super::limits::Limits;
use super::matrix::{Combo, Kind, Role};
use super::peer::Peer;
use super::place::Place;
use super::raw::{RawListener, RawSocket};
use super::transcript::Transcript;
use xtask::error::Result;
use xtask::node::{Node, Version};
use xtask::{proc, repo};

/// The programs of a run.
#[derive(Debug)]
pub(crate) struct Setup {
    /// The `nipc` program; without it node-ipc plays both roles.
    pub(crate) nipc: Option<PathBuf>,
    /// Our program for calls, if there is `nipc` and a case needs it.
    pub(crate) call_peer: Option<PathBuf>,
    /// One for each version that is run; without any `nipc` plays both roles.
    pub(crate) nodes: Vec<Node>,
    /// What TLS needs, if it is run.
    pub(crate) certificates: Option<Certificates>,
    /// How often `emit_then_close` emits, if that was asked for.
    pub(crate) runs: Option<usize>,
}

/// What one run of one case is given. Everything in it is its own and gone with it.
#[derive(Debug)]
pub(crate) struct Room<'a> {
    pub(crate) combo: Combo,
    pub(crate) setup: &'a Setup,
    /// An empty directory.
    pub(crate) dir: PathBuf,
    pub(crate) limits: Limits,
    began: Instant,
    node: Option<&'a Node>,
    place: RefCell<Place>,
    transcripts: RefCell<Vec<Transcript>>,
    variables: RefCell<Vec<(&'static str, PathBuf)>>,
    max_files: Cell<Option<u32>>,
    calls: Cell<bool>,
}

impl<'a> Room<'a> {
    /// Returns a fresh room for a case that may take `whole`, and `step` for each wait.
    ///
    /// # Errors
    ///
    /// If there is no free directory or port.
    pub(crate) fn new(
        combo: Combo,
        setup: &'a Setup,
        step: Duration,
        whole: Duration,
    ) -> Result<Self> {
        let node = setup.nodes.iter().find(|node| node.version == combo.version);
        // Short, since the path of a Unix socket holds 107 bytes only.
        let number = ROOMS.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("xt{}-{number}", std::process::id()));
        std::fs::create_dir_all(&dir)?;
        let place = Place::fresh(combo.kind, &dir)?;
        let began = Instant::now();
        let limits = Limits::new(began, step, whole);
        Ok(Self {
            combo,
            setup,
            dir,
            limits,
            began,
            node,
            place: RefCell::new(place),
            transcripts: RefCell::default(),
            variables: RefCell::default(),
            max_files: Cell::default(),
            calls: Cell::default(),
        })
    }

    /// Starts the server, with these options in addition, and waits until it is there.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub(crate) fn serve(&self, options: &[&str]) -> Result<Peer> {
        for _ in 0..3 {
            let place = self.place();
            match self.serve_at(&place, self.combo.role == Role::Server, options)? {
                Some(server) => return Ok(server),
                None => self.place.replace(Place::fresh(self.combo.kind, &self.dir)?),
            };
        }
        Err("found no free port".into())
    }

    /// Starts the other program as a server too, as it is with datagrams, at a port of its own;
    /// returns it with the port.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub(crate) fn serve_beside(&self, options: &[&str]) -> Result<(Peer, u16)> {
        for _ in 0..3 {
            let place = Place::fresh(self.combo.kind, &self.dir)?;
            if let Some(peer) = self.serve_at(&place, self.combo.role == Role::Client, options)? {
                return Ok((peer, place.port()?));
            }
        }
        Err("found no free port".into())
    }

    /// Returns the server once it has started, or `None` if another program took the port between
    /// our look at it and the server's.
    fn serve_at(&self, place: &Place, nipc: bool, options: &[&str]) -> Result<Option<Peer>> {
        let mut server = self.spawn(place, nipc, "serve", options)?;
        let started = server.event("start");
        if started.is_err() && place.is_taken(self.combo.kind) {
            server.kill();
            // It may have been our own server, which did not say that it started.
            if place.is_taken(self.combo.kind) {
                return Ok(None);
            }
        }
        started.map(|_| Some(server))
    }

    /// Starts a client, with these options in addition, and waits until it is connected.
    ///
    /// # Errors
    ///
    /// If it does not connect.
    pub(crate) fn connect(&self, options: &[&str]) -> Result<Peer> {
        let mut client = self.client("connect", options)?;
        client.event("connect")?;
        Ok(client)
    }

    /// Starts the client's program with this command and waits for nothing.
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub(crate) fn client(&self, command: &str, options: &[&str]) -> Result<Peer> {
        self.spawn(&self.place(), self.combo.role == Role::Client, command, options)
    }

    /// Starts a program with options only: without the endpoint of this room.
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub(crate) fn start(&self, nipc: bool, command: &str, options: &[&str]) -> Result<Peer> {
        self.start_as(self.combo.version.dialect(), nipc, command, options)
    }

    /// Starts a program with options only, in this dialect.
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub(crate) fn start_as(
        &self,
        dialect: &str,
        nipc: bool,
        command: &str,
        options: &[&str],
    ) -> Result<Peer> {
        let ours = if self.calls.get() { &self.setup.call_peer } else { &self.setup.nipc };
        let (name, mut program) = match (ours, self.node) {
            (Some(path), node) if nipc || node.is_none() => ("nipc", Command::new(path)),
            (_, Some(node)) => ("node-ipc", node.script(&script("peer.cjs"))),
            _ => return Err("neither nipc nor node-ipc".into()),
        };
        program.args([command, "world"]).args(options);
        program.args(["--json", "--dialect", dialect]);
        if let Some(max) = self.max_files.get() {
            program = proc::with_max_files(&program, max);
        }
        self.run(&format!("{name} {command}"), &mut program)
    }

    /// Starts one of the scripts that follow node-ipc's own README.
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub(crate) fn readme(&self, name: &str) -> Result<Peer> {
        let node = self.node.ok_or("no node-ipc of this version")?;
        self.run(name, &mut node.script(&script(name)))
    }

    /// Returns whether one of the two is node-ipc.
    pub(crate) fn has_node(&self) -> bool {
        self.node.is_some()
    }

    /// Gives every process from now on this environment variable.
    pub(crate) fn set_variable(&self, name: &'static str, value: PathBuf) {
        self.variables.borrow_mut().push((name, value));
    }

    /// Lets every process from now on have so many files and sockets open at most.
    pub(crate) fn set_max_files(&self, max: Option<u32>) {
        self.max_files.set(max);
    }

    /// Starts the program for calls in place of `nipc` from now on.
    pub(crate) fn set_calls(&self) {
        self.calls.set(true);
    }

    /// Connects a bare socket to the server.
    ///
    /// # Errors
    ///
    /// If there is no listener.
    pub(crate) fn raw_client(&self) -> Result<RawSocket> {
        let socket = RawSocket::connect(&self.place(), self.limits)?;
        self.transcript("raw client").note('.', "connected");
        Ok(socket)
    }

    /// Listens with a bare socket in the place of the server.
    ///
    /// # Errors
    ///
    /// If the place is taken.
    pub(crate) fn raw_server(&self) -> Result<RawListener> {
        RawListener::bind(&self.place())
    }

    /// Returns a bare UDP socket that sends to the server.
    ///
    /// # Errors
    ///
    /// If there are no such sockets here.
    pub(crate) fn bare_datagrams(&self) -> Result<BareDatagrams> {
        BareDatagrams::new(self.combo.kind, &self.place(), self.limits)
    }

    /// Returns the path of a file that TLS needs, by its name without directory.
    ///
    /// # Errors
    ///
    /// If this is a run without TLS.
    pub(crate) fn certificate(&self, name: &str) -> Result<String> {
        let all = self.setup.certificates.as_ref().ok_or("no certificates were made")?;
        Ok(all.path(name).to_string_lossy().into_owned())
    }

    /// Returns whether node-ipc plays this role.
    pub(crate) fn is_node(&self, role: Role) -> bool {
        self.has_node() && (self.setup.nipc.is_none() || self.combo.role != role)
    }

    /// Returns whether the server keeps apart what several clients send; 8.x has one buffer for all.
    pub(crate) fn keeps_apart(&self) -> bool {
        !self.is_node(Role::Server) || self.combo.version != Version::V8
    }

    /// Returns whether the program in this role takes each frame as soon as it is whole. Classic
    /// node-ipc does not: it waits until what it has ends with a delimiter.
    pub(crate) fn takes_frames_at_once(&self, role: Role) -> bool {
        !self.is_node(role) || !self.combo.version.is_classic()
    }

    /// Returns where the roles meet.
    pub(crate) fn place(&self) -> Place {
        self.place.borrow().clone()
    }

    /// Returns the transcripts of every process so far.
    pub(crate) fn transcripts(&self) -> String {
        self.transcripts.borrow().iter().map(Transcript::show).collect()
    }

    fn spawn(&self, place: &Place, nipc: bool, command: &str, options: &[&str]) -> Result<Peer> {
        let mut more = place.option(self.combo.kind).to_vec();
        if self.combo.kind == Kind::Tls && !options.iter().any(|word| OF_TLS.contains(word)) {
            more.extend(match command {
                "serve" => [
                    ["--cert".into(), self.certificate("server.pem")?],
                    ["--key".into(), self.certificate("server.key")?],
                ]
                .concat(),
                _ => vec!["--ca".into(), self.certificate("ca.pem")?],
            });
        }
        // Positional words, as of `emit EVENT DATA`, come before the options.
        let at = options.iter().position(|word| word.starts_with("--")).unwrap_or(options.len());
        let mut words = options.to_vec();
        words.splice(at..at, more.iter().map(String::as_str));
        self.start(nipc, command, &words)
    }

    fn run(&self, name: &str, program: &mut Command) -> Result<Peer> {
        for (variable, value) in self.variables.borrow().iter() {
            program.env(variable, value);
        }
        let transcript = self.transcript(name);
        Peer::start(name, program, transcript, self.limits)
    }

    fn transcript(&self, name: &str) -> Transcript {
        let mut all = self.transcripts.borrow_mut();
        let transcript = Transcript::new(format!("{} {name}", all.len() + 1), self.began);
        all.push(transcript.clone());
        transcript
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

fn script(name: &str) -> PathBuf {
    repo::root().join("xtask/interop/peers").join(name)
}

/// With one of these a case says itself whom to trust; else client trusts server, and that is all.
const OF_TLS: [&str; 4] = ["--cert", "--ca", "--insecure", "--request-cert"];

static ROOMS: AtomicU32 = AtomicU32::new(0);
