//! What cargo printed: how many tests passed, which did not, and the errors.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::tests_there::Program;

/// Returns how many tests passed, in all the programs together.
pub fn passed(log: &str) -> usize {
    log.lines().filter_map(passed_of).sum()
}

/// Returns how many tests passed according to a line that sums up.
fn passed_of(line: &str) -> Option<usize> {
    let (before, _) = line.strip_prefix("test result: ")?.split_once(" passed")?;
    before.rsplit(' ').next()?.parse().ok()
}

/// Returns the names of the tests that failed, in the order of the log.
pub fn failed(log: &str) -> Vec<&str> {
    log.lines().filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED")).collect()
}

/// Returns the tests that ran, by their programs. Two programs of tests whose first files are called
/// alike count as one: cargo does not name their packages.
pub(crate) fn ran(log: &str) -> BTreeMap<Program, BTreeSet<&str>> {
    let mut programs: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    let mut program = None;
    for line in log.lines() {
        if let Some(running) = line.trim_start().strip_prefix("Running ") {
            program = program_of(running);
        }
        let test = line.strip_prefix("test ").and_then(|line| line.split_once(" ... "));
        let test = test.filter(|(_, result)| !result.starts_with("ignored"));
        if let (Some(program), Some((name, _))) = (&program, test) {
            // An expected panic is noted after the name.
            let name = name.split(' ').next().unwrap_or_default();
            programs.entry(Program::clone(program)).or_default().insert(name);
        }
    }
    programs
}

/// Returns the program of `unittests src/lib.rs (target/debug/deps/ipc_core-0123456789abcdef)`.
fn program_of(running: &str) -> Option<Program> {
    let (path, binary) = running.strip_suffix(')')?.split_once(" (")?;
    let name = binary.rsplit('/').next()?.rsplit_once('-')?.0;
    Some(match path.strip_prefix("unittests ") {
        Some(path) => Program { unit: Some(name.to_owned()), path: path.to_owned() },
        None => Program { unit: None, path: path.to_owned() },
    })
}

/// Returns the end of a log, and before it the lines that say the errors.
pub fn end_of(log: &str) -> String {
    let lines: Vec<_> = log.lines().collect();
    let (head, tail) = lines.split_at(lines.len().saturating_sub(MAX_LINES));
    let wrong = |line: &&&str| {
        line.starts_with("error") || line.contains("FAILED") || line.contains("panicked at")
    };
    let mut out = String::new();
    for line in head.iter().filter(wrong).take(MAX_LINES) {
        let _ = writeln!(out, "{line}");
    }
    if !head.is_empty() {
        let _ = writeln!(out, "... {} lines before these", head.len());
    }
    out + &tail.join("\n")
}

const MAX_LINES: usize = 150;

#[cfg(test)]
mod tests {
    use super::{Program, end_of, failed, passed, ran};

    const LOG: &str = "\
running 2 tests
test a::works ... ok
test b::breaks ... FAILED
test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s

test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.1s
";

    #[test]
    fn tests_are_counted_over_all_programs() {
        assert_eq!(passed(LOG), 13);
        assert_eq!(passed("Finished"), 0);
    }

    #[test]
    fn failures_are_named() {
        assert_eq!(failed(LOG), ["b::breaks"]);
        assert!(failed("test result: FAILED. 1 passed").is_empty());
    }

    #[test]
    fn tests_belong_to_the_program_that_was_named_before() {
        let log = "     Running unittests src/lib.rs (target/debug/deps/ipc_core-0123)\n\
                   test a::b ... ok\n\
                   test off ... ignored\n     \
                        Running tests/x/main.rs (target/debug/deps/x-0123)\n\
                   test c has been running for over 60 seconds\n\
                   test c ... FAILED\n";
        let unit = Program { unit: Some("ipc_core".into()), path: "src/lib.rs".into() };
        let tests = Program { unit: None, path: "tests/x/main.rs".into() };
        assert_eq!(ran(log), [(unit, ["a::b"].into()), (tests, ["c"].into())].into());
    }

    #[test]
    fn errors_far_up_in_a_log_are_shown() {
        let log = format!("error[E1]: here\n{}", "noise\n".repeat(500));
        assert!(end_of(&log).starts_with("error[E1]: here\n... 351 lines"));
    }
}
