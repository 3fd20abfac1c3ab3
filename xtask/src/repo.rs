//! The repository: where it is, where cargo builds, what its packages are.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::error::{Error, Result};
use crate::proc;

/// Returns the repository's root directory.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Returns `cargo`, to be run at the root: the one that started this program, if one did.
pub fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(program);
    command.current_dir(root());
    command
}

/// Returns a command of another toolchain at the root, such as `rustup run nightly cargo`.
pub fn with_toolchain(toolchain: &str, program: &str) -> Command {
    let mut command = Command::new("rustup");
    // Cargo tells its children which compiler it uses; another toolchain must find its own.
    for name in ["CARGO", "RUSTC", "RUSTDOC", "RUSTUP_TOOLCHAIN", "RUSTC_WRAPPER"] {
        command.env_remove(name);
    }
    command.current_dir(root()).args(["run", toolchain, program]);
    command
}

/// Returns what `cargo metadata` says about the workspace's own packages.
///
/// # Errors
///
/// If cargo fails or prints something else than JSON.
pub fn metadata() -> Result<Value> {
    let text = proc::capture(cargo().args(["metadata", "--no-deps", "--format-version=1"]))?;
    serde_json::from_str(&text).map_err(|error| Error::while_doing("cargo metadata", error))
}

/// Returns the directory cargo builds in.
///
/// # Errors
///
/// If cargo cannot say.
pub fn target_dir() -> Result<PathBuf> {
    let metadata = metadata()?;
    let dir = metadata["target_directory"].as_str();
    dir.map(PathBuf::from).ok_or_else(|| "cargo metadata names no target directory".into())
}

/// Returns the minimum Rust version written in the root's Cargo.toml, such as `1.85`.
///
/// # Errors
///
/// If there is none.
pub fn rust_version() -> Result<String> {
    let manifest = manifest(&root().join("Cargo.toml"))?;
    let version =
        manifest.get("workspace").and_then(|table| table.get("package")?.get("rust-version"));
    let version = version.and_then(toml::Value::as_str).map(str::to_owned);
    version.ok_or_else(|| "Cargo.toml has no rust-version".into())
}

/// Returns what a Cargo.toml says.
///
/// # Errors
///
/// If it cannot be read or is not TOML.
pub fn manifest(path: &Path) -> Result<toml::Table> {
    let text =
        fs::read_to_string(path).map_err(|error| Error::while_doing(path.display(), error))?;
    text.parse().map_err(|error| Error::while_doing(path.display(), error))
}

/// Returns every file under `dir` whose name ends with `.extension`, sorted, without what is built
/// or fetched.
pub fn files(dir: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(dir) else { return found };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name();
        if path.is_dir() {
            let skipped = ["target", "node_modules", "artifacts", "corpus", "corpus-work"];
            let hidden = name.to_string_lossy().starts_with('.');
            if !hidden && !skipped.iter().any(|skipped| name == *skipped) {
                found.extend(files(&path, extension));
            }
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Returns `path` as it is called from the root.
pub fn relative(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).to_string_lossy().replace('\\', "/")
}
