//! What the environment says about inherited sockets: how many, for whom, under which names.

use std::env::{self, VarError};

use super::InheritError;

/// What was passed to this process.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// As many as there are sockets.
    pub(super) names: Vec<Option<String>>,
}

/// Returns what was passed to this process, or `None` if nothing was.
pub(super) fn read() -> Result<Option<Told>, InheritError> {
    parse(std::process::id(), variable)
}

fn parse(
    process: u32,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Told>, InheritError> {
    let (Some(pid), Some(count)) = (variable(PID), variable(COUNT)) else { return Ok(None) };
    // Children inherit the variables, but the sockets were not meant for them.
    if number(PID, &pid)? != process {
        return Ok(None);
    }
    let limit = |value| InheritError::InvalidVariable {
        name: COUNT,
        value,
        expected: "a number of sockets, at most 4096",
    };
    let sockets = match usize::try_from(number(COUNT, &count)?) {
        Ok(sockets) if sockets <= MAX_SOCKETS => sockets,
        _ => return Err(limit(count)),
    };
    let Some(list) = variable(NAMES) else {
        return Ok(Some(Told { names: vec![None; sockets] }));
    };
    let names: Vec<_> = list.split(':').map(|name| Some(name.to_owned())).collect();
    if names.len() != sockets {
        let expected = "one name for each socket, with colons between them";
        return Err(InheritError::InvalidVariable { name: NAMES, value: list, expected });
    }
    Ok(Some(Told { names }))
}

fn number(name: &'static str, value: &str) -> Result<u32, InheritError> {
    // `u32::from_str` takes a leading plus sign; systemd does not.
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { value.parse().ok() } else { None };
    number.ok_or_else(|| InheritError::InvalidVariable {
        name,
        value: value.to_owned(),
        expected: "a whole number",
    })
}

#[expect(
    clippy::disallowed_methods,
    reason = "the service manager says in the environment which sockets there are"
)]
fn variable(name: &str) -> Option<String> {
    match env::var(name) {
        Ok(value) => Some(value),
        Err(VarError::NotPresent) => None,
        Err(VarError::NotUnicode(value)) => Some(value.to_string_lossy().into_owned()),
    }
}

const PID: &str = "LISTEN_PID";
const COUNT: &str = "LISTEN_FDS";
const NAMES: &str = "LISTEN_FDNAMES";
/// More than any service has, and few enough that a mistyped number is refused.
const MAX_SOCKETS: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    /// The variables `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES`; `-` is one that is not set.
    #[track_caller]
    fn check(variables: [&str; 3], expected: Result<Option<&[Option<&str>]>, &str>) {
        let told = parse(42, |name| {
            let at = [PID, COUNT, NAMES].iter().position(|known| *known == name).unwrap();
            Some(variables[at].to_owned()).filter(|value| value != "-")
        });
        let told = match &told {
            Ok(told) => Ok(told
                .as_ref()
                .map(|told| told.names.iter().map(Option::as_deref).collect::<Vec<_>>())),
            Err(InheritError::InvalidVariable { name, .. }) => Err(*name),
            Err(other) => panic!("{other}"),
        };
        assert_eq!(told.as_ref().map(Option::as_deref).map_err(|name| *name), expected);
    }

    #[test]
    fn sockets_come_with_their_names_or_without() {
        check(["42", "1", "web"], Ok(Some(&[Some("web")])));
        check(["42", "2", "web:admin"], Ok(Some(&[Some("web"), Some("admin")])));
        check(["42", "2", ":"], Ok(Some(&[Some(""), Some("")])));
        check(["42", "2", "-"], Ok(Some(&[None, None])));
        check(["42", "0", "-"], Ok(Some(&[])));
    }

    #[test]
    fn what_is_for_another_process_is_not_for_us() {
        check(["41", "1", "web"], Ok(None));
        check(["-", "1", "web"], Ok(None));
        check(["42", "-", "web"], Ok(None));
        check(["-", "-", "-"], Ok(None));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        for pid in ["", "x", "+42", " 42", "-1", "4294967296"] {
            check([pid, "1", "-"], Err(PID));
        }
        for count in ["", "x", "-1", "4097", "99999999999999"] {
            check(["42", count, "-"], Err(COUNT));
        }
        for names in ["", "a", "a:b:c"] {
            check(["42", "2", names], Err(NAMES));
        }
    }
}
