//! The rules of `docs/wire-format.md`: each is cited where it is kept and where it is tested.
//!
//! The document names a rule at the start of a line: `**W7.** ...`, `### W7`, `| W7 | ...`. Code
//! says `Wire rule W7`, a test `Tests W7`; several go with commas: `Tests W7, W8`.

use std::collections::BTreeSet;

use super::source;
use crate::error::Result;
use crate::repo;

pub(super) fn check() -> Result<Vec<String>> {
    let document = source::read(&repo::root().join("docs/wire-format.md"))?;
    let (mut code, mut tests) = (BTreeSet::new(), BTreeSet::new());
    // The cases of interop are tests too.
    let places =
        ["ipc-codec", "ipc-transport", "ipc-core", "ipc-compat", "xtask/interop/src/suite/cases"];
    for path in places.iter().flat_map(|name| repo::files(&repo::root().join(name), "rs")) {
        let text = source::read(&path)?;
        code.extend(cited(&text, "Wire rule "));
        tests.extend(cited(&text, "Tests "));
    }
    Ok(wrong(&named(&document), &code, &tests))
}

fn wrong(rules: &BTreeSet<u32>, code: &BTreeSet<u32>, tests: &BTreeSet<u32>) -> Vec<String> {
    let mut problems = Vec::new();
    if rules.is_empty() {
        problems.push("docs/wire-format.md: names no rule".to_owned());
    }
    for rule in rules.difference(code) {
        problems.push(format!("W{rule}: no code says `Wire rule W{rule}`"));
    }
    for rule in rules.difference(tests) {
        problems.push(format!("W{rule}: no test says `Tests W{rule}`"));
    }
    for rule in code.union(tests).filter(|rule| !rules.contains(rule)) {
        problems.push(format!("W{rule}: is cited, but docs/wire-format.md has no such rule"));
    }
    problems
}

/// Returns the rules that a line of `document` begins with.
fn named(document: &str) -> BTreeSet<u32> {
    document
        .lines()
        .filter_map(|line| number(line.trim_start_matches(['#', '*', '|', '-', '`', ' '])))
        .map(|(rule, _)| rule)
        .collect()
}

/// Returns the rules that follow `phrase` in `text`.
fn cited(text: &str, phrase: &str) -> BTreeSet<u32> {
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices(phrase) {
        let mut rest = text.get(at + phrase.len()..).unwrap_or_default();
        while let Some((rule, after)) = number(rest) {
            found.insert(rule);
            let separators = [", ", " and "];
            rest = separators.iter().find_map(|word| after.strip_prefix(word)).unwrap_or_default();
        }
    }
    found
}

/// Returns the number of the rule `text` begins with, and what follows it.
fn number(text: &str) -> Option<(u32, &str)> {
    let digits = text.strip_prefix('W')?;
    let end = digits.find(|char: char| !char.is_ascii_digit()).unwrap_or(digits.len());
    let (digits, after) = digits.split_at(end);
    Some((digits.parse().ok()?, after))
}

#[cfg(test)]
mod tests {
    use super::{cited, named, wrong};

    #[test]
    fn rules_are_named_at_the_start_of_a_line() {
        let document = "# Wire\n**W1.** a, see W9\n### W2 b\n| W3 | c |\n- W4: d\nWhat W5 says\n";
        assert_eq!(named(document).into_iter().collect::<Vec<_>>(), [1, 2, 3, 4]);
    }

    #[test]
    fn citations_are_found_one_by_one_and_in_lists() {
        let phrase = concat!("Wire", " rule ");
        let text = format!("// {phrase}W1, {phrase}W2\n// {phrase}W30, W31 and W4.\n// W5\n");
        assert_eq!(cited(&text, phrase).into_iter().collect::<Vec<_>>(), [1, 2, 4, 30, 31]);
    }

    #[test]
    fn what_is_missing_on_either_side_is_found() {
        let set = |rules: &[u32]| rules.iter().copied().collect();
        assert!(wrong(&set(&[1]), &set(&[1]), &set(&[1])).is_empty());
        assert_eq!(wrong(&set(&[1, 2]), &set(&[1]), &set(&[2, 3])).len(), 3);
        assert_eq!(wrong(&set(&[]), &set(&[]), &set(&[])).len(), 1);
    }
}
