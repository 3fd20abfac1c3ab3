//! Source text without what is no code: comments and tests.

use std::fs;
use std::path::Path;

use crate::error::{Error, Result};

/// Returns the text of a file.
///
/// # Errors
///
/// If it cannot be read.
pub(super) fn read(path: &Path) -> Result<String> {
    fs::read_to_string(path).map_err(|error| Error::while_doing(path.display(), error))
}

/// Returns the numbered lines of code in `text`: comments cut off, and all from the first line
/// that says `cfg(test)` left out, since tests come last in a file.
pub(super) fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..)
        .zip(text.lines())
        .take_while(|(_, line)| !line.trim_start().starts_with("#[cfg(test)]"))
        .map(|(number, line)| (number, without_comment(line)))
        .filter(|(_, line)| !line.trim().is_empty())
}

/// Returns `line` up to a comment. A `//` inside a string ends it too, which costs nothing: what
/// is looked for are names.
pub(super) fn without_comment(line: &str) -> &str {
    line.split_once("//").map_or(line, |(code, _)| code)
}

#[cfg(test)]
mod tests {
    use super::code;

    #[test]
    fn comments_and_tests_are_no_code() {
        let text = "//! tokio\nuse a; // tokio\n\n#[cfg(test)]\nmod tests { use tokio; }\n";
        let lines: Vec<_> = code(text).collect();
        assert_eq!(lines, [(2, "use a; ")]);
    }
}
