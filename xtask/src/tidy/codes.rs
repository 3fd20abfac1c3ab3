//! The codes of errors: `docs/errors.md` lists every one, and nothing else, with the crates that have
//! it; those in node-ipc's style are in `codes/mod.rs` of ipc-compat and nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use super::source;
use crate::error::Result;
use crate::repo;

/// The codes that a crate's errors have.
type Codes = BTreeMap<&'static str, BTreeSet<String>>;

pub(super) fn check() -> Result<Vec<String>> {
    let root = repo::root();
    let document = source::read(&root.join(DOCUMENT))?;
    let named = source::read(&root.join(NAMED))?;
    let mut codes = Codes::new();
    let mut problems = Vec::new();
    for name in ["codec", "transport", "core"] {
        for path in repo::files(&root.join(format!("ipc-{name}/src")), "rs") {
            codes.entry(name).or_default().extend(of_functions(&source::read(&path)?));
        }
    }
    for path in repo::files(&root.join("ipc-compat/src"), "rs") {
        let name = repo::relative(&path);
        if name != NAMED {
            let text = source::read(&path)?;
            problems.extend(strays(&text).map(|line| format!("{name}:{line}: belongs in {NAMED}")));
        }
    }
    problems.extend(wrong(&document, &constants(&named), &codes));
    Ok(problems)
}

/// Returns in what the table and the codes of the source differ.
fn wrong(document: &str, constants: &BTreeSet<String>, codes: &Codes) -> Vec<String> {
    let mut problems = Vec::new();
    let (mut found, mut listed, mut last) = (BTreeSet::new(), Codes::new(), String::new());
    for line in document.lines() {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let &["", code, of, style, _, _, _, ""] = cells.as_slice() else { continue };
        let Some(code) = code.strip_prefix('`').and_then(|code| code.strip_suffix('`')) else {
            continue;
        };
        if code <= &*last {
            problems.push(format!("{DOCUMENT}: {code} comes after {last}"));
        }
        code.clone_into(&mut last);
        if code.starts_with(STYLE) {
            found.insert(code.to_owned());
        }
        found.extend(quoted(style, '`').map(str::to_owned));
        for name in codes.keys().filter(|name| of.contains(&format!("{name}: "))) {
            listed.entry(name).or_default().insert(code.to_owned());
        }
    }
    for code in constants.difference(&found) {
        problems.push(format!("{DOCUMENT}: has no row for {code}"));
    }
    for code in found.difference(constants) {
        problems.push(format!("{DOCUMENT}: {code} is not in {NAMED}"));
    }
    let none = BTreeSet::new();
    for (name, codes) in codes {
        let listed = listed.get(name).unwrap_or(&none);
        for code in codes.difference(listed) {
            problems.push(format!("{DOCUMENT}: has no `{code}` of ipc-{name}"));
        }
        for code in listed.difference(codes) {
            problems.push(format!("{DOCUMENT}: no error of ipc-{name} has the code `{code}`"));
        }
    }
    problems
}

/// Returns the codes in the text: what the functions whose names end with `code` return, the constants
/// of a format, and what calls are answered with.
fn of_functions(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut end = None;
    for (_, line) in source::code(text) {
        let indent = line.len() - line.trim_start().len();
        if line.contains("code(&self) -> &'static str {")
            || line.contains("code(self) -> &'static str {")
        {
            end = Some(indent);
        } else if line.contains("Failure::new(\"") || line.contains("(Self::new(\"") {
            found.extend(quoted(line, '"').next().map(str::to_owned));
        } else if line.trim_start().starts_with("pub const ") && line.contains(": &'static str = ")
        {
            found.extend(quoted(line, '"').map(str::to_owned));
        } else if end == Some(indent) {
            end = None;
        } else if end.is_some() && !line.trim_start().starts_with("#[") {
            found.extend(quoted(line, '"').map(str::to_owned));
        }
    }
    found
}

/// Returns the codes that are constants.
fn constants(text: &str) -> BTreeSet<String> {
    let lines = source::code(text).filter(|(_, line)| line.starts_with("pub const "));
    lines.filter_map(|(_, line)| quoted(line, '"').next()).map(str::to_owned).collect()
}

/// Returns the lines that spell out a code.
fn strays(text: &str) -> impl Iterator<Item = usize> {
    source::code(text).filter(|(_, line)| line.contains("\"ERR_IPC_")).map(|(number, _)| number)
}

/// Returns what stands between each two of these marks.
fn quoted(text: &str, mark: char) -> impl Iterator<Item = &str> {
    text.split(mark).skip(1).step_by(2)
}

const DOCUMENT: &str = "docs/errors.md";
const NAMED: &str = "ipc-compat/src/codes/mod.rs";
const STYLE: &str = "ERR_IPC_";

#[cfg(test)]
mod tests {
    use super::*;

    fn set(codes: &[&str]) -> BTreeSet<String> {
        codes.iter().map(|code| (*code).to_owned()).collect()
    }

    #[test]
    fn codes_are_found_in_the_functions_that_return_them() {
        let text = "\
impl A {
    pub const fn code(&self) -> &'static str {
        match self {
            Self::B(_) => \"b\", // \"no code\"
            Self::C(c) => c.code(),
        }
    }
    fn other() -> &'static str {
        \"d\"
    }
}
";
        assert_eq!(of_functions(text), set(&["b"]));
        assert_eq!(of_functions("refuse(Failure::new(\"e\", \"f\"));\n"), set(&["e"]));
        assert_eq!(
            constants("pub const A: &str = \"ERR_IPC_A\";\nx(\"y\");\n"),
            set(&["ERR_IPC_A"])
        );
        assert_eq!(strays("a\nlet b = \"ERR_IPC_B\";\n").collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn a_table_that_lacks_a_code_or_has_one_too_many_is_found() {
        let table = "\
| `ERR_IPC_C` | compat: `X` | | | z | |
| `a` | core: `X` | `ERR_IPC_A` | | x | |
| `b` | core: `X`; codec: `Y` | | | y | stream |
";
        let check = |constants: &[&str], core: &[&str]| {
            let codes = [("core", set(core)), ("codec", set(&["b"]))].into();
            wrong(table, &set(constants), &codes).len()
        };
        let all = ["ERR_IPC_A", "ERR_IPC_C"];
        assert_eq!(check(&all, &["a", "b"]), 0);
        assert_eq!(check(&["ERR_IPC_A"], &["a", "b"]), 1);
        assert_eq!(check(&["ERR_IPC_A", "ERR_IPC_C", "ERR_IPC_D"], &["a", "b", "c"]), 2);
        assert_eq!(check(&all, &["a"]), 1);
        let twice = format!("{table}{table}");
        let codes = [("core", set(&["a", "b"])), ("codec", set(&["b"]))].into();
        assert_eq!(wrong(&twice, &set(&all), &codes).len(), 1);
    }
}
