//! Plays the scripts that were played with real node-ipc, and compares what is published, and when.
//!
//! The recordings are in `testdata/transcripts`. Here time is tokio's, which is paused while
//! there is something to do: what takes no time in the script takes none here.
//!
//! Each script is played over Unix sockets and TCP, and over UDP if there is nothing in it that UDP
//! has not. Who leaves is a socket of this process that is dropped; processes that are really killed
//! are in `tests/patterns` (`one_of_sixteen_is_killed_and_nobody_else_notices`) and, against node-ipc,
//! in the interop cases `client_vanishes` and `server_killed`.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on panics"
)]

mod ours;
mod place;
mod play;
mod raw;

use std::collections::BTreeMap;
use std::path::Path;

use ipc_compat::Dialect;

use crate::ours::{OURS, Ours};
use crate::place::Kind;

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

/// Plays every script that this kind of socket can in a dialect, and compares with what was recorded
/// of a version, or with what we do on purpose instead.
async fn compare(version: &str, dialect: Dialect, kind: Kind) {
    let mut wrong = Vec::new();
    let mut different = 0;
    let differs = |own: &Ours| own.versions.contains(&version) && own.kinds.contains(&kind);
    for (name, parts) in transcripts() {
        let script = &parts["script"];
        if !kind.fits(script) {
            continue;
        }
        // Where it is not recorded apart, real node-ipc did the same as over a Unix socket.
        let theirs = parts.get(&kind.part(version)).unwrap_or_else(|| &parts[version]);
        let theirs: Vec<_> = theirs.iter().filter(|line| !kind.is_noise(line)).cloned().collect();
        let ours = play::play(dialect, kind, script).await;
        let on_purpose = OURS.iter().find(|own| own.script == name && differs(own));
        if on_purpose.is_some() && same(&ours, &theirs) {
            wrong.push(format!("{name}: as node-ipc, so the entry in ours.rs is out of date"));
        }
        let expected = match on_purpose {
            Some(own) => own.lines.iter().map(|line| (*line).to_owned()).collect(),
            None => theirs,
        };
        different += usize::from(on_purpose.is_some());
        if !same(&ours, &expected) {
            let (ours, expected) = (ours.join("\n    "), expected.join("\n    "));
            wrong.push(format!("{name}\n  expected\n    {expected}\n  but\n    {ours}"));
        }
    }
    assert!(wrong.is_empty(), "over {kind:?}: {}", wrong.join("\n"));
    assert_eq!(different, OURS.iter().filter(|own| differs(own)).count());
}

// Tests W13, W20, W21, W22, W23, W26, W27, W34, W50, W51, W52, W60
#[tokio::test(start_paused = true)]
async fn events_are_those_of_9_2_1_in_the_same_order_at_the_same_time() {
    for kind in Kind::ALL {
        compare("9.2.1", Dialect::Classic, kind).await;
    }
}

// Tests W14, W20, W21, W22, W23, W26, W27, W34, W50, W51, W52, W60
#[tokio::test(start_paused = true)]
async fn events_are_those_of_14_0_0_in_the_same_order_at_the_same_time() {
    for kind in Kind::ALL {
        compare("14.0.0", Dialect::V14, kind).await;
    }
}
