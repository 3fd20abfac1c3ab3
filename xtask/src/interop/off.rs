//! The list of cases that are off, each with its reason: `xtask/interop/cases.toml`.

use std::fs;

use super::matrix::Combo;
use crate::error::{Error, Result};
use crate::repo;

/// The cases that are expected to fail, and why.
#[derive(Debug, Default)]
pub(crate) struct Off {
    entries: Vec<Entry>,
}

/// One `[[off]]` table; a `*` stands for everything.
#[derive(Debug, Default)]
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

    fn parse(text: &str) -> Result<Self, String> {
        let mut entries: Vec<Entry> = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if line == "[[off]]" {
                entries.push(Entry::default());
                continue;
            }
            let wrong = || format!("line {number}: wanted `[[off]]` or `name = \"value\"`");
            let (name, value) = line.split_once('=').ok_or_else(wrong)?;
            let value = value.trim().strip_prefix('"').and_then(|text| text.strip_suffix('"'));
            let value = value.ok_or_else(wrong)?.to_owned();
            let entry = entries.last_mut().ok_or_else(wrong)?;
            match name.trim() {
                "case" => entry.case = value,
                "version" => entry.version = value,
                "kind" => entry.kind = value,
                "role" => entry.role = value,
                "reason" => entry.reason = value,
                _ => return Err(wrong()),
            }
        }
        for entry in &entries {
            let fields = [&entry.case, &entry.version, &entry.kind, &entry.role, &entry.reason];
            if fields.iter().any(|field| field.is_empty()) {
                return Err(format!("an entry lacks a field: {entry:?}"));
            }
        }
        Ok(Self { entries })
    }
}

#[cfg(test)]
mod tests {
    use super::Off;
    use crate::interop::matrix::{Combo, Kind, Role};
    use crate::node::Version;

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
