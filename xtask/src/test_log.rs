//! What cargo printed: how many tests passed, which did not, and what went wrong.

use std::fmt::Write;

/// Returns how many tests passed, in all the programs together.
pub(crate) fn passed(log: &str) -> usize {
    log.lines().filter_map(passed_of).sum()
}

/// Returns how many tests passed according to a line that sums up.
fn passed_of(line: &str) -> Option<usize> {
    let (before, _) = line.strip_prefix("test result: ")?.split_once(" passed")?;
    before.rsplit(' ').next()?.parse().ok()
}

/// Returns the names of the tests that failed, in the order of the log.
pub(crate) fn failed(log: &str) -> Vec<&str> {
    log.lines().filter_map(|line| line.strip_prefix("test ")?.strip_suffix(" ... FAILED")).collect()
}

/// Returns the end of a log, and before it the lines that say what went wrong.
pub(crate) fn end_of(log: &str) -> String {
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
    use super::{end_of, failed, passed};

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
    fn errors_far_up_in_a_log_are_shown() {
        let log = format!("error[E1]: here\n{}", "noise\n".repeat(500));
        assert!(end_of(&log).starts_with("error[E1]: here\n... 351 lines"));
    }
}
