//! Finds the tests in a file, line by line: `rustfmt` has put every attribute and function on lines
//! of its own.

use super::cfg;

/// What a file has.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Scanned {
    /// The ends of the tests' names.
    pub(super) names: Vec<String>,
    /// The modules that are not compiled here, of those that are in other files; the empty name is
    /// the file itself.
    pub(super) closed: Vec<Vec<String>>,
}

/// The macros that make two tests of each function that is named, and what they call them.
const TWINS: [(&str, [&str; 2]); 2] =
    [("both_runtimes!(", ["current_thread", "multi_thread"]), ("both_sockets!(", ["unix", "tcp"])];

/// Returns the tests of a file that are compiled on this system. Tests whose names a macro makes are
/// not found, but for those of [`TWINS`].
pub(super) fn tests(text: &str) -> Scanned {
    let mut scanned = Scanned::default();
    let mut attributes: Vec<String> = Vec::new();
    // Where a module ends that is not compiled, by its indentation.
    let mut closed_until: Option<usize> = None;
    let mut in_table = false;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let code = line.trim_start();
        let indent = line.len() - code.len();
        if let Some(end) = closed_until {
            if indent == end && code.starts_with('}') {
                closed_until = None;
            }
            continue;
        }
        if code.starts_with("//") {
            continue;
        }
        if code.starts_with("macro_rules!") && code.ends_with('{') {
            // The tests in it are those of its calls.
            closed_until = Some(indent);
            attributes.clear();
            continue;
        }
        if code.starts_with("#[") || code.starts_with("#![") {
            let attribute = whole(code, &mut lines, ']');
            if code.starts_with("#![") {
                if !cfg::is_on(&attribute) {
                    scanned.closed.push(Vec::new());
                }
            } else {
                attributes.push(attribute);
            }
            continue;
        }
        let is_on = attributes.iter().all(|attribute| cfg::is_on(attribute));
        let is_test = attributes
            .iter()
            .any(|attribute| attribute == "#[test]" || attribute.starts_with("#[tokio::test"));
        attributes.clear();
        if let Some(name) = module(code) {
            if !is_on && code.ends_with('{') {
                closed_until = Some(indent);
            } else if !is_on {
                scanned.closed.push(vec![name.to_owned()]);
            }
        } else if let Some(name) = function(code).filter(|_| is_test && is_on) {
            scanned.names.push(name.to_owned());
        } else if let Some((makes, twins)) = TWINS.iter().find(|(makes, _)| code.starts_with(makes))
        {
            let call = whole(code, &mut lines, ')');
            let names = call.trim_start_matches(makes).trim_end_matches([')', ';']);
            for name in names.split(',').map(str::trim).filter(|name| is_on && !name.is_empty()) {
                for twin in twins {
                    scanned.names.push(format!("{name}::{twin}"));
                }
            }
        } else if code.starts_with("const TESTS: &[") {
            // The table of a program that runs its tests by itself.
            in_table = is_on && !code.ends_with("];");
        } else if in_table {
            in_table = code != "];";
            let name = code.strip_prefix("(\"").and_then(|rest| rest.split_once('"'));
            scanned.names.extend(name.filter(|_| is_on).map(|(name, _)| name.to_owned()));
        }
    }
    scanned
}

/// Returns what begins with this line up to where it is closed, on one line.
fn whole<'a>(first: &str, lines: &mut impl Iterator<Item = &'a str>, close: char) -> String {
    let mut text = first.to_owned();
    while !text.contains(close) || depth(&text) > 0 {
        match lines.next() {
            Some(line) => text.push_str(line.trim()),
            None => break,
        }
    }
    text
}

/// Returns how many brackets are open at the end of the text.
fn depth(text: &str) -> i32 {
    text.chars().fold(0, |depth, char| match char {
        '(' | '[' => depth + 1,
        ')' | ']' => depth - 1,
        _ => depth,
    })
}

/// Returns the name of the module that the line begins or takes in.
fn module(code: &str) -> Option<&str> {
    let name = without_words(code).strip_prefix("mod ")?;
    name.strip_suffix(" {").or_else(|| name.strip_suffix(';'))
}

/// Returns the name of the function that the line begins.
fn function(code: &str) -> Option<&str> {
    let rest = without_words(code).strip_prefix("fn ")?;
    let end = rest.find(['(', '<'])?;
    rest.get(..end).filter(|name| !name.starts_with('$'))
}

/// Returns the line without what may precede `fn` and `mod`.
fn without_words(code: &str) -> &str {
    let words = ["pub(crate) ", "pub(super) ", "pub ", "async ", "const ", "unsafe "];
    words.iter().fold(code, |code, word| code.strip_prefix(word).unwrap_or(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, names: &[&str], closed: &[&[&str]]) {
        let found = tests(text);
        assert_eq!(found.names, names, "{text}");
        assert_eq!(found.closed, closed, "{text}");
    }

    #[test]
    fn functions_with_the_attribute_are_tests() {
        check("#[test]\nfn a() {}\n\nfn b() {}\n", &["a"], &[]);
        check("#[tokio::test(start_paused = true)]\nasync fn a() {}\n", &["a"], &[]);
        check("#[test]\n// Why.\n#[cfg(unix)]\npub(crate) async fn a<T>() {}\n", &["a"], &[]);
        check("proptest! {\n    #[test]\n    fn a(x in 0..1) {}\n}\n", &["a"], &[]);
        check("#[test]\nfn $name() {}\n", &[], &[]);
        check("#[test]\nlet fn_a = 1;\nfn b() {}\n", &[], &[]);
    }

    #[test]
    fn what_is_not_compiled_is_left_out() {
        check("#[cfg(fuzzing)]\n#[test]\nfn a() {}\n#[test]\nfn b() {}\n", &["b"], &[]);
        check("#[cfg(all(\n    unix,\n    fuzzing\n))]\n#[test]\nfn a() {}\n", &[], &[]);
        let inner = "#[cfg(fuzzing)]\nmod m {\n    #[test]\n    fn a() {}\n}\n#[test]\nfn b() {}\n";
        check(inner, &["b"], &[]);
        check("#[cfg(fuzzing)]\nmod m;\nmod n;\n", &[], &[&["m"]]);
        check("#![cfg(fuzzing)]\n#[test]\nfn a() {}\n", &["a"], &[&[]]);
    }

    #[test]
    fn twins_and_tables_are_found() {
        let twins = ["a::current_thread", "a::multi_thread"];
        check("both_runtimes!(a);\nasync fn a() {}\n", &twins, &[]);
        assert_eq!(tests("both_runtimes!(\n    a,\n    b,\n);\n").names.len(), 4);
        check("both_sockets!(a);\nfn a() {}\n", &["a::unix", "a::tcp"], &[]);
        let makes =
            "macro_rules! m {\n    () => {\n        #[test]\n        fn a() {}\n    };\n}\n";
        check(makes, &[], &[]);
        let table = "const TESTS: &[Test] = &[\n    (\"a\", a),\n    #[cfg(fuzzing)]\n    (\"b\", b),\n];\n";
        check(table, &["a"], &[]);
    }
}
