//! Our programs that the cases run: building them.

use std::path::{Path, PathBuf};

use xtask::error::{Error, Result};
use xtask::{proc, repo};

/// Builds `nipc`, the project's own command-line tool, and returns where it is.
///
/// # Errors
///
/// If it does not build.
pub(crate) fn build(target: &Path) -> Result<PathBuf> {
    program(target, "nipc", ["ipc-compat", "cli"])
}

/// Builds the Rust side of the cases of calls and returns where it is.
///
/// # Errors
///
/// If it does not build.
pub(crate) fn build_call_peer(target: &Path) -> Result<PathBuf> {
    program(target, "call-peer", ["xtask-interop", "call-peer"])
}

fn program(target: &Path, name: &str, [package, feature]: [&str; 2]) -> Result<PathBuf> {
    let args = ["build", "--quiet", "-p", package, "--features", feature, "--bin", name];
    proc::show(repo::cargo().args(args))?;
    let built = target.join("debug").join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if built.is_file() {
        Ok(built)
    } else {
        Err(Error::Failed(format!("cargo built {name}, but {} is missing", built.display())))
    }
}
