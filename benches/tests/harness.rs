//! The measuring program works: every subject of this package in every workload, tables and all.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails the test")]

use std::path::Path;
use std::process::{Command, Output};

fn bench(directory: &Path, args: &[&str]) -> Output {
    let file = |name: &str| directory.join(name).into_os_string();
    Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(["--quick", "--label", "a test", "--results"])
        .arg(file("results.jsonl"))
        .arg("--summary")
        .arg(file("summary.json"))
        .arg("--charts")
        .arg(file("charts"))
        .args(args)
        .output()
        .unwrap()
}

/// Runs workloads and returns the report, in which each subject has to have a row with figures.
#[track_caller]
fn check(directory: &Path, workloads: &str, subjects: &[&str]) -> String {
    let output = bench(directory, &["--only", workloads]);
    let out = String::from_utf8(output.stdout).unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{out}{err}");
    for subject in subjects {
        let row = out.lines().find(|line| line.starts_with(&format!("| `{subject}` | ")));
        assert!(row.is_some(), "{subject}:\n{out}{err}");
        let figures = out.lines().filter(|line| line.starts_with(&format!("| `{subject}` | ")));
        let figures = figures.filter(|line| line.chars().filter(char::is_ascii_digit).count() > 6);
        assert!(figures.count() > 0, "{subject} has no figures:\n{out}{err}");
    }
    out
}

#[test]
fn round_trips_and_floods() {
    let directory = tempfile::tempdir().unwrap();
    let all = [
        "raw",
        "limit",
        "limit-bytes",
        "ours",
        "ours-multi",
        "ours-await",
        "ours-json",
        "node-ipc",
    ];
    let more = ["ours-blocking", "ours-blocking-spin", "raw-spin", "ours-msgpack"];
    let all = [&all[..], &more].concat();
    check(directory.path(), "W1 64 B,W2,W3 64 B", &all);
    for chart in ["W1.svg", "W2.svg", "W3.svg"] {
        let chart = std::fs::read_to_string(directory.path().join("charts").join(chart)).unwrap();
        assert!(chart.starts_with("<svg ") && chart.contains(">ours<"), "{chart}");
    }
}

#[test]
fn a_fixed_pace_fan_in_and_the_codec() {
    let directory = tempfile::tempdir().unwrap();
    let all = ["limit", "ours", "ours-immediate", "ours-within", "node-ipc", "codec"];
    check(directory.path(), "W4,W6,W10 decode 64 B,W10 encode 64 B,W10 scan", &all);
}

#[test]
fn calls_and_streams_beside_events() {
    let directory = tempfile::tempdir().unwrap();
    let report = check(
        directory.path(),
        "W11,W12",
        &["ours", "ours-call", "ours-call-msgpack", "ours-blocking-call"],
    );
    for case in ["W11 1 in flight", "W11 64 in flight", "W12 64 B", "W12 1 KiB"] {
        assert!(report.contains(&format!("**{case}**: 1 rounds of ")), "{report}");
    }
    assert!(!report.contains("not measured in this run"), "{report}");
}

#[test]
fn broadcasts_idle_connections_and_a_killed_server() {
    let directory = tempfile::tempdir().unwrap();
    let report = check(directory.path(), "W5,W7,W8,W9", &["ours"]);
    // Whatever else: nothing is lost without being counted.
    let target =
        "| W9 killed at 1,000/s | `ours` | messages nobody accounts for | <= 0 | 0.00 | met |";
    assert!(report.contains(target), "{report}");
}

#[test]
fn tls_udp_and_connections_that_share_a_rate() {
    let directory = tempfile::tempdir().unwrap();
    let report = check(directory.path(), "W13,W14,W15", &["limit", "ours", "ours-multi", "epoll"]);
    assert!(!report.contains("not measured in this run"), "{report}");
    let target = "| W15 1,000 connections | `ours` | server CPU a message / with 1 connection |";
    assert!(report.contains(target), "{report}");
}

#[test]
fn a_group_among_many_connections() {
    let directory = tempfile::tempdir().unwrap();
    let report = check(directory.path(), "W5 group", &["ours", "ours-multi"]);
    assert!(!report.contains("not measured in this run"), "{report}");
}

#[test]
fn a_run_of_some_cases_adds_to_what_is_there() {
    let directory = tempfile::tempdir().unwrap();
    let readme = directory.path().join("README.md");
    let markers =
        ("<!-- figures: begin; written by `cargo xtask bench` -->", "<!-- figures: end -->");
    std::fs::write(&readme, format!("{}\n{}\n", markers.0, markers.1)).unwrap();
    let at = ["--peers", "raw,ours", "--readme", readme.to_str().unwrap()];
    for only in ["W1 64 B", "W1 1 KiB", "W2 Unix"] {
        // Each begins anew, as on another day.
        let args = [&["--fresh", "--only", only][..], &at].concat();
        assert!(bench(directory.path(), &args).status.success());
    }
    let text = std::fs::read_to_string(&readme).unwrap();
    for case in ["**W1 64 B**: 1 rounds", "**W1 1 KiB**: 1 rounds", "**W2 Unix**: 1 rounds"] {
        assert_eq!(text.matches(case).count(), 1, "{case}: {text}");
    }
    assert_eq!(text.matches("### W1: ").count(), 1, "{text}");
    let summary = std::fs::read_to_string(directory.path().join("summary.json")).unwrap();
    let chart = std::fs::read_to_string(directory.path().join("charts/W1.svg")).unwrap();
    for case in ["W1 64 B", "W1 1 KiB"] {
        assert!(summary.contains(case) && chart.contains(case), "{summary} {chart}");
    }
}

#[test]
fn a_run_goes_on_where_it_was_interrupted() {
    let directory = tempfile::tempdir().unwrap();
    let args = ["--only", "W1 64 B", "--peers", "raw,limit", "--rounds", "2"];
    assert!(bench(directory.path(), &args).status.success());
    let results = directory.path().join("results.jsonl");
    let text = std::fs::read_to_string(&results).unwrap();
    assert_eq!(text.lines().count(), 1 + 4, "{text}");
    // The last line is cut off, as by a power cut, and one is missing.
    let lines: Vec<&str> = text.lines().collect();
    std::fs::write(&results, lines[..3].join("\n") + "\n" + &lines[3][..20]).unwrap();
    assert!(bench(directory.path(), &args).status.success());
    let again = std::fs::read_to_string(&results).unwrap();
    assert_eq!(again.lines().count(), 1 + 4, "{again}");
    for line in &lines[..3] {
        assert!(again.contains(line), "{line} was measured again:\n{again}");
    }
}

#[test]
fn figures_go_between_the_markers_of_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let readme = directory.path().join("README.md");
    let markers =
        ("<!-- figures: begin; written by `cargo xtask bench` -->", "<!-- figures: end -->");
    std::fs::write(&readme, format!("before\n{}\nold\n{}\nafter\n", markers.0, markers.1)).unwrap();
    let args = ["--only", "W10 scan", "--readme", readme.to_str().unwrap()];
    assert!(bench(directory.path(), &args).status.success());
    let text = std::fs::read_to_string(&readme).unwrap();
    assert!(text.starts_with("before\n") && text.ends_with("\nafter\n"), "{text}");
    assert!(text.contains("| `codec` | ") && !text.contains("old"), "{text}");
}

#[test]
fn a_wrong_argument_is_refused() {
    let output = Command::new(env!("CARGO_BIN_EXE_bench")).arg("--nonsense").output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("--nonsense is not known"));
}
