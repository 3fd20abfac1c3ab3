//! `cargo xtask patterns`: the ways people use node-ipc, with real node-ipc on the other side.
//!
//! The patterns are tests of `ipc-compat`, which cannot fetch anything; this fetches both versions
//! and passes their paths on.

use xtask::args::{self, Args};
use xtask::error::{Error, Result};
use xtask::node::{Node, Version};
use xtask::{proc, repo};

/// Runs the command and returns whether every pattern did what it should.
///
/// # Errors
///
/// If node-ipc is not available, or npm fails.
pub(crate) fn command(mut args: Args) -> Result<String> {
    run(&args::filter(&mut args)?)
}

/// Runs the tests whose names contain `filter` and returns the versions they met.
///
/// # Errors
///
/// If a test fails, node-ipc is not available, or npm fails.
fn run(filter: &str) -> Result<String> {
    let target = repo::target_dir()?;
    let (mut peers, mut met) = (Vec::new(), Vec::new());
    let mut missing = None;
    for version in Version::DIALECTS {
        match Node::with(version, &target) {
            Ok(node) => {
                peers.push(line(&node));
                met.push(version.to_string());
            }
            Err(Error::Unavailable(reason)) => {
                println!("node-ipc {version}: SKIPPED: {reason}");
                missing = Some(reason);
            }
            Err(error) => return Err(error),
        }
    }
    if let (Some(reason), true) = (missing, peers.is_empty()) {
        return Err(Error::Unavailable(reason));
    }
    let mut test = repo::cargo();
    test.args(["test", "--locked", "-p", "ipc-compat", "--test", "patterns", "--", filter]);
    test.env(PEERS, peers.join("\n"));
    proc::show(&mut test)?;
    Ok(format!("with node-ipc {}", met.join(" and ")))
}

fn line(node: &Node) -> String {
    let (program, package) = (node.program.display(), node.package.display());
    format!("{}\t{program}\t{package}", node.version.dialect())
}

/// The variable that `ipc-compat/tests/patterns/program.rs` reads.
const PEERS: &str = "IPC_PATTERNS_PEERS";

#[cfg(test)]
mod tests {
    use super::PEERS;
    use xtask::repo;

    #[test]
    fn the_tests_read_the_variable_that_is_set() {
        let reader = repo::root().join("ipc-compat/tests/patterns/program.rs");
        let text = std::fs::read_to_string(reader).expect("the reader is there");
        assert!(text.contains(&format!("\"{PEERS}\"")));
    }
}
