//! Every file is small enough to be read at once and begins with what it is for.

use super::source;
use crate::error::Result;
use crate::repo;

pub(super) fn check() -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for path in repo::files(&repo::root(), "rs") {
        let text = source::read(&path)?;
        problems.extend(wrong(&text).into_iter().map(|wrong| {
            let name = repo::relative(&path);
            format!("{name}: {wrong}")
        }));
    }
    Ok(problems)
}

fn wrong(text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let lines = text.lines().count();
    if lines > MAX_LINES {
        wrong.push(format!("{lines} lines; at most {MAX_LINES} are allowed"));
    }
    let first = text.lines().next().unwrap_or_default();
    // A library's root says what it is for in the crate's README.
    let readme = |line: &str| line.contains("doc = include_str!(\"../README.md\")");
    let says = first.strip_prefix("//! ").is_some_and(|words| words.len() > 5)
        || text.lines().take(8).any(readme);
    if !says {
        wrong.push(format!("its first line must say what it is for after `//! `, not `{first}`"));
    }
    wrong
}

const MAX_LINES: usize = 400;

#[cfg(test)]
mod tests {
    use super::wrong;

    #[test]
    fn long_and_silent_files_are_found() {
        let head = "//! A file that says what it is for.\n";
        assert!(wrong(head).is_empty());
        assert!(wrong(&format!("{head}{}", "x\n".repeat(399))).is_empty());
        assert_eq!(wrong(&format!("{head}{}", "x\n".repeat(400))).len(), 1);
        assert_eq!(wrong("use std::fmt;\n").len(), 1);
        assert_eq!(wrong("").len(), 1);
    }
}
