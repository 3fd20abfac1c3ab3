//! Every public error of the four crates against the table of `docs/errors.md`: its code, the code in
//! node-ipc's style, and what ends with it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on panics")]

mod codec_and_core;
mod here;
mod transport;

use std::collections::{BTreeMap, BTreeSet};

/// An error as it is.
struct Case {
    /// The crate and type as the table has them: `core: Error`.
    of: (&'static str, &'static str),
    shown: String,
    code: &'static str,
    /// The code in node-ipc's style, if `codes` has a function for the type.
    style: Option<&'static str>,
    /// What the type's own method says; `None` if it has none.
    ends: Option<(Word, bool)>,
}

/// The words of the table's last column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Permanent,
    Connection,
    Stream,
}

impl Word {
    const fn name(self) -> &'static str {
        match self {
            Self::Permanent => "permanent",
            Self::Connection => "connection",
            Self::Stream => "stream",
        }
    }
}

impl Case {
    fn new(
        of: (&'static str, &'static str),
        error: &(impl std::fmt::Debug + ?Sized),
        code: &'static str,
    ) -> Self {
        Self { of, shown: format!("{error:?}"), code, style: None, ends: None }
    }

    fn style(self, style: &'static str) -> Self {
        Self { style: Some(style), ..self }
    }

    fn ends(self, word: Word, does: bool) -> Self {
        Self { ends: Some((word, does)), ..self }
    }
}

struct Row {
    of: String,
    style: Option<String>,
    meaning: String,
    ends: String,
}

fn table() -> BTreeMap<String, Row> {
    let mut rows = BTreeMap::new();
    for line in include_str!("../../../docs/errors.md").lines() {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let &["", code, of, style, _, meaning, ends, ""] = cells.as_slice() else { continue };
        let Some(code) = code.strip_prefix('`') else { continue };
        let code = code.trim_end_matches('`').to_owned();
        let style = match style.trim_matches('`') {
            "" if code.starts_with("ERR_IPC_") => Some(code.clone()),
            "" => None,
            style => Some(style.to_owned()),
        };
        let (of, meaning, ends) = (of.replace('`', ""), meaning.to_owned(), ends.to_owned());
        let row = Row { of, style, meaning, ends };
        assert!(rows.insert(code, row).is_none(), "{line}");
    }
    rows
}

fn cases() -> Vec<Case> {
    let mut all = codec_and_core::all();
    all.extend(transport::all());
    all.extend(here::all());
    all
}

#[test]
fn every_error_has_the_code_of_the_table() {
    let rows = table();
    for Case { of: (of, kind), shown, code, style, .. } in cases() {
        // An error of this crate that is one of a crate below has its row.
        let is_its = |(name, row): &(&String, &Row)| {
            *name == code || of == "compat" && row.style.as_deref() == Some(code)
        };
        let lists = |row: &Row| {
            row.of.split("; ").any(|part| {
                part.strip_prefix(&format!("{of}: "))
                    .is_some_and(|kinds| kinds.split(", ").any(|listed| listed == kind))
            })
        };
        let row = rows.iter().filter(is_its).map(|(_, row)| row).find(|row| lists(row));
        let row = row.unwrap_or_else(|| panic!("no {code} of {kind} of ipc-{of}: {shown}"));
        if let Some(style) = style {
            assert_eq!(row.style.as_deref(), Some(style), "{shown}");
        }
    }
}

/// What one layer says of its errors is what the table says; where both are possible, the table does.
#[test]
fn what_ends_with_an_error_is_what_the_table_says() {
    let rows = table();
    let mut said: BTreeMap<(&str, &str), BTreeSet<bool>> = BTreeMap::new();
    for Case { code, ends, .. } in cases() {
        let Some((word, does)) = ends else { continue };
        said.entry((code, word.name())).or_default().insert(does);
    }
    assert!(said.len() > 60, "{}", said.len());
    for ((code, word), does) in said {
        let listed = rows[code].ends.split(", ").any(|listed| listed == word);
        // One that can be either names its condition in its meaning.
        let either = does.len() == 2;
        assert_eq!(listed, does.contains(&true), "{code}: {word}");
        let condition = [" if ", "permanent"].iter().any(|part| rows[code].meaning.contains(part));
        assert!(!either || condition, "{code}: {word}, or not?");
    }
}

#[test]
fn codes_are_words_and_mean_one_thing() {
    let rows = table();
    let mut meanings = BTreeSet::new();
    for (code, row) in &rows {
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        let ours = code.bytes().all(is_word);
        let nodes = code
            .strip_prefix("ERR_")
            .is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'));
        assert!(ours || nodes, "{code}");
        assert!(meanings.insert(&row.meaning), "{code} says what another one says");
    }
    // Nothing in the table is made up: each code of ours comes of an error here, but for those of
    // formats and adapters, which have their own tests. Some errors are Unix's alone.
    if cfg!(not(unix)) {
        return;
    }
    let made: BTreeSet<_> = cases().iter().map(|case| case.code).collect();
    for (code, row) in &rows {
        let elsewhere = ["FormatError", "MsgPack", "codes::of", "core: Failure", "layouts", "nipc"];
        if !made.contains(&**code) && !elsewhere.iter().any(|part| row.of.contains(part)) {
            assert!(cfg!(not(feature = "tls-base")) && code.starts_with("tls_"), "{code}");
        }
    }
}
