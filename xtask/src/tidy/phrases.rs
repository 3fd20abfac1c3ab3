//! Phrases to replace in comments, documents and error texts: their count may only fall.
//!
//! `phrases.txt` has the count of each file that still uses one. `cargo xtask tidy --accept-phrases`
//! writes it again, after a file has fewer; a file that has more must be reworded instead.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use super::source;
use crate::error::{Error, Result};
use crate::repo;

/// How many phrases each file has; a file without one is left out.
type Counts = BTreeMap<String, usize>;

pub(super) fn check() -> Result<Vec<String>> {
    let accepted = parse(&source::read(&list())?)?;
    Ok(wrong(&accepted, &counts()?))
}

/// Writes the list again, with the counts that the files have now.
///
/// # Errors
///
/// If a file cannot be read, or the list cannot be written.
pub(super) fn accept() -> Result<()> {
    let mut text = HEAD.to_owned();
    for (file, count) in counts()? {
        let _ = writeln!(text, "{file} {count}");
    }
    Ok(fs::write(list(), text)?)
}

fn list() -> PathBuf {
    repo::root().join("xtask/src/tidy/phrases.txt")
}

fn parse(text: &str) -> Result<Counts> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let entry = |line: &str| {
        let (file, count) = line.rsplit_once(' ')?;
        Some((file.to_owned(), count.parse().ok()?))
    };
    lines
        .map(|line| {
            entry(line).ok_or_else(|| {
                Error::Failed(format!("phrases.txt: wanted `PATH COUNT`, not `{line}`"))
            })
        })
        .collect()
}

fn wrong(accepted: &Counts, found: &Counts) -> Vec<String> {
    let mut problems = Vec::new();
    for (file, &count) in found {
        let allowed = accepted.get(file).copied().unwrap_or_default();
        if count > allowed {
            problems.push(format!(
                "{file}: {count} phrases to replace, {allowed} accepted; reword one with any of {PHRASES:?}"
            ));
        }
    }
    for (file, &allowed) in accepted {
        let count = found.get(file).copied().unwrap_or_default();
        if count < allowed {
            problems.push(format!(
                "{file}: {count} phrases, {allowed} in the list; run `cargo xtask tidy --accept-phrases`"
            ));
        }
    }
    problems
}

/// Counts the phrases in the source and the documents of the project.
fn counts() -> Result<Counts> {
    let root = repo::root();
    let mut counts = Counts::new();
    for path in repo::files(&root, "rs").into_iter().chain(repo::files(&root, "md")) {
        let name = repo::relative(&path);
        if EXEMPT.iter().any(|exempt| name == *exempt || name.contains("/testdata/")) {
            continue;
        }
        let text = source::read(&path)?;
        let count = count(&if name.ends_with(".rs") { prose(&text) } else { text });
        if count > 0 {
            counts.insert(name, count);
        }
    }
    Ok(counts)
}

/// Returns how many phrases `prose` has, in any case and over the ends of lines.
fn count(prose: &str) -> usize {
    let words: Vec<_> = prose.split_whitespace().map(str::to_lowercase).collect();
    let text = words.join(" ");
    let is_name = |char: char| char == '_' || char.is_alphanumeric();
    // A part of a name is not a phrase: stable codes keep their words.
    let alone = |at: usize, phrase: &str| {
        let (before, found) = text.split_at(at);
        let after = found.get(phrase.len()..).unwrap_or_default();
        !before.ends_with(is_name) && !after.starts_with(is_name)
    };
    PHRASES
        .iter()
        .map(|phrase| text.match_indices(phrase).filter(|(at, _)| alone(*at, phrase)).count())
        .sum()
}

/// Returns the comments and string literals of Rust source, one after the other, without names and
/// keywords. A quote within a raw string ends it here, which a second one makes up for.
fn prose(source: &str) -> String {
    let (mut out, mut rest) = (String::new(), source);
    while let Some(at) = rest.find(['/', '"', '\'']) {
        rest = rest.get(at..).unwrap_or_default();
        let len = if rest.starts_with("//") {
            let len = rest.find('\n').unwrap_or(rest.len());
            let comment = rest.get(..len).unwrap_or_default();
            out.push_str(comment.trim_start_matches(['/', '!']));
            len
        } else if rest.starts_with("'\"'") {
            3
        } else if let Some(literal) = rest.strip_prefix('"') {
            let mut escaped = false;
            let end = literal.find(|char| {
                let ends = char == '"' && !escaped;
                escaped = char == '\\' && !escaped;
                ends
            });
            let end = end.unwrap_or(literal.len());
            out.push_str(&literal.get(..end).unwrap_or_default().replace("\\\n", "\n"));
            (end + 2).min(rest.len())
        } else {
            1
        };
        out.push(' ');
        rest = rest.get(len..).unwrap_or_default();
    }
    out
}

/// Put together so that this file does not find itself.
const PHRASES: &[&str] = &[
    concat!("ta", "kes note"),
    concat!("no", "body"),
    concat!("at i", "ts end"),
    concat!("is no", "ne of"),
    concat!("no mo", "re of it"),
    concat!("what i", "s to be"),
];

/// The rules of the wire are cited by their words, and a changelog is history.
const EXEMPT: &[&str] = &["docs/wire-format.md", "CHANGELOG.md"];

const HEAD: &str = "\
# Files that still have phrases to replace, with their counts; written by `cargo xtask tidy --accept-phrases`.
";

#[cfg(test)]
mod tests {
    use super::{Counts, count, parse, prose, wrong};

    fn counts(entries: &[(&str, usize)]) -> Counts {
        entries.iter().map(|(file, count)| ((*file).to_owned(), *count)).collect()
    }

    #[test]
    fn phrases_are_found_in_any_case_and_over_lines() {
        let found = |source: &str| count(&prose(source));
        assert_eq!(found(concat!("/// Ta", "kes note of it.\n")), 1);
        assert_eq!(
            found(concat!("//! No", "body takes\n//! no", "te: is no", "ne\n    /// of it")),
            3
        );
        assert_eq!(found(concat!("return Err(\"no", "body \\\"is\\\" none \\\n   of\");")), 1);
        assert_eq!(found(concat!("split('\"'); // no", "body")), 1);
        assert_eq!(found(concat!("let no", "body = a / b; fn is_no", "body<'a>() {}")), 0);
        assert_eq!(
            found(concat!("/// \"no", "body_there\", `No", "bodyThere`, one_no", "body\n")),
            0
        );
        assert_eq!(found(concat!("/// (no", "body's) no", "body-there\n")), 2);
    }

    #[test]
    fn more_and_fewer_than_accepted_are_refused() {
        let accepted = counts(&[("a.rs", 2), ("b.md", 1)]);
        assert!(wrong(&accepted, &accepted).is_empty());
        assert_eq!(wrong(&accepted, &counts(&[("a.rs", 3), ("b.md", 1)])).len(), 1);
        assert_eq!(wrong(&accepted, &counts(&[("a.rs", 1), ("b.md", 1)])).len(), 1);
        assert_eq!(wrong(&accepted, &counts(&[("a.rs", 2)])).len(), 1);
        assert_eq!(wrong(&accepted, &counts(&[("a.rs", 2), ("b.md", 1), ("c.rs", 1)])).len(), 1);
    }

    #[test]
    fn the_list_is_read() {
        assert_eq!(parse("# head\na/b.rs 2\n").unwrap(), counts(&[("a/b.rs", 2)]));
        assert!(parse("a/b.rs two\n").is_err());
    }
}
