//! `nipc`, the project's own command-line tool: building it.

use std::path::{Path, PathBuf};

use xtask::error::{Error, Result};
use xtask::{proc, repo};

/// Builds `nipc` and returns where it is.
///
/// # Errors
///
/// If it does not build.
pub(crate) fn build(target: &Path) -> Result<PathBuf> {
    let args = ["build", "--quiet", "-p", "ipc-compat", "--features", "cli", "--bin", "nipc"];
    proc::show(repo::cargo().args(args))?;
    let built = target.join("debug").join(format!("nipc{}", std::env::consts::EXE_SUFFIX));
    if built.is_file() {
        Ok(built)
    } else {
        Err(Error::Failed(format!("cargo built nipc, but {} is missing", built.display())))
    }
}
