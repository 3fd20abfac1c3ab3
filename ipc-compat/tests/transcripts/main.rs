//! Plays the scripts that were played with real node-ipc, and compares what is published, and when.
//!
//! The recordings are in `testdata/transcripts`. Here time is tokio's, which stands still while
//! there is something to do: what takes no time in the script takes none here.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on panics"
)]

mod ours;
mod play;

use std::collections::BTreeMap;
use std::path::Path;

use ipc_compat::Dialect;

use crate::ours::{OURS, Ours};

/// How much later or earlier than recorded an event may come, in milliseconds: the recordings are
/// rounded to 100, and what is published 100 ms apart must not be taken for the same.
const TOLERANCE_MS: i64 = 50;

/// The parts of a transcript: `script`, and what was recorded of each version.
type Parts = BTreeMap<String, Vec<String>>;

fn parts(text: &str) -> Parts {
    let mut parts = Parts::new();
    let mut lines = None;
    for line in text.lines() {
        match line.strip_prefix("    ") {
            Some(line) => lines.as_mut().map_or_else(
                || panic!("a line without a part: {line}"),
                |part: &mut String| parts.get_mut(part).unwrap().push(line.to_owned()),
            ),
            None => {
                parts.insert(line.to_owned(), Vec::new());
                lines = Some(line.to_owned());
            }
        }
    }
    parts
}

/// Returns the transcripts, by the names of their scripts.
fn transcripts() -> BTreeMap<String, Parts> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/transcripts");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .map(|file| {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, parts(&std::fs::read_to_string(file).unwrap()))
        })
        .collect()
}

/// A line of a transcript: when, and what.
fn timed(line: &str) -> (i64, &str) {
    let (at, what) = line.split_once(' ').unwrap();
    (at.parse().unwrap(), what)
}

fn same(ours: &[String], theirs: &[String]) -> bool {
    let pair = |(ours, theirs): (&String, &String)| {
        let ((at, what), (wanted_at, wanted)) = (timed(ours), timed(theirs));
        what == wanted && (at - wanted_at).abs() <= TOLERANCE_MS
    };
    ours.len() == theirs.len() && ours.iter().zip(theirs).all(pair)
}

/// Plays every script in a dialect and compares with what was recorded of a version, or with what
/// we do on purpose instead.
async fn compare(version: &str, dialect: Dialect) {
    let mut wrong = Vec::new();
    let mut different = 0;
    for (name, parts) in transcripts() {
        let ours = play::play(dialect, &parts["script"]).await;
        let differs = |own: &&Ours| own.script == name && own.versions.contains(&version);
        let on_purpose = OURS.iter().find(differs);
        if on_purpose.is_some() && same(&ours, &parts[version]) {
            wrong.push(format!("{name}: as node-ipc, so the entry in ours.rs is out of date"));
        }
        let expected = match on_purpose {
            Some(own) => own.lines.iter().map(|line| (*line).to_owned()).collect(),
            None => parts[version].clone(),
        };
        different += usize::from(on_purpose.is_some());
        if !same(&ours, &expected) {
            let (ours, expected) = (ours.join("\n    "), expected.join("\n    "));
            wrong.push(format!("{name}\n  expected\n    {expected}\n  but\n    {ours}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(different, OURS.iter().filter(|own| own.versions.contains(&version)).count());
}

// Tests W13, W20, W21, W22, W23, W26, W27, W34, W50, W51, W52, W60
#[tokio::test(start_paused = true)]
async fn events_are_those_of_9_2_1_in_the_same_order_at_the_same_time() {
    compare("9.2.1", Dialect::Classic).await;
}

// Tests W14, W20, W21, W22, W23, W26, W27, W34, W50, W51, W52, W60
#[tokio::test(start_paused = true)]
async fn events_are_those_of_14_0_0_in_the_same_order_at_the_same_time() {
    compare("14.0.0", Dialect::V14).await;
}
