//! Conditions of compilation, as they are on this system in a test with every feature.

/// Returns whether what has this attribute is compiled: `true` for an attribute that is no condition.
pub(super) fn is_on(attribute: &str) -> bool {
    let attribute = attribute.trim_start_matches("#!").trim_start_matches('#');
    let inner = attribute.strip_prefix("[cfg(").and_then(|rest| rest.strip_suffix(")]"));
    inner.is_none_or(holds)
}

/// Returns whether a condition holds.
fn holds(condition: &str) -> bool {
    let condition = condition.trim();
    let list = |name: &str| {
        let inner = condition.strip_prefix(name)?.trim_start().strip_prefix('(')?;
        inner.strip_suffix(')').map(split)
    };
    if let Some(all) = list("all") {
        return all.into_iter().all(holds);
    }
    if let Some(any) = list("any") {
        return any.into_iter().any(holds);
    }
    if let Some(not) = list("not") {
        return !not.into_iter().all(holds);
    }
    match condition.split_once('=') {
        Some((name, value)) => {
            let value = value.trim().trim_matches('"');
            match name.trim() {
                "target_os" => value == std::env::consts::OS,
                "target_family" => value == std::env::consts::FAMILY,
                "target_arch" => value == std::env::consts::ARCH,
                // Every feature must be tested.
                _ => true,
            }
        }
        None => match condition {
            "unix" => cfg!(unix),
            "windows" => cfg!(windows),
            "fuzzing" | "miri" | "doctest" => false,
            _ => true,
        },
    }
}

/// Splits a list at the commas that are in no brackets.
fn split(list: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0_usize, 0);
    for (at, char) in list.char_indices() {
        match char {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(list.get(start..at).unwrap_or_default());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(list.get(start..).unwrap_or_default());
    parts.retain(|part| !part.trim().is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::is_on;

    #[test]
    fn conditions_are_those_of_this_system() {
        for (attribute, expected) in [
            ("#[test]", true),
            ("#[cfg(test)]", true),
            ("#![cfg(unix)]", cfg!(unix)),
            ("#[cfg(all(windows, feature = \"pipe\"))]", cfg!(windows)),
            ("#[cfg(any(windows, feature = \"pipe\"))]", true),
            ("#[cfg(not(any(unix, windows)))]", !cfg!(any(unix, windows))),
            ("#[cfg(target_os = \"linux\")]", cfg!(target_os = "linux")),
            ("#[cfg(fuzzing)]", false),
            ("#[cfg(any(test, fuzzing))]", true),
            ("#[cfg_attr(windows, expect(dead_code))]", true),
        ] {
            assert_eq!(is_on(attribute), expected, "{attribute}");
        }
    }
}
