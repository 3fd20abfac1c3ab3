//! npm: exact packages, fetched once, without running anything they bring.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::error::{Error, Result};
use crate::proc;

/// Returns the name of the npm program.
pub fn program() -> &'static str {
    if cfg!(windows) { "npm.cmd" } else { "npm" }
}

/// Returns the directory of the package `name`, installed under `dir` from `spec` (`name@version`).
///
/// A stamp in `dir` says what is there, so the second call does not use the network. The install happens aside
/// and is renamed into place: two of these programs can run at once.
///
/// # Errors
///
/// If npm fails three times.
pub fn package(dir: &Path, spec: &str, name: &str) -> Result<PathBuf> {
    fetch(dir, spec, name, &[])
}

/// As [`package`], for a package that is for another system than this one.
///
/// # Errors
///
/// If npm fails three times.
pub fn foreign(dir: &Path, spec: &str, name: &str) -> Result<PathBuf> {
    fetch(dir, spec, name, &["--force"])
}

fn fetch(dir: &Path, spec: &str, name: &str, options: &[&str]) -> Result<PathBuf> {
    let package = dir.join("node_modules").join(name);
    let stamp = dir.join("stamp");
    let wanted = format!("{spec}\n{}", manifest(spec));
    if fs::read_to_string(&stamp).is_ok_and(|text| text == wanted) && package.is_dir() {
        return Ok(package);
    }
    let aside = dir.with_extension(format!("{}.new", std::process::id()));
    let mut installed = install(&aside, spec, options);
    for _ in 0..2 {
        if installed.is_err() {
            installed = install(&aside, spec, options);
        }
    }
    installed?;
    fs::write(aside.join("stamp"), wanted)?;
    let _ = fs::remove_dir_all(dir);
    if fs::rename(&aside, dir).is_err() {
        // Another process was quicker, with the same result.
        let _ = fs::remove_dir_all(&aside);
    }
    if package.is_dir() {
        Ok(package)
    } else {
        Err(Error::Failed(format!("npm installed {spec}, but {} is missing", package.display())))
    }
}

fn install(dir: &Path, spec: &str, options: &[&str]) -> Result<()> {
    let _ = fs::remove_dir_all(dir);
    fs::create_dir_all(dir)?;
    fs::write(dir.join("package.json"), manifest(spec))?;
    let mut npm = Command::new(program());
    npm.current_dir(dir).args(["install", "--save-exact", "--ignore-scripts", "--no-audit"]);
    npm.args(["--no-fund", "--loglevel=error"]).args(options).arg(spec);
    proc::capture(&mut npm).map(drop)
}

/// Returns the package.json to install `spec` with.
fn manifest(spec: &str) -> &'static str {
    if spec.starts_with("node-ipc@") && !spec.starts_with("node-ipc@14.") {
        PINNED
    } else {
        "{\"private\":true}\n"
    }
}

/// Pins what node-ipc leaves open: 8.x asks for any `colors` and any newer `js-message`, with which
/// it breaks, and 10.x and 12.x for a program to copy files, which brings 40 packages, that
/// nothing in them uses; a small package takes its place. 14.x pins newer ones itself.
const PINNED: &str = r#"{
  "private": true,
  "overrides": {
    "colors": "1.4.0",
    "copyfiles": "npm:easy-stack@1.0.1",
    "easy-stack": "1.0.1",
    "js-message": "1.0.7",
    "js-queue": "2.0.2"
  }
}
"#;
