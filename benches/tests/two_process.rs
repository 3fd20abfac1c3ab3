//! The two-process measurement works: every subject, every mode, over both kinds of socket.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails the test")]

use std::process::Command;

#[track_caller]
fn check(args: &[&str]) {
    let output = Command::new(env!("CARGO_BIN_EXE_two_process"))
        .args(["--rounds", "1", "--messages", "300"])
        .args(args)
        .output()
        .unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{out}{err}");
    for mode in ["round-trip", "pipelined", "one-way"] {
        assert!(out.contains(&format!("\n{mode}: ")), "{mode} is missing:\n{out}{err}");
    }
    for subject in ["raw", "node-ipc", "ours", "ours-multi", "ours-await", "ours-json"] {
        let rows = out.matches(&format!("\n| {subject} | ")).count();
        assert_eq!(rows, 3, "{subject}:\n{out}{err}");
    }
}

#[test]
fn every_subject_answers_over_a_unix_socket() {
    check(&[]);
}

#[test]
fn every_subject_answers_over_tcp() {
    check(&["--tcp"]);
}

#[test]
fn a_wrong_argument_is_refused() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_two_process")).arg("--nonsense").output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("--nonsense is not known"));
}
