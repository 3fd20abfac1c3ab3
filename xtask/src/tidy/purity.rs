//! What each crate brings along: the pure ones nothing but bytes, the others not too much.

use std::collections::BTreeSet;

use crate::error::Result;
use crate::{proc, repo};

/// A crate with some features, and all it may bring along.
struct Pure {
    features: &'static [&'static str],
    crates: &'static [&'static str],
}

const PURE: &[Pure] = &[
    Pure {
        features: &["-p", "ipc-codec", "--no-default-features"],
        crates: &["ipc-codec", "bytes", "memchr"],
    },
    Pure {
        features: &["-p", "ipc-core", "--no-default-features"],
        crates: &["ipc-core", "ipc-codec", "bytes", "memchr"],
    },
];

/// A crate with its default features and more, and how many others it may bring along on Linux.
const FOOTPRINTS: &[(&str, &[&str], usize)] = &[
    ("ipc-codec", &[], 2),
    ("ipc-transport", &[], 13),
    ("ipc-transport", &["--features", "tls"], 28),
    ("ipc-transport", &["--features", "tls,tls-native-roots"], 30),
    ("ipc-core", &[], 20),
];

/// Crates that only a binary may need: users of the library do not build them.
const ONLY_BINARY: &[&str] = &["clap", "hdrhistogram", "indicatif"];

pub(super) fn check() -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for pure in PURE {
        let found = tree(pure.features)?;
        let allowed: BTreeSet<_> = pure.crates.iter().map(|name| (*name).to_owned()).collect();
        for name in found.difference(&allowed) {
            problems.push(format!("{}: brings {name} along", pure.features.join(" ")));
        }
    }
    for (name, features, limit) in FOOTPRINTS {
        let mut found = tree(&[&["-p", name], *features].concat())?;
        found.remove(*name);
        if found.len() > *limit {
            let list: Vec<_> = found.iter().map(String::as_str).collect();
            let (count, list) = (found.len(), list.join(", "));
            problems.push(format!("{name} brings {count} crates, at most {limit}: {list}"));
        }
    }
    let library = tree(&["-p", "ipc-compat"])?;
    for name in ONLY_BINARY.iter().filter(|name| library.contains(**name)) {
        problems.push(format!("ipc-compat, the library, brings {name} along"));
    }
    Ok(problems)
}

/// Returns the names `cargo tree` prints for these options, without dev dependencies.
fn tree(options: &[&str]) -> Result<BTreeSet<String>> {
    let mut cargo = repo::cargo();
    cargo.arg("tree").args(options).args(["-e", "normal", "--prefix", "none"]);
    cargo.args(["--target", "x86_64-unknown-linux-gnu"]);
    let printed = proc::capture(&mut cargo)?;
    Ok(printed.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::tree;

    #[test]
    fn the_tree_names_crates() {
        let found = tree(&["-p", "ipc-codec", "--no-default-features"]).unwrap();
        assert!(found.contains("ipc-codec") && found.contains("bytes"), "{found:?}");
    }
}
