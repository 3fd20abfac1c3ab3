//! `Room`: what a case is given: a fresh place to meet, and the peers that meet there.

use std::cell::RefCell;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU16, AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::matrix::{Combo, Kind, Role};
use super::patience::Patience;
use super::peer::Peer;
use super::raw::{RawListener, RawSocket};
use super::transcript::Transcript;
use crate::error::{Error, Result};
use crate::node::{Node, Version};
use crate::repo;

/// The programs of a run.
#[derive(Debug)]
pub(crate) struct Setup {
    /// The `nipc` program; without it node-ipc plays both roles.
    pub(crate) nipc: Option<PathBuf>,
    /// One for each version that is run; without any `nipc` plays both roles.
    pub(crate) nodes: Vec<Node>,
    /// How often `emit_then_close` emits, if that was asked for.
    pub(crate) runs: Option<usize>,
}

/// Where the two roles meet.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    Unix(PathBuf),
    /// A port of 127.0.0.1.
    Tcp(u16),
}

/// What one run of one case is given. Everything in it is its own and gone with it.
#[derive(Debug)]
pub(crate) struct Room<'a> {
    pub(crate) combo: Combo,
    pub(crate) setup: &'a Setup,
    /// An empty directory.
    pub(crate) dir: PathBuf,
    pub(crate) patience: Patience,
    began: Instant,
    node: Option<&'a Node>,
    place: RefCell<Place>,
    transcripts: RefCell<Vec<Transcript>>,
    variables: RefCell<Vec<(&'static str, PathBuf)>>,
}

impl<'a> Room<'a> {
    /// Returns a fresh room for a case that may take `whole`, and `step` for each wait.
    ///
    /// # Errors
    ///
    /// If there is no directory or port to be had.
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
        let place = match combo.kind {
            Kind::Unix => Place::Unix(dir.join("s")),
            Kind::Tcp => Place::Tcp(free_port()?),
        };
        let began = Instant::now();
        let patience = Patience::new(began, step, whole);
        let place = RefCell::new(place);
        let (transcripts, variables) = (RefCell::default(), RefCell::default());
        Ok(Self { combo, setup, dir, patience, began, node, place, transcripts, variables })
    }

    /// Starts the server, with these options in addition, and waits until it is there.
    ///
    /// # Errors
    ///
    /// If it does not start.
    pub(crate) fn serve(&self, options: &[&str]) -> Result<Peer> {
        for _ in 0..3 {
            let mut server = self.spawn(self.combo.role == Role::Server, "serve", options)?;
            let started = server.event("start");
            let taken = match self.place() {
                Place::Tcp(port) => started.is_err() && TcpListener::bind(LOCAL(port)).is_err(),
                Place::Unix(_) => false,
            };
            if !taken {
                return started.map(|_| server);
            }
            // Another program took the port between our look at it and the server's.
            server.kill();
            self.place.replace(Place::Tcp(free_port()?));
        }
        Err("found no free port".into())
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
        self.spawn(self.combo.role == Role::Client, command, options)
    }

    /// Starts a program with options only: without the endpoint of this room.
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub(crate) fn start(&self, nipc: bool, command: &str, options: &[&str]) -> Result<Peer> {
        let (name, mut program) = match (&self.setup.nipc, self.node) {
            (Some(path), node) if nipc || node.is_none() => ("nipc", Command::new(path)),
            (_, Some(node)) => ("node-ipc", node.script(&script("peer.cjs"))),
            _ => return Err("neither nipc nor node-ipc".into()),
        };
        program.args([command, "world"]).args(options);
        program.args(["--json", "--dialect", self.combo.version.dialect()]);
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

    /// Connects a bare socket to the server.
    ///
    /// # Errors
    ///
    /// If nobody listens.
    pub(crate) fn raw_client(&self) -> Result<RawSocket> {
        let socket = RawSocket::connect(&self.place(), self.patience)?;
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

    /// Returns whether the program in this role takes each frame as soon as it is whole. Classic
    /// node-ipc does not: it waits until what it has ends with a delimiter.
    pub(crate) fn takes_frames_at_once(&self, role: Role) -> bool {
        !self.is_node(role) || self.combo.version == Version::V14
    }

    /// Returns whether the program in this role is node-ipc.
    pub(crate) fn is_node(&self, role: Role) -> bool {
        self.has_node() && (self.setup.nipc.is_none() || self.combo.role != role)
    }

    /// Returns where the roles meet.
    pub(crate) fn place(&self) -> Place {
        self.place.borrow().clone()
    }

    /// Returns what every process so far was told and said.
    pub(crate) fn transcripts(&self) -> String {
        self.transcripts.borrow().iter().map(Transcript::show).collect()
    }

    fn spawn(&self, nipc: bool, command: &str, options: &[&str]) -> Result<Peer> {
        let (name, value) = match self.place() {
            Place::Unix(path) => ("--path", path.to_string_lossy().into_owned()),
            Place::Tcp(port) => ("--tcp", format!("127.0.0.1:{port}")),
        };
        // Positional words, as of `emit EVENT DATA`, come before the options.
        let at = options.iter().position(|word| word.starts_with("--")).unwrap_or(options.len());
        let mut words = options.to_vec();
        words.splice(at..at, [name, value.as_str()]);
        self.start(nipc, command, &words)
    }

    fn run(&self, name: &str, program: &mut Command) -> Result<Peer> {
        for (variable, value) in self.variables.borrow().iter() {
            program.env(variable, value);
        }
        let transcript = self.transcript(name);
        Peer::start(name, program, transcript, self.patience)
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
    repo::root().join("xtask/interop").join(name)
}

/// Returns a port nobody listens at, and that no other room of this process was given.
///
/// Below the range from which systems take the ports of outgoing connections.
fn free_port() -> Result<u16> {
    for _ in 0..1000 {
        let start = std::process::id() as u16;
        let number = PORTS.fetch_add(1, Ordering::Relaxed).wrapping_add(start.wrapping_mul(37));
        let port = 20_000 + number % 12_000;
        if TcpListener::bind(LOCAL(port)).is_ok() {
            return Ok(port);
        }
    }
    Err(Error::Failed("no free port between 20000 and 32000".into()))
}

const LOCAL: fn(u16) -> (&'static str, u16) = |port| ("127.0.0.1", port);

static ROOMS: AtomicU32 = AtomicU32::new(0);
static PORTS: AtomicU16 = AtomicU16::new(0);
