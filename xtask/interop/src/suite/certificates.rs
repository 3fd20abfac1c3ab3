//! `Certificates`: the keys and certificates of a run, made anew for it.

use std::path::{Path, PathBuf};

use xtask::error::Result;
use xtask::{proc, repo};

/// A directory of PEM files; it is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct Certificates {
    dir: PathBuf,
}

impl Certificates {
    /// Makes them with an example of ipc-transport, which has a library for it: this program has
    /// no dependencies, Node.js cannot make certificates, and not every machine has `openssl`.
    ///
    /// # Errors
    ///
    /// If the example does not build or run.
    pub(crate) fn make() -> Result<Self> {
        let dir = std::env::temp_dir().join(format!("xt{}-certificates", std::process::id()));
        let made = Self { dir };
        let args = ["run", "--quiet", "-p", "ipc-transport", "--example", "certificates", "--"];
        proc::show(repo::cargo().args(args).arg(&made.dir))?;
        Ok(made)
    }

    /// Returns the directory they are in.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Returns the path of a file by its name: `ca.pem`, `server.key`, ...
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        Path::join(&self.dir, name)
    }
}

impl Drop for Certificates {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}
