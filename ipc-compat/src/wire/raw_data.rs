//! `RawData`: what raw mode sends.

use std::borrow::Cow;

use bytes::{Bytes, BytesMut};
use ipc_core::FormatError;
use serde_json::Value;

use crate::encoding::numbers;
use crate::{Encoding, codes};

/// What raw mode sends: text, bytes, or numbers of which each is a byte.
///
/// It is made from what node-ipc's `emit(value)` takes, by [`From`]:
///
/// - text (`&str`, `String`): the config's [`Encoding`] makes bytes of it;
/// - bytes (`&[u8]`, `Vec<u8>`, [`Bytes`]): sent as they are;
/// - numbers (`[i32; N]`, `&[f64]` and such): each is its whole part modulo 256;
/// - JSON ([`TryFrom<&Value>`](Value)): a text, or a list whose values JavaScript would make numbers
///   of; a JSON `Buffer` too.
///
/// # Examples
///
/// ```
/// use ipc_compat::RawData;
///
/// assert_eq!(RawData::from([10, 300, -1]), RawData::from(b"\x0a\x2c\xff"));
/// assert_eq!(RawData::from([1.9, f64::NAN]), RawData::from(&[1_u8, 0]));
/// assert_eq!(RawData::try_from(&serde_json::json!(["7", null]))?, RawData::from(b"\x07\x00"));
/// # Ok::<(), ipc_core::FormatError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawData<'a>(Kind<'a>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind<'a> {
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
}

impl RawData<'_> {
    /// Returns the bytes that are sent under this encoding.
    #[must_use]
    pub fn to_bytes(&self, encoding: Encoding) -> Cow<'_, [u8]> {
        match &self.0 {
            Kind::Text(text) if encoding == Encoding::Utf8 => Cow::Borrowed(text.as_bytes()),
            Kind::Text(text) => Cow::Owned(encoding.to_bytes(text)),
            Kind::Bytes(bytes) => Cow::Borrowed(bytes),
        }
    }

    // Wire rule W90
    pub(super) fn append(&self, encoding: Encoding, out: &mut BytesMut) {
        out.extend_from_slice(&self.to_bytes(encoding));
    }

    fn of_numbers(numbers: impl IntoIterator<Item = u8>) -> Self {
        Self(Kind::Bytes(Cow::Owned(numbers.into_iter().collect())))
    }
}

impl<'a> From<&'a str> for RawData<'a> {
    fn from(text: &'a str) -> Self {
        Self(Kind::Text(Cow::Borrowed(text)))
    }
}

impl<'a> From<&'a String> for RawData<'a> {
    fn from(text: &'a String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<String> for RawData<'_> {
    fn from(text: String) -> Self {
        Self(Kind::Text(Cow::Owned(text)))
    }
}

impl<'a> From<&'a [u8]> for RawData<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self(Kind::Bytes(Cow::Borrowed(bytes)))
    }
}

impl<'a, const N: usize> From<&'a [u8; N]> for RawData<'a> {
    fn from(bytes: &'a [u8; N]) -> Self {
        Self::from(bytes.as_slice())
    }
}

impl<'a> From<&'a Vec<u8>> for RawData<'a> {
    fn from(bytes: &'a Vec<u8>) -> Self {
        Self::from(bytes.as_slice())
    }
}

impl<'a> From<&'a Bytes> for RawData<'a> {
    fn from(bytes: &'a Bytes) -> Self {
        Self::from(&**bytes)
    }
}

impl From<Vec<u8>> for RawData<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self(Kind::Bytes(Cow::Owned(bytes)))
    }
}

impl From<Bytes> for RawData<'_> {
    fn from(bytes: Bytes) -> Self {
        Self::from(Vec::from(bytes))
    }
}

impl From<BytesMut> for RawData<'_> {
    fn from(bytes: BytesMut) -> Self {
        Self::from(Vec::from(bytes))
    }
}

impl<const N: usize> From<[u8; N]> for RawData<'_> {
    fn from(bytes: [u8; N]) -> Self {
        Self::from(bytes.to_vec())
    }
}

/// Numbers: each is a byte, by what is left of it modulo 256.
macro_rules! from_numbers {
    ($($number:ty => $byte:expr),* $(,)?) => {$(
        impl From<&[$number]> for RawData<'_> {
            fn from(numbers: &[$number]) -> Self {
                Self::of_numbers(numbers.iter().copied().map($byte))
            }
        }

        impl<const N: usize> From<&[$number; N]> for RawData<'_> {
            fn from(numbers: &[$number; N]) -> Self {
                Self::from(numbers.as_slice())
            }
        }

        impl<const N: usize> From<[$number; N]> for RawData<'_> {
            fn from(numbers: [$number; N]) -> Self {
                Self::from(numbers.as_slice())
            }
        }
    )*};
}

// Wire rule W91
from_numbers! {
    i32 => |number| number as u8,
    i64 => |number| number as u8,
    f64 => numbers::byte,
}

/// Takes what `Buffer.from(value)` takes of JSON.
///
/// # Errors
///
/// [`FormatError`] with [`codes::INVALID_DATA`] for a value that is neither text, nor a list, nor
/// the JSON of a `Buffer`.
impl TryFrom<&Value> for RawData<'_> {
    type Error = FormatError;

    fn try_from(value: &Value) -> Result<Self, FormatError> {
        let what = match value {
            Value::String(text) => return Ok(Self::from(text.clone())),
            Value::Array(items) => return Ok(Self::of_numbers(items.iter().map(numbers::byte_of))),
            Value::Object(members) => match (members.get("type"), members.get("data")) {
                (Some(Value::String(name)), Some(Value::Array(items))) if name == "Buffer" => {
                    return Ok(Self::of_numbers(items.iter().map(numbers::byte_of)));
                }
                _ => "an object",
            },
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
        };
        let message = format!("raw data is a text, a list of numbers or a Buffer, not {what}");
        Err(FormatError::new(codes::INVALID_DATA, message))
    }
}
