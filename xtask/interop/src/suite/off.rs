//! The list of cases that are off, each with its reason: `xtask/interop/cases.toml`.

use std::fs;

use serde::Deserialize;

use super::matrix::Combo;
use xtask::error::{Error, Result};
use xtask::repo;

/// The cases that are expected to fail, and why.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Off {
    #[serde(default, rename = "off")]
    entries: Vec<Entry>,
}

/// One `[[off]]` table; a `*` matches everything.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    case: String,
    version: String,
    kind: String,
    role: String,
    reason: String,
}

impl Off {
    /// Reads the list and checks it against the names of the cases there are.
    ///
    /// # Errors
    ///
    /// If the file is not as described in its own head.
    pub(crate) fn read(cases: &[&str]) -> Result<Self> {
        let path = repo::root().join("xtask/interop/cases.toml");
        let text = fs::read_to_string(&path)?;
        let off = Self::parse(&text)
            .map_err(|error| Error::while_doing("xtask/interop/cases.toml", error))?;
        for entry in &off.entries {
            if entry.case != "*" && !cases.contains(&entry.case.as_str()) {
                return Err(format!("cases.toml: there is no case `{}`", entry.case).into());
            }
        }
        Ok(off)
    }

    /// Returns why `case` is off in `combo`, or `None` if it is on.
    pub(crate) fn reason(&self, case: &str, combo: Combo) -> Option<&str> {
        self.entry(case, combo).map(|entry| entry.reason.as_str())
    }

    /// Returns whether all cases are off in `combo`, so that it makes no sense to try.
    pub(crate) fn is_all(&self, combo: Combo) -> bool {
        // No case is called that, so only an entry for every case fits.
        self.entry("*", combo).is_some()
    }

    fn entry(&self, case: &str, combo: Combo) -> Option<&Entry> {
        let fits = |pattern: &str, value: &str| pattern == "*" || pattern == value;
        self.entries.iter().find(|entry| {
            fits(&entry.case, case)
                && fits(&entry.version, combo.version.number())
                && fits(&entry.kind, &combo.kind.to_string())
                && fits(&entry.role, &combo.role.to_string())
        })
    }

    fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }
}

#[cfg(test)]
mod tests {
    use super::Off;
    use crate::suite::matrix::{Combo, Kind, Role};
    use xtask::node::Version;

    const TCP: Combo = Combo { version: Version::V9, kind: Kind::Tcp, role: Role::Server };

    #[test]
    fn stars_fit_everything() {
        let text = "[[off]]\ncase = \"a\"\nversion = \"9.2.1\"\nkind = \"*\"\nrole = \"*\"\n\
                    reason = \"because\"\n";
        let off = Off::parse(text).unwrap();
        assert_eq!(off.reason("a", TCP), Some("because"));
        assert_eq!(off.reason("b", TCP), None);
        assert_eq!(off.reason("a", Combo { version: Version::V14, ..TCP }), None);
    }

    #[test]
    fn an_entry_without_a_reason_is_refused() {
        let text = "[[off]]\ncase = \"a\"\nversion = \"*\"\nkind = \"*\"\nrole = \"*\"\n";
        assert!(Off::parse(text).is_err());
    }

    #[test]
    fn the_committed_list_is_well_formed() {
        let names: Vec<_> = super::super::cases::ALL.iter().map(|case| case.name).collect();
        Off::read(&names).unwrap();
    }
}
