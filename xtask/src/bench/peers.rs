//! The subjects that are not of this workspace: other crates, and node-ipc from npm.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, Result};
use crate::node::{Node, Version};
use crate::{npm, proc, repo};

/// Builds and fetches the peers and passes their paths to `bench`. What is not available
/// on this machine is left out, with a note.
///
/// # Errors
///
/// If the adapters do not build, or npm fails.
pub(super) fn add(bench: &mut Command, target: &Path) -> Result<()> {
    let at = repo::root().join("benches/peers");
    let own = target.join("bench-peers");
    let mut cargo = repo::cargo();
    // Not `--locked`: when a crate of this workspace needs another one, that lock file has to follow.
    cargo.args(["build", "--release", "--manifest-path"]).arg(at.join("Cargo.toml"));
    if proc::is_there("cmake") {
        cargo.args(["--features", "nng"]);
        with(bench, "cmake", Path::new("cmake"));
    } else {
        println!("SKIPPED: nng, which is written in C and needs cmake");
    }
    proc::show(cargo.arg("--target-dir").arg(&own))?;
    bench.arg("--peers-program").arg(own.join("release/peers"));
    bench.arg("--scripts").arg(at.join("node"));
    // The newest version's node runs the others too, so that only node-ipc differs.
    if let Some(Node { program, package, .. }) = node(Version::V14, target)? {
        bench.arg("--node").arg(program);
        with(bench, "node-ipc-14", &package);
        if let Some(Node { package, .. }) = node(Version::V9, target)? {
            with(bench, "node-ipc-9", &package);
        }
        with(bench, "net-ipc", &npm::package(&own.join("net-ipc"), NET_IPC, "net-ipc")?);
    }
    match nats_server(&own.join("nats")) {
        Ok(program) => with(bench, "nats-server", &program),
        Err(error) => {
            println!("SKIPPED: nats, which needs the Debian package nats-server: {error}")
        }
    }
    let is_requests = |arg: &OsStr| arg.to_string_lossy().starts_with(REQUESTS);
    if !bench.get_args().any(is_requests) {
        println!(
            "SKIPPED: npm-9-requests, which npm does not have: --with {REQUESTS}DIR is a copy"
        );
    }
    Ok(())
}

/// Returns nats-server: the one that is installed, or Debian's, unpacked into `dir`.
fn nats_server(dir: &Path) -> Result<PathBuf> {
    let program = dir.join("usr/sbin/nats-server");
    if proc::is_there("nats-server") {
        return Ok("nats-server".into());
    }
    if !proc::is_there(&program) {
        fs::create_dir_all(dir)?;
        proc::capture(Command::new("apt-get").current_dir(dir).args(["download", "nats-server"]))?;
        let mut files = fs::read_dir(dir)?.flatten().map(|file| file.path());
        if let Some(package) = files.find(|path| path.extension() == Some("deb".as_ref())) {
            proc::capture(Command::new("dpkg").arg("-x").arg(package).arg(dir))?;
        }
    }
    if proc::is_there(&program) {
        Ok(program)
    } else {
        Err(Error::Failed("it does not run here".into()))
    }
}

fn with(bench: &mut Command, name: &str, path: &Path) {
    let mut value = OsString::from(format!("{name}="));
    value.push(path);
    bench.arg("--with").arg(value);
}

/// Returns a version of node-ipc with its node, or nothing if it cannot be had here.
fn node(version: Version, target: &Path) -> Result<Option<Node>> {
    match Node::with(version, target) {
        Ok(node) => Ok(Some(node)),
        Err(Error::Unavailable(reason)) => {
            println!("SKIPPED: node-ipc {version}: {reason}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// It speaks JSON unless it is asked for something else.
const NET_IPC: &str = "net-ipc@2.2.2";
const REQUESTS: &str = "node-ipc-requests=";
