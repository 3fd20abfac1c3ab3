//! `Used`: what of its limits a value has used while it is read.

use std::fmt;

use super::Value;

/// What of its limits a value has used while it is read, so that it never holds more.
#[derive(Debug, Default)]
pub(super) struct Used {
    depth: usize,
    values: usize,
    bytes: usize,
}

/// A value is larger than it may be. Reading stops there: how large it is, is not known.
#[derive(Debug)]
pub(super) struct TooLarge {
    what: &'static str,
    limit: usize,
    actual: usize,
}

impl Used {
    /// Counts a value.
    pub(super) fn value(&mut self) -> Result<(), TooLarge> {
        self.values += 1;
        check("values", self.values, Value::MAX_VALUES)
    }

    /// Counts a text of so many bytes.
    pub(super) fn text(&mut self, length: usize) -> Result<(), TooLarge> {
        self.bytes = self.bytes.saturating_add(length);
        check("bytes of text", self.bytes, Value::MAX_BYTES)
    }

    /// Begins a list or a map.
    pub(super) fn enter(&mut self) -> Result<(), TooLarge> {
        self.depth += 1;
        check("levels", self.depth, Value::MAX_DEPTH)
    }

    /// Ends a list or a map.
    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }
}

fn check(what: &'static str, actual: usize, limit: usize) -> Result<(), TooLarge> {
    if actual > limit { Err(TooLarge { what, limit, actual }) } else { Ok(()) }
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, limit, actual } = self;
        write!(f, "the value has {actual} {what} or more, the limit is {limit}")
    }
}
