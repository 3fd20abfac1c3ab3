//! The steps that look at what would be released: packages, oldest dependencies, public API, texts.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::steps::LIBRARIES;
use crate::error::{Error, Result};
use crate::{proc, repo, tools};

/// Returns the command that builds each library from its own tarball, as a user would get it.
pub(super) fn package() -> Result<Vec<Command>> {
    // Not the workspace's directory: what is built there was built from the sources beside it. And one
    // that was never there: cargo takes a tarball of the same version for the one that it unpacked for
    // this directory before, even if the directory is gone.
    let all = repo::target_dir()?.join("package-check");
    if all.exists() {
        fs::remove_dir_all(&all)?;
    }
    let target = all.join(std::process::id().to_string());
    let mut package = repo::cargo();
    package.args(["package", "--locked", "--allow-dirty", "--target-dir"]);
    package.arg(target).args(LIBRARIES);
    Ok(vec![package])
}

/// Returns the commands that build the libraries with the oldest dependencies their manifests allow.
///
/// In a copy of the manifests and sources, since the lock file changes. Only direct dependencies are
/// taken back: the manifests of others are not ours to fix.
pub(super) fn minimal_versions() -> Result<Vec<Command>> {
    let copy = repo::target_dir()?.join("minimal-versions");
    fresh_copy(&repo::root(), &copy)?;
    let mut update = repo::with_toolchain("nightly", "cargo");
    update.args(["update", "--quiet", "-Z", "direct-minimal-versions"]).current_dir(&copy);
    let mut check = repo::cargo();
    check.args(["check", "--lib", "--all-features", "--target-dir"]);
    check.arg(copy.join("target")).args(LIBRARIES).current_dir(&copy);
    Ok(vec![update, check])
}

/// Returns the command that compares the public API with that of the last release.
///
/// # Errors
///
/// [`Error::Unavailable`] before there is a release.
pub(super) fn semver() -> Result<Vec<Command>> {
    let mut describe = Command::new("git");
    describe.current_dir(repo::root()).args(["describe", "--tags", "--abbrev=0", "--match", "v*"]);
    let Ok(tag) = proc::capture(&mut describe) else {
        return Err(Error::Unavailable("there is no release yet, that is no tag `v*`".into()));
    };
    let program =
        tools::program("cargo-semver-checks", "cargo-semver-checks", &repo::target_dir()?)?;
    let mut semver = Command::new(program);
    semver.current_dir(repo::root()).args(["semver-checks", "--baseline-rev", tag.trim()]);
    Ok(vec![semver])
}

/// Returns the command that looks for misspelt words; `typos.toml` lists the exceptions.
pub(super) fn spelling() -> Result<Vec<Command>> {
    let program = tools::program("typos", "typos", &repo::target_dir()?)?;
    let mut typos = Command::new(program);
    typos.current_dir(repo::root()).args(["--format", "brief"]);
    Ok(vec![typos])
}

/// Copies what cargo needs to build the libraries, and nothing that was built.
fn fresh_copy(root: &Path, copy: &Path) -> Result<()> {
    let built = copy.join("target");
    for entry in fs::read_dir(copy).into_iter().flatten().flatten() {
        let path = entry.path();
        if path == built {
            continue;
        }
        if path.is_dir() { fs::remove_dir_all(&path)? } else { fs::remove_file(&path)? }
    }
    fs::create_dir_all(copy)?;
    let mut list = Command::new("git");
    list.current_dir(root).args(["ls-files", "-z", "*.toml", "*.rs", "*.md", "Cargo.lock"]);
    for name in proc::capture(&mut list)?.split('\0').filter(|name| !name.is_empty()) {
        let (from, to) = (root.join(name), copy.join(name));
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        // A file that was removed and not committed yet is still listed.
        if from.is_file() {
            fs::copy(from, to)?;
        }
    }
    Ok(())
}
