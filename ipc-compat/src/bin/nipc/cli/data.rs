//! DATA of the command line: JSON, or the place it is read from.

use std::fmt;
use std::path::PathBuf;

use ipc_compat::RawJson;

use crate::cli::values::json;

/// Where data are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Data {
    Given(RawJson),
    From(Source),
}

/// A source that is read until it is closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Source {
    Stdin,
    File(PathBuf),
}

/// Parses DATA. JSON is never `-` and never begins with `@`.
pub(crate) fn parse(text: &str) -> Result<Data, String> {
    match Source::of(text)? {
        Some(source) => Ok(Data::From(source)),
        None => json(text).map(Data::Given),
    }
}

impl Source {
    /// Returns the place that the text names, if it names one: `-`, `@-` or `@FILE`. Two `@` name none.
    pub(crate) fn of(text: &str) -> Result<Option<Self>, String> {
        match (text, text.strip_prefix('@')) {
            ("-", _) | (_, Some("-")) => Ok(Some(Self::Stdin)),
            (_, Some("")) => Err("the name of a file is missing after @".into()),
            (_, Some(file)) if !file.starts_with('@') => Ok(Some(Self::File(file.into()))),
            _ => Ok(None),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdin => f.write_str("stdin"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_told_from_data() {
        assert_eq!(parse("-"), Ok(Data::From(Source::Stdin)));
        assert_eq!(parse("@-"), Ok(Data::From(Source::Stdin)));
        assert_eq!(parse("@a b"), Ok(Data::From(Source::File("a b".into()))));
        assert_eq!(parse("@./-"), Ok(Data::From(Source::File("./-".into()))));
        assert!(matches!(parse("-1"), Ok(Data::Given(_))));
        assert!(matches!(parse("\"@x\""), Ok(Data::Given(_))));
        for text in ["@", "@@x", "--", "- "] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert_eq!(Source::of("@@x"), Ok(None));
    }
}
