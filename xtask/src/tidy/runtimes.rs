//! Async tests of the crates that have tasks run on one thread and on several.

use super::source;
use crate::error::Result;
use crate::repo;

pub(super) fn check() -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for suite in SUITES {
        for path in repo::files(&repo::root().join(suite), "rs") {
            let name = repo::relative(&path);
            problems
                .extend(wrong(&source::read(&path)?).map(|line| format!("{name}:{line}: {WHY}")));
        }
    }
    Ok(problems)
}

/// Returns the numbers of the lines that begin a test of one runtime only. One that pauses the
/// clock can have no other: tokio pauses clocks on one thread only.
fn wrong(text: &str) -> impl Iterator<Item = usize> {
    source::code(text)
        .filter(|(_, line)| line.contains("#[tokio::test") && !line.contains("start_paused"))
        .map(|(number, _)| number)
}

const SUITES: &[&str] = &["ipc-core/tests", "ipc-compat/tests"];

const WHY: &str = "use `both_runtimes!`: what one thread hides, programs on tokio's default meet";

#[cfg(test)]
mod tests {
    use super::wrong;

    #[test]
    fn tests_of_one_runtime_are_found_unless_they_pause_the_clock() {
        let text = "#[tokio::test(start_paused = true)]\n\
            #[tokio::test]\n\
            // #[tokio::test]\n\
            #[tokio::test(flavor = \"multi_thread\")]\n";
        assert_eq!(wrong(text).collect::<Vec<_>>(), [2, 4]);
    }
}
