//! Which crates of the workspace may depend on which.

use serde_json::Value;

use crate::error::Result;
use crate::repo;

/// A crate and the crates of the workspace it may depend on; those marked so only optionally.
const ALLOWED: &[(&str, &[(&str, Need)])] = &[
    ("ipc-codec", &[]),
    ("ipc-transport", &[]),
    ("ipc-core", &[("ipc-codec", Need::Any), ("ipc-transport", Need::Optional)]),
    (
        "ipc-compat",
        &[("ipc-core", Need::Any), ("ipc-codec", Need::Any), ("ipc-transport", Need::Any)],
    ),
    ("xtask", &[]),
    (
        "xtask-interop",
        &[("xtask", Need::Any), ("ipc-compat", Need::Optional), ("ipc-core", Need::Optional)],
    ),
    (
        "ipc-benches",
        &[
            ("ipc-core", Need::Any),
            ("ipc-codec", Need::Any),
            ("ipc-transport", Need::Any),
            ("ipc-compat", Need::Any),
        ],
    ),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Need {
    Any,
    Optional,
}

pub(super) fn check() -> Result<Vec<String>> {
    Ok(wrong(&repo::metadata()?))
}

fn wrong(metadata: &Value) -> Vec<String> {
    let packages = items(metadata, "packages");
    let names: Vec<_> = packages.iter().filter_map(|package| package["name"].as_str()).collect();
    let mut problems = Vec::new();
    for (package, name) in packages.iter().zip(&names) {
        let Some((_, allowed)) = ALLOWED.iter().find(|(known, _)| known == name) else {
            problems.push(format!("{name}: not listed in xtask/src/tidy/edges.rs"));
            continue;
        };
        for dependency in items(package, "dependencies") {
            let to = dependency["name"].as_str().unwrap_or_default();
            // Tests may use what they like.
            let is_dev = dependency["kind"] == "dev";
            if is_dev || !names.contains(&to) {
                continue;
            }
            let optional = dependency["optional"] == true;
            match allowed.iter().find(|(known, _)| *known == to) {
                None => problems.push(format!("{name} must not depend on {to}")),
                Some((_, Need::Optional)) if !optional => {
                    problems.push(format!("{name} may depend on {to} only behind a feature"));
                }
                Some(_) => {}
            }
        }
    }
    for (known, _) in ALLOWED {
        if !names.iter().any(|name| name == known) {
            problems.push(format!("{known}: is no package of the workspace"));
        }
    }
    problems
}

/// Returns the items of the list `name`; none if there is no such list.
fn items<'a>(object: &'a Value, name: &str) -> &'a [Value] {
    object[name].as_array().map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::wrong;

    /// Returns what is wrong if ipc-codec depends on ipc-core, and ipc-core on ipc-transport.
    fn with(kind: &str, optional: bool) -> Vec<String> {
        let text = format!(
            r#"{{"packages":[
                {{"name":"ipc-codec","dependencies":[{{"name":"ipc-core","kind":{kind}}}]}},
                {{"name":"ipc-core","dependencies":[
                    {{"name":"ipc-transport","kind":null,"optional":{optional}}}]}},
                {{"name":"ipc-transport","dependencies":[]}}, {{"name":"ipc-compat"}},
                {{"name":"xtask"}}, {{"name":"xtask-interop"}}, {{"name":"ipc-benches"}}]}}"#
        );
        wrong(&serde_json::from_str(&text).unwrap())
    }

    #[test]
    fn upward_edges_are_found() {
        assert_eq!(with("null", true), ["ipc-codec must not depend on ipc-core"]);
        assert_eq!(with("\"build\"", true).len(), 1);
        assert!(with("\"dev\"", true).is_empty());
    }

    #[test]
    fn an_edge_that_must_be_optional_is_found() {
        assert_eq!(with("\"dev\"", false).len(), 1);
    }
}
