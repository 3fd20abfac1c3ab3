//! The subjects that are not of this workspace: other crates, and node-ipc from npm.

use std::path::Path;
use std::process::Command;

use crate::error::{Error, Result};
use crate::node::{Node, Version};
use crate::{proc, repo};

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
    proc::show(cargo.arg("--target-dir").arg(&own))?;
    bench.arg("--peers-program").arg(own.join("release/peers"));
    bench.arg("--scripts").arg(at.join("node"));
    // The newest version's node runs the others too, so that only node-ipc differs.
    if let Some(Node { program, package, .. }) = node(Version::V14, target)? {
        bench.arg("--node").arg(program).arg("--node-ipc-14").arg(package);
        if let Some(Node { package, .. }) = node(Version::V9, target)? {
            bench.arg("--node-ipc-9").arg(package);
        }
    }
    Ok(())
}

/// Returns a version of node-ipc with its node, or nothing if it cannot be had here.
fn node(version: Version, target: &Path) -> Result<Option<Node>> {
    match Node::with(version, target) {
        Ok(node) => Ok(Some(node)),
        Err(Error::Unavailable(reason)) => {
            println!("without node-ipc {version}: {reason}");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
