//! Words that stay out of every source file: work put off, tests switched off, traces of debugging.

use super::source;
use crate::error::Result;
use crate::repo;

pub(super) fn check() -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for path in repo::files(&repo::root(), "rs") {
        let text = source::read(&path)?;
        for (number, word) in found(&text) {
            problems.push(format!("{}:{number}: `{word}`", repo::relative(&path)));
        }
    }
    Ok(problems)
}

fn found(text: &str) -> Vec<(usize, &'static str)> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        // Not `source::code`: these are as wrong in tests.
        let code = source::without_comment(line);
        found.extend(WORDS.iter().filter(|word| code.contains(**word)).map(|word| (number, *word)));
    }
    found
}

// Put together so that this file does not find itself.
const WORDS: &[&str] = &[
    concat!("#[", "ignore"),
    concat!("to", "do!("),
    concat!("unimpl", "emented!("),
    concat!("db", "g!("),
    concat!("#[should", "_panic"),
    concat!("FIX", "ME"),
];

#[cfg(test)]
mod tests {
    use super::found;

    #[test]
    fn words_are_found_in_code_only() {
        assert_eq!(found(concat!("a\n    #[", "ignore]\n")), [(2, concat!("#[", "ignore"))]);
        assert_eq!(found(concat!("let x = db", "g!(1);")).len(), 1);
        assert!(found(concat!("// no to", "do!() here")).is_empty());
    }
}
