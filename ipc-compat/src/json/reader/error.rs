//! `Unread`: the error of a reader that does not say why.

use std::fmt;

use serde::de;

/// JSON that the reader does not know or the type does not accept. `serde_json` says which, and why:
/// to build its message here, too, would cost more than it is worth.
#[derive(Debug)]
pub(super) struct Unread;

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not read")
    }
}

impl std::error::Error for Unread {}

#[rustfmt::skip]
impl de::Error for Unread {
    fn custom<T: fmt::Display>(_: T) -> Self { Self }
    fn invalid_type(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self { Self }
    fn invalid_value(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self { Self }
    fn invalid_length(_: usize, _: &dyn de::Expected) -> Self { Self }
    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self { Self }
    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self { Self }
    fn missing_field(_: &'static str) -> Self { Self }
    fn duplicate_field(_: &'static str) -> Self { Self }
}
