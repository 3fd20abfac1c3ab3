//! What `cargo test` printed: how many tests passed, and which did not.

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

#[cfg(test)]
mod tests {
    use super::{failed, passed};

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
}
