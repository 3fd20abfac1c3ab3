//! The codes of errors: `docs/errors.md` lists every one, and nothing else; those in node-ipc's style
//! are defined in `codes.rs` of ipc-compat and nowhere else.

use std::collections::BTreeSet;

use super::source;
use crate::error::Result;
use crate::repo;

pub(super) fn check() -> Result<Vec<String>> {
    let root = repo::root();
    let document = source::read(&root.join(DOCUMENT))?;
    let named = source::read(&root.join(NAMED))?;
    let mut core = BTreeSet::new();
    let mut problems = Vec::new();
    for name in ["ipc-core", "ipc-transport"] {
        for path in repo::files(&root.join(name).join("src"), "rs") {
            core.extend(of_functions(&source::read(&path)?));
        }
    }
    for path in repo::files(&root.join("ipc-compat/src"), "rs") {
        let name = repo::relative(&path);
        if name != NAMED {
            let text = source::read(&path)?;
            problems.extend(strays(&text).map(|line| format!("{name}:{line}: belongs in {NAMED}")));
        }
    }
    problems.extend(wrong(&document, &constants(&named), &core));
    Ok(problems)
}

/// Returns in what the table and the codes of the source differ.
fn wrong(document: &str, constants: &BTreeSet<String>, core: &BTreeSet<String>) -> Vec<String> {
    let mut problems = Vec::new();
    let (mut rows, mut cores, mut last) = (BTreeSet::new(), BTreeSet::new(), "");
    for line in document.lines() {
        let mut cells = line.split('|').map(str::trim);
        let Some(code) = cells.nth(1).filter(|code| code.starts_with("`ERR_IPC_")) else {
            continue;
        };
        let (code, of_core) = (code.trim_matches('`'), cells.next().unwrap_or_default());
        let of_core: Vec<_> = quoted(of_core, '`').collect();
        if of_core.is_empty() && !constants.contains(code) {
            problems.push(format!("{DOCUMENT}: {code} is in no source"));
        }
        if code <= last {
            problems.push(format!("{DOCUMENT}: {code} comes after {last}"));
        }
        last = code;
        rows.insert(code.to_owned());
        cores.extend(of_core.into_iter().map(str::to_owned));
    }
    for code in constants.difference(&rows) {
        problems.push(format!("{DOCUMENT}: has no row for {code}"));
    }
    for code in core.difference(&cores) {
        problems.push(format!("{DOCUMENT}: has no row for the core's `{code}`"));
    }
    for code in cores.difference(core) {
        problems.push(format!("{DOCUMENT}: no error has the code `{code}`"));
    }
    problems
}

/// Returns the texts that the functions called `code` have in them.
fn of_functions(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut end = None;
    for (_, line) in source::code(text) {
        let indent = line.len() - line.trim_start().len();
        if line.contains("fn code(&self) -> &'static str {") {
            end = Some(indent);
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

/// Returns the text between each two of these marks.
fn quoted(text: &str, mark: char) -> impl Iterator<Item = &str> {
    text.split(mark).skip(1).step_by(2)
}

const DOCUMENT: &str = "docs/errors.md";
const NAMED: &str = "ipc-compat/src/codes.rs";

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
        assert_eq!(
            constants("pub const A: &str = \"ERR_IPC_A\";\nx(\"y\");\n"),
            set(&["ERR_IPC_A"])
        );
        assert_eq!(strays("a\nlet b = \"ERR_IPC_B\";\n").collect::<Vec<_>>(), [2]);
    }

    #[test]
    fn a_table_that_lacks_a_code_or_has_one_too_many_is_found() {
        let table = "| `ERR_IPC_A` | `a`, `b` | x |\n| `ERR_IPC_C` | | y |\n";
        let check =
            |constants: &[&str], core: &[&str]| wrong(table, &set(constants), &set(core)).len();
        assert_eq!(check(&["ERR_IPC_C"], &["a", "b"]), 0);
        assert_eq!(check(&[], &["a", "b"]), 1);
        assert_eq!(check(&["ERR_IPC_C", "ERR_IPC_D"], &["a", "b", "c"]), 2);
        assert_eq!(check(&["ERR_IPC_C"], &["a"]), 1);
        let twice = format!("{table}{table}");
        assert_eq!(wrong(&twice, &set(&["ERR_IPC_C"]), &set(&["a", "b"])).len(), 1);
    }
}
