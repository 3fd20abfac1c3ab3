//! The tests in the source, and which of them did not run.
//!
//! A test that is switched off by mistake (a feature that no command enables, a file that no
//! program includes) never fails. So the names in a log are compared with those in the source.

mod cfg;
mod scan;

use std::collections::BTreeSet;
use std::path::Path;

use crate::error::{Error, Result};
use crate::{repo, test_log};

/// A test of this system.
#[derive(Debug, PartialEq, Eq)]
struct Test {
    /// Its path from the root.
    file: String,
    /// The program it is a part of.
    program: Program,
    /// What its name begins with there: the module that its file is.
    module: Vec<String>,
    /// What it ends with: the function, and for a twin the module that it is.
    name: String,
}

/// A program of tests: what cargo calls it when it runs it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Program {
    /// The library or binary whose unit tests it has; none for a program of tests only, for which
    /// cargo does not name the package.
    pub(crate) unit: Option<String>,
    /// Its first file, from the package.
    pub(crate) path: String,
}

/// Returns the tests that did not run according to a log of the whole workspace, one line each.
///
/// # Errors
///
/// If a file cannot be read.
pub(crate) fn not_run(log: &str) -> Result<Vec<String>> {
    let ran = test_log::ran(log);
    let missing = |test: &Test| {
        let (prefix, suffix) =
            (format!("{}::", test.module.join("::")), format!("::{}", test.name));
        let is_it = |name: &&str| {
            (test.module.is_empty() || name.starts_with(&prefix))
                && (*name == test.name || name.ends_with(&suffix))
        };
        !ran.get(&test.program).is_some_and(|names| names.iter().any(is_it))
    };
    let tests = all()?.into_iter().filter(missing);
    Ok(tests.map(|test| format!("{}: {} did not run", test.file, test.name)).collect())
}

/// Returns the tests in the source of all packages that are compiled on this system.
fn all() -> Result<Vec<Test>> {
    let mut tests = Vec::new();
    for package in PACKAGES {
        tests.extend(of_package(&repo::root().join(package), package)?);
    }
    Ok(tests)
}

fn of_package(folder: &Path, package: &str) -> Result<Vec<Test>> {
    let (mut found, mut closed) = (Vec::new(), BTreeSet::new());
    for path in repo::files(folder, "rs") {
        let file = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy().into_owned();
        let Some((program, module)) = place(folder, package, &file) else { continue };
        let text = std::fs::read_to_string(&path)
            .map_err(|error| Error::while_doing(path.display(), error))?;
        let scanned = scan::tests(&text);
        closed.extend(scanned.closed.into_iter().map(|inner| {
            let whole: Vec<_> = module.iter().cloned().chain(inner).collect();
            (program.clone(), whole)
        }));
        for name in scanned.names {
            let file = format!("{package}/{file}");
            let (program, module) = (program.clone(), module.clone());
            found.push(Test { file, program, module, name });
        }
    }
    found.retain(|test: &Test| {
        (0..=test.module.len()).all(|len| {
            let outer = test.module.get(..len).unwrap_or_default().to_vec();
            !closed.contains(&(test.program.clone(), outer))
        })
    });
    Ok(found)
}

/// Returns the program that a file of a package is a part of, and as which module; `None` for one
/// that is in no program of tests, or in several.
fn place(folder: &Path, package: &str, file: &str) -> Option<(Program, Vec<String>)> {
    let parts: Vec<_> = file.strip_suffix(".rs")?.split('/').collect();
    let is_there = |path: &str| folder.join(path).is_file();
    let (unit, root, inner) = match parts.as_slice() {
        ["tests", name] => (None, format!("tests/{name}.rs"), &[][..]),
        ["tests", name, inner @ ..] => (None, format!("tests/{name}/main.rs"), inner),
        ["src", "bin", name] => (Some(*name), format!("src/bin/{name}.rs"), &[][..]),
        ["src", "bin", name, inner @ ..] => (Some(*name), format!("src/bin/{name}/main.rs"), inner),
        ["src", inner @ ..] if is_there("src/lib.rs") => {
            (Some(package), "src/lib.rs".into(), inner)
        }
        ["src", inner @ ..] => (Some(package), "src/main.rs".into(), inner),
        _ => return None,
    };
    if !is_there(&root) {
        return None;
    }
    let mut module: Vec<_> = inner.iter().map(|part| (*part).to_owned()).collect();
    if module.last().is_some_and(|last| ["mod", "main", "lib"].contains(&last.as_str())) {
        module.pop();
    }
    let unit = unit.map(|unit| unit.replace(['-', '/'], "_").replace("benches", "ipc_benches"));
    Some((Program { unit, path: root }, module))
}

/// The packages of the workspace, by their folders.
const PACKAGES: &[&str] =
    &["ipc-codec", "ipc-transport", "ipc-core", "ipc-compat", "benches", "xtask", "xtask/interop"];

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(package: &str, file: &str) -> Option<(Option<String>, String, String)> {
        let (program, module) = place(&repo::root().join(package), package, file)?;
        Some((program.unit, program.path, module.join("::")))
    }

    #[test]
    fn files_are_parts_of_programs() {
        let unit = |unit: &str, path: &str, module: &str| {
            Some((Some(unit.to_owned()), path.to_owned(), module.to_owned()))
        };
        let tests = |path: &str, module: &str| Some((None, path.to_owned(), module.to_owned()));
        for (package, file, expected) in [
            ("ipc-codec", "src/splitter/mod.rs", unit("ipc_codec", "src/lib.rs", "splitter")),
            ("ipc-codec", "src/lib.rs", unit("ipc_codec", "src/lib.rs", "")),
            ("ipc-codec", "tests/memory.rs", tests("tests/memory.rs", "")),
            ("ipc-codec", "tests/framing/limits.rs", tests("tests/framing/main.rs", "limits")),
            ("ipc-compat", "src/bin/nipc/exit.rs", unit("nipc", "src/bin/nipc/main.rs", "exit")),
            ("xtask", "src/tidy/mod.rs", unit("xtask", "src/lib.rs", "tidy")),
            ("xtask/interop", "src/main.rs", unit("xtask_interop", "src/main.rs", "")),
            ("xtask", "interop/src/main.rs", None),
            // What several programs take in has no tests.
            ("ipc-core", "tests/support/mod.rs", None),
            ("ipc-compat", "examples/hello_client.rs", None),
        ] {
            assert_eq!(placed(package, file), expected, "{package}/{file}");
        }
    }

    #[test]
    fn what_the_log_does_not_name_is_found() {
        let missing = not_run("").unwrap();
        assert!(missing.len() > 500, "{}", missing.len());
        let line = "ipc-codec/tests/framing/limits.rs: frames_up_to_the_limit_pass did not run";
        assert!(missing.iter().any(|missing| missing == line));
        let log = "     Running tests/framing/main.rs (target/debug/deps/framing-0123456789abcdef)\n\
                   test limits::frames_up_to_the_limit_pass ... ok\n";
        assert_eq!(not_run(log).unwrap().len(), missing.len() - 1);
    }
}
