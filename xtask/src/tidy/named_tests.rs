//! The tests that `docs/deviations.md` names in the item `test:` of each entry, and the other
//! documents in the column `tests` of a table, exist.
//!
//! An item names a crate, a place and a function: `ipc-core driver/close: what_is_queued`. The next
//! names in the same item may leave out the crate, or the crate and the place. A place alone is a
//! program of tests. Cases of interop and texts in brackets are not checked.

use std::path::Path;

use super::source;
use crate::error::Result;
use crate::repo;

pub(super) fn check() -> Result<Vec<String>> {
    let mut problems = Vec::new();
    for document in DOCUMENTS {
        let text = source::read(&repo::root().join(document))?;
        let mut items = items(&text);
        items.extend(cells(&text));
        if items.is_empty() {
            problems.push(format!("{document}: no item `{ITEM}`, and no column `tests`"));
        }
        for (number, item) in items {
            for named in names(&item) {
                if !is_there(&named)? {
                    let Named { package, place, test } = named;
                    problems.push(format!("{document}:{number}: no `{package} {place}: {test}`"));
                }
            }
        }
    }
    Ok(problems)
}

/// Returns the cells of each table's last column if that is headed `tests`, with the numbers of their
/// lines.
fn cells(document: &str) -> Vec<(usize, String)> {
    let mut cells = Vec::new();
    let mut in_table = false;
    for (number, line) in (1..).zip(document.lines()) {
        let row = line.strip_prefix('|').and_then(|line| line.strip_suffix('|'));
        let Some((_, cell)) = row.and_then(|row| row.rsplit_once('|')) else {
            in_table = false;
            continue;
        };
        if in_table {
            cells.push((number, cell.to_owned()));
        }
        in_table |= cell.trim() == "tests";
    }
    cells
}

/// Returns the items that name tests, each on one line, with the number of its first line.
fn items(document: &str) -> Vec<(usize, String)> {
    let mut items: Vec<(usize, String)> = Vec::new();
    let mut is_open = false;
    for (number, line) in (1..).zip(document.lines()) {
        if let Some(item) = line.strip_prefix(ITEM) {
            items.push((number, item.to_owned()));
            is_open = true;
        } else if let (true, Some((_, item))) = (line.starts_with("    "), items.last_mut()) {
            if is_open {
                item.push_str(line.trim_start_matches("   "));
            }
        } else {
            is_open = false;
        }
    }
    items
}

/// A test as a document names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Named {
    package: String,
    /// A file or folder of the crate, without `tests/` or `src/` and `.rs`.
    place: String,
    /// The function; empty for all of the place.
    test: String,
}

/// Returns the tests that an item names.
fn names(item: &str) -> Vec<Named> {
    let mut named = Vec::new();
    let mut last = Named::default();
    let mut in_brackets = false;
    let mut parts = item.split('`');
    while let (Some(before), Some(text)) = (parts.next(), parts.next()) {
        if before.contains("interop case") {
            // Everything after it belongs to it.
            break;
        }
        in_brackets = match before.rfind(['(', ')']) {
            Some(at) => before.get(at..).is_some_and(|text| text.starts_with('(')),
            None => in_brackets,
        };
        if in_brackets {
            continue;
        }
        let mut rest = text;
        if let Some((package, place)) =
            text.strip_prefix("ipc-").map(|_| text.split_once(' ').unwrap_or((text, "")))
        {
            last = Named { package: package.to_owned(), ..Named::default() };
            rest = place;
        }
        match rest.split_once(": ") {
            Some((place, test)) => (last.place, last.test) = (place.to_owned(), test.to_owned()),
            None if rest.contains("::") => {
                last.place = rest.split("::").next().unwrap_or_default().to_owned();
                last.test = rest.to_owned();
            }
            None if text.starts_with("ipc-") => last.place = rest.to_owned(),
            None => last.test = rest.to_owned(),
        }
        // A crate whose test comes with the next text.
        if !last.place.is_empty() {
            named.push(last.clone());
        }
    }
    named
}

fn is_there(named: &Named) -> Result<bool> {
    let folder = repo::root().join(&named.package);
    let place = named.place.replace("::", "/");
    let test = named.test.rsplit("::").next().unwrap_or_default();
    for path in repo::files(&folder, "rs") {
        if is_in(&path, &place) && has(&source::read(&path)?, test) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns whether the file is this place, or in it.
fn is_in(path: &Path, place: &str) -> bool {
    let name = format!("/{}", repo::relative(path));
    name.ends_with(&format!("/{place}.rs")) || name.contains(&format!("/{place}/"))
}

/// Returns whether the text has a function of this name.
fn has(text: &str, name: &str) -> bool {
    name.is_empty()
        || text.lines().map(source::without_comment).any(|line| {
            let after = line.split_once("fn ").and_then(|(_, rest)| rest.strip_prefix(name));
            after.is_some_and(|after| after.starts_with(['(', '<']))
        })
}

const DOCUMENTS: [&str; 7] = [
    "docs/access.md",
    "docs/calls.md",
    "docs/deviations.md",
    "docs/groups.md",
    "docs/hello.md",
    "docs/liveness.md",
    "docs/topics.md",
];

/// The beginning of an item that names tests; its next lines are indented further.
const ITEM: &str = "  - test:";

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(item: &str, expected: &[(&str, &str, &str)]) {
        let found = names(item);
        let found: Vec<_> = found.iter().map(|it| (&*it.package, &*it.place, &*it.test)).collect();
        assert_eq!(found, expected, "{item}");
    }

    #[test]
    fn what_is_left_out_is_that_of_the_one_before() {
        check(
            "`ipc-a b/c: d`, `e`, `f: g`; `ipc-h i: j::k` |",
            &[
                ("ipc-a", "b/c", "d"),
                ("ipc-a", "b/c", "e"),
                ("ipc-a", "f", "g"),
                ("ipc-h", "i", "j::k"),
            ],
        );
        check("`ipc-a` unit test `b::c: d` |", &[("ipc-a", "b::c", "d")]);
        check(
            "`ipc-a b: c`; `d::tests::e` |",
            &[("ipc-a", "b", "c"), ("ipc-a", "d", "d::tests::e")],
        );
        let transcripts = [("ipc-a", "transcripts", ""), ("ipc-a", "b", "c")];
        check("`ipc-a transcripts` (`x`, `y`), `b: c`, and the interop case `y` |", &transcripts);
        check("`ipc-a b: c`, and the interop cases `d_...` |", &[("ipc-a", "b", "c")]);
        check("- |", &[]);
    }

    #[test]
    fn an_item_may_have_several_lines() {
        let document =
            "- What.\n  - here: a\n    `b`\n  - test: `ipc-a b: c`,\n    `d`\n- Next.\n    `e`\n";
        assert_eq!(items(document), [(4, " `ipc-a b: c`, `d`".to_owned())]);
    }

    #[test]
    fn a_table_may_have_a_column_of_tests() {
        let document = "| a | b |\n|---|---|\n| `c` | `d` |\n\n| rule | tests |\n|---|---|\n\
                        | e | `ipc-f g: h`, `i` |\n\n| j | `k` |\n";
        let found: Vec<_> =
            cells(document).into_iter().filter(|(_, it)| it.contains('`')).collect();
        assert_eq!(found, [(7, " `ipc-f g: h`, `i` ".to_owned())]);
    }

    #[test]
    fn only_a_function_is_a_test() {
        assert!(has("    async fn a_b() {}", "a_b"));
        assert!(!has("// fn a_b() {}\nfn a_b_c() {}\na_b();", "a_b"));
        assert!(has("anything", ""));
    }
}
