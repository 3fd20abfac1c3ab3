//! JSON: `serde_json` defines the meaning; this is a fast path.
//!
//! This module does not know node-ipc. `scan` checks JSON without building values, `serializer` and `string` write what
//! `serde_json` writes in fewer steps, `noted` notes errors that a type hides, and `surrogates` replaces escapes of half a
//! surrogate pair, which `serde_json` refuses. What they do not handle they leave to `serde_json`, which also words every
//! error. Payloads are read by `serde_json`, but for long text (`long_text`).

pub(crate) mod append;
pub(crate) mod deserialize_methods;
pub(crate) mod long_text;
pub(crate) mod noted;
pub(crate) mod scan;
pub(crate) mod serializer;
pub(crate) mod string;
pub(crate) mod surrogates;
mod words;

/// Returns whether `serde_json` hides something else in a struct of this name, such as a `RawValue`, or a number of
/// any size where its feature `arbitrary_precision` is on.
///
/// The name is private to `serde_json`; a test below fails if a version changes it.
#[inline]
fn is_hidden(name: &str) -> bool {
    name.starts_with("$serde_json::private::")
}

#[cfg(test)]
mod tests {
    use serde::de::value::Error;
    use serde::de::{Deserialize, Deserializer, Error as _, Visitor};
    use serde::forward_to_deserialize_any;
    use serde_json::value::RawValue;

    use super::is_hidden;

    /// Fails with the name of the struct that it is asked for.
    struct TellName;

    impl<'de> Deserializer<'de> for TellName {
        type Error = Error;

        fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
            Err(Error::custom("no name"))
        }

        fn deserialize_newtype_struct<V: Visitor<'de>>(
            self,
            name: &'static str,
            _: V,
        ) -> Result<V::Value, Error> {
            Err(Error::custom(name))
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
            option unit unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
        }
    }

    #[test]
    fn serde_json_hides_raw_values_under_a_name_that_is_known() {
        let name = Box::<RawValue>::deserialize(TellName).unwrap_err().to_string();
        assert!(is_hidden(&name), "serde_json calls it {name:?} now");
        assert!(!is_hidden("RawValue"));
    }
}
