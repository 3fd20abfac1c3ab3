//! The subjects that are not of this workspace: other crates, and node-ipc from npm.

use std::path::Path;
use std::process::Command;

use crate::error::{Error, Result};
use crate::node::{Node, Version};
use crate::{proc, repo};

/// Builds and fetches the peers and tells `bench` where they are. What cannot be had on this
/// machine is left out, and said.
///
/// # Errors
///
/// If the adapters do not build, or npm fails.
pub(super) fn add(bench: &mut Command, target: &Path) -> Result<()> {
    let at = repo::root().join("benches/peers");
    let own = target.join("bench-peers");
    let mut cargo = repo::cargo();
    cargo.args(["build", "--release", "--locked", "--manifest-path"]).arg(at.join("Cargo.toml"));
    proc::show(cargo.arg("--target-dir").arg(&own))?;
    bench.arg("--peers-program").arg(own.join("release/peers"));
    bench.arg("--scripts").arg(at.join("node"));
    for version in [Version::V14, Version::V9] {
        match Node::with(version, target) {
            Ok(Node { program, package, .. }) => match version {
                // The newer node runs both, so that only node-ipc differs.
                Version::V14 => {
                    bench.arg("--node").arg(program).arg("--node-ipc-14").arg(package);
                }
                Version::V9 => {
                    bench.arg("--node-ipc-9").arg(package);
                }
            },
            Err(Error::Unavailable(reason)) => println!("without node-ipc {version}: {reason}"),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
