//! Which texts can name a pipe of this machine, checked before the system misreads one.

use crate::TransportError;

/// Refuses a text that can never name a pipe of this machine.
pub(super) fn check(name: &str) -> Result<(), TransportError> {
    let invalid = |reason| Err(TransportError::InvalidName { name: name.into(), reason });
    if name.contains('\0') {
        return invalid("it has a NUL character");
    }
    let Some(own) = PREFIXES.iter().find_map(|prefix| strip_prefix(name, prefix)) else {
        let remote = name.starts_with(r"\\") && name.to_ascii_lowercase().contains(r"\pipe\");
        return invalid(if remote {
            "it is a pipe of another machine"
        } else {
            r"it does not begin with \\.\pipe\"
        });
    };
    if own.is_empty() {
        return invalid(r"nothing follows \\.\pipe\");
    }
    let actual = name.encode_utf16().count();
    if actual > LIMIT {
        let (name, unit) = (name.into(), "UTF-16 code units");
        return Err(TransportError::NameTooLong { name, limit: LIMIT, actual, unit });
    }
    Ok(())
}

/// Strips a prefix of ASCII characters, whose case Windows does not tell apart.
fn strip_prefix<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, own) = name.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(own)
}

/// The two ways to say "this machine, as it is".
const PREFIXES: [&str; 2] = [r"\\.\pipe\", r"\\?\pipe\"];
/// The longest full name Windows takes, in UTF-16 code units.
const LIMIT: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_reason(name: &str, expected: &str) {
        match check(name) {
            Err(TransportError::InvalidName { reason, .. }) => assert_eq!(reason, expected),
            other => panic!("{name}: {other:?}"),
        }
    }

    #[test]
    fn names_of_this_machine_are_taken() {
        for name in [r"\\.\pipe\tmp-app.world", r"\\?\pipe\x", r"\\.\PIPE\a\b:c é", r"\\.\pipe\\"]
        {
            assert!(check(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn other_names_are_refused_with_the_reason() {
        check_reason(r"\\server\pipe\x", "it is a pipe of another machine");
        check_reason(r"\\10.0.0.1\PIPE\x", "it is a pipe of another machine");
        check_reason(r"\\.\pipe\", r"nothing follows \\.\pipe\");
        check_reason("\\\\.\\pipe\\a\0b", "it has a NUL character");
        for name in ["", "x", "/tmp/app.world", r"\\.\pip", r"C:\tmp\x", r"\\.\pipeé\x"] {
            check_reason(name, r"it does not begin with \\.\pipe\");
        }
    }

    #[test]
    fn the_limit_is_exact_and_counts_utf_16_units() {
        let name = |own: &str, count| format!(r"\\.\pipe\{}", own.repeat(count));
        assert!(check(&name("x", 247)).is_ok());
        assert!(check(&name("é", 247)).is_ok());
        for (name, expected) in [(name("x", 248), 257), (name("😀", 124), 257)] {
            match check(&name) {
                Err(TransportError::NameTooLong { limit: 256, actual, .. }) => {
                    assert_eq!(actual, expected);
                }
                other => panic!("{name}: {other:?}"),
            }
        }
    }
}
