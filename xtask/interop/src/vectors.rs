//! `cargo xtask vectors`: the golden vectors, recorded again from real node-ipc or compared with it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use lexopt::prelude::*;
use xtask::args::Args;
use xtask::error::{Error, Result};
use xtask::node::{Node, Version};
use xtask::{proc, repo};

/// One run of a recorder.
struct Recording {
    script: &'static str,
    version: Version,
    /// A file or a folder, from the root.
    output: &'static str,
    more: &'static [&'static str],
}

/// In this order: those with the same output add to it one after the other.
const RECORDINGS: &[Recording] = &[
    Recording {
        script: "ipc-codec/testdata/record.cjs",
        version: Version::V9,
        output: "ipc-codec/testdata/node-ipc-9.2.1",
        more: &[],
    },
    Recording {
        script: "ipc-codec/testdata/record.cjs",
        version: Version::V14,
        output: "ipc-codec/testdata/node-ipc-14.0.0",
        more: &[],
    },
    Recording {
        script: "ipc-compat/testdata/record.cjs",
        version: Version::V9,
        output: "ipc-compat/testdata/envelopes.json",
        more: &[],
    },
    Recording {
        script: "ipc-compat/testdata/record.cjs",
        version: Version::V14,
        output: "ipc-compat/testdata/envelopes.json",
        more: &["fast"],
    },
    Recording {
        script: "ipc-compat/testdata/record.cjs",
        version: Version::V14,
        output: "ipc-compat/testdata/envelopes.json",
        more: &["guarded"],
    },
    Recording {
        script: "ipc-compat/testdata/transcripts.cjs",
        version: Version::V9,
        output: "ipc-compat/testdata/transcripts",
        more: &[],
    },
    Recording {
        script: "ipc-compat/testdata/transcripts.cjs",
        version: Version::V14,
        output: "ipc-compat/testdata/transcripts",
        more: &[],
    },
    // By the version whose Node.js is the same everywhere.
    Recording {
        script: "ipc-compat/testdata/encodings.cjs",
        version: Version::V14,
        output: "ipc-compat/testdata/encodings.jsonl",
        more: &[],
    },
    Recording {
        script: "ipc-compat/testdata/arguments.cjs",
        version: Version::V9,
        output: "ipc-compat/testdata/arguments.json",
        more: &[],
    },
    Recording {
        script: "ipc-compat/testdata/arguments.cjs",
        version: Version::V14,
        output: "ipc-compat/testdata/arguments.json",
        more: &[],
    },
    Recording {
        script: "ipc-compat/testdata/defaults.cjs",
        version: Version::V8,
        output: "ipc-compat/testdata/defaults.json",
        more: &[],
    },
    Recording {
        script: "ipc-compat/testdata/defaults.cjs",
        version: Version::V9,
        output: "ipc-compat/testdata/defaults.json",
        more: &[],
    },
    Recording {
        script: "ipc-compat/testdata/defaults.cjs",
        version: Version::V10,
        output: "ipc-compat/testdata/defaults.json",
        more: &[],
    },
    Recording {
        script: "ipc-compat/testdata/defaults.cjs",
        version: Version::V12,
        output: "ipc-compat/testdata/defaults.json",
        more: &[],
    },
    Recording {
        script: "ipc-compat/testdata/defaults.cjs",
        version: Version::V14,
        output: "ipc-compat/testdata/defaults.json",
        more: &[],
    },
    Recording {
        script: "ipc-compat/testdata/record.cjs",
        version: Version::V14,
        output: "ipc-compat/testdata/envelopes.json",
        more: &["assured"],
    },
    Recording {
        script: "ipc-compat/testdata/assured.cjs",
        version: Version::V14,
        output: "ipc-compat/testdata/assured.json",
        more: &[],
    },
];

/// Records every vector or, with `--check`, compares them.
///
/// # Errors
///
/// If node-ipc is not available or a recorder fails.
pub(crate) fn command(mut args: Args) -> Result<String> {
    let mut check = false;
    while let Some(arg) = args.next()? {
        match arg {
            Long("check") => check = true,
            _ => return Err(arg.unexpected().into()),
        }
    }
    if check { compare() } else { record(&repo::root()).map(|()| String::new()) }
}

/// Records into `target/vectors` and compares the result with what is committed.
///
/// # Errors
///
/// If a vector differs, node-ipc is missing or a recorder fails.
fn compare() -> Result<String> {
    let recorded = repo::target_dir()?.join("vectors");
    let _ = fs::remove_dir_all(&recorded);
    record(&recorded)?;
    let mut same = true;
    let outputs: BTreeSet<_> = RECORDINGS.iter().map(|recording| recording.output).collect();
    for output in outputs {
        for name in differing(&repo::root().join(output), &recorded.join(output))? {
            println!("differs: {output}{name}");
            same = false;
        }
    }
    if !same {
        return Err("a vector differs".into());
    }
    println!("all as committed");
    Ok("all as committed".into())
}

/// Does every recording, with its outputs under `base`.
fn record(base: &Path) -> Result<()> {
    let target = repo::target_dir()?;
    let nodes: Vec<Node> = Version::ALL
        .into_iter()
        .map(|version| Node::with(version, &target))
        .collect::<Result<_>>()?;
    for recording in RECORDINGS {
        let node = nodes.iter().find(|node| node.version == recording.version);
        let node = node.ok_or("a version without a node")?;
        let output = base.join(recording.output);
        if let Some(parent) = output.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut command = node.script(&repo::root().join(recording.script));
        command.arg(&node.package).arg(&output).args(recording.more);
        proc::capture(&mut command)?;
        let mode = recording.more.join(" ");
        println!("recorded {} {} {mode}", recording.output, recording.version);
    }
    Ok(())
}

/// Returns the names of the files that are not the same in both places, each after a slash; an
/// empty name if the places are files themselves and differ.
fn differing(committed: &Path, recorded: &Path) -> Result<Vec<String>> {
    if !recorded.is_dir() {
        let same = read(committed) == read(recorded) && committed.exists();
        return Ok(if same { Vec::new() } else { vec![String::new()] });
    }
    let mut names = BTreeSet::new();
    for place in [committed, recorded] {
        let entries =
            fs::read_dir(place).map_err(|error| Error::while_doing(place.display(), error))?;
        names.extend(entries.flatten().map(|entry| PathBuf::from(entry.file_name())));
    }
    let differs = |name: &PathBuf| read(&committed.join(name)) != read(&recorded.join(name));
    Ok(names.into_iter().filter(differs).map(|name| format!("/{}", name.display())).collect())
}

fn read(path: &Path) -> Option<Vec<u8>> {
    fs::read(path).ok()
}
