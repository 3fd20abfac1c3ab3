//! Facts that are written in several places and must be the same in all of them.

use std::path::Path;

use super::source;
use crate::error::Result;
use crate::repo;

pub(super) fn check() -> Result<Vec<String>> {
    let root = repo::root();
    let version = repo::rust_version()?;
    let mut problems = Vec::new();
    for name in ["README.md", "CONTRIBUTING.md"] {
        match source::read(&root.join(name)) {
            Ok(text) => problems.extend(rust_versions(name, &text, &version)),
            Err(error) => problems.push(error.to_string()),
        }
    }
    for path in repo::files(&root, "md") {
        let name = repo::relative(&path);
        if name.contains('/') {
            let found = rust_versions(&name, &source::read(&path)?, &version);
            // Only the two above must name it; whoever else does must be right.
            problems.extend(found.into_iter().filter(|problem| !problem.ends_with(UNNAMED)));
        }
    }
    for (name, line) in UNSAFE_CODE {
        let path = root.join(name).join("src/lib.rs");
        if !source::read(&path)?.lines().any(|found| found == *line) {
            problems.push(format!("{name}/src/lib.rs: has no line `{line}`"));
        }
    }
    for path in repo::files(&root, "toml") {
        let name = repo::relative(&path);
        let is_own = ["fuzz/", "benches/peers/"].iter().any(|own| name.starts_with(own));
        let is_member = name.ends_with("/Cargo.toml") && !is_own;
        if is_member && !inherits_rust_version(&path)? {
            problems.push(format!("{name}: must take its rust-version from the workspace"));
        }
    }
    Ok(problems)
}

fn inherits_rust_version(path: &Path) -> Result<bool> {
    let manifest = repo::manifest(path)?;
    let version = manifest.get("package").and_then(|package| package.get("rust-version"));
    Ok(version.and_then(|version| version.get("workspace")?.as_bool()) == Some(true))
}

/// Returns what is wrong with the Rust versions that `text` names as the oldest supported one.
fn rust_versions(name: &str, text: &str, version: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let mut named = false;
    for (number, line) in (1..).zip(text.lines()) {
        if !(line.contains("MSRV") || line.contains("Rust 1.") || line.contains("rust-version")) {
            continue;
        }
        for found in versions(line) {
            named = true;
            if found != version && found != format!("{version}.0") {
                problems.push(format!("{name}:{number}: Rust {found}, in Cargo.toml {version}"));
            }
        }
    }
    if !named {
        problems.push(format!("{name}{UNNAMED}"));
    }
    problems
}

/// Returns the words of `line` that look like a Rust version.
fn versions(line: &str) -> impl Iterator<Item = &str> {
    line.split(|char: char| !(char.is_ascii_digit() || char == '.'))
        .map(|word| word.trim_matches('.'))
        .filter(|word| {
            let mut numbers = word.split('.').map(str::parse::<u32>);
            let minor = |minor| (31..1000).contains(&minor);
            matches!(numbers.next(), Some(Ok(1)))
                && matches!(numbers.next(), Some(Ok(number)) if minor(number))
        })
}

const UNNAMED: &str = ": names no oldest supported Rust version";

const UNSAFE_CODE: &[(&str, &str)] = &[
    ("ipc-codec", "#![forbid(unsafe_code)]"),
    ("ipc-core", "#![forbid(unsafe_code)]"),
    ("ipc-compat", "#![forbid(unsafe_code)]"),
    ("ipc-transport", "#![deny(unsafe_code)]"),
];

#[cfg(test)]
mod tests {
    use super::rust_versions;

    #[test]
    fn other_versions_are_found() {
        let check = |text: &str| rust_versions("README.md", text, "1.85").len();
        assert_eq!(check("Needs Rust 1.85 or newer.\nThe MSRV is 1.85.0.\n"), 0);
        assert_eq!(check("Needs Rust 1.84 or newer.\nThe MSRV is 1.85.\n"), 1);
        assert_eq!(check("Nothing about it, only version 1.2 of something."), 1);
    }
}
