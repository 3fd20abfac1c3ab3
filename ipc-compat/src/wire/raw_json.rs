//! `RawJson` and `NoData`: payloads that are JSON already, and none at all.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use bytes::{Bytes, BytesMut};
use ipc_core::FormatError;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, IgnoredAny};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::{BrokenText, payload};
use crate::codes;

/// One JSON value exactly as it is on the wire, neither parsed nor copied.
///
/// As a payload it passes through byte for byte, in every dialect: numbers keep their digits,
/// members their order, a lone surrogate stays an escape, and `null` is `null`. (White space
/// is removed where it would be taken for the delimiter.) A frame without data has no such value: a
/// handler that should also run for it takes an `Option<RawJson>`.
///
/// As a member of a larger payload it can be received, with a copy; to send one use [`RawValue`],
/// which serde supports.
///
/// # Examples
///
/// ```
/// use ipc_compat::RawJson;
///
/// let json: RawJson = r#"{"n":123456789012345678901234567890}"#.parse()?;
/// assert_eq!(json.as_str(), r#"{"n":123456789012345678901234567890}"#);
/// let answer: Vec<u8> = RawJson::from_value(&[1, 2])?.parse()?;
/// assert_eq!(answer, [1, 2]);
/// # Ok::<(), ipc_core::FormatError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RawJson {
    /// Invariant: UTF-8, one JSON value, no white space around it.
    json: Bytes,
}

impl RawJson {
    /// Returns `json` after checking that it is one JSON value. White space around it is removed.
    ///
    /// # Errors
    ///
    /// [`FormatError`] with [`codes::INVALID_JSON`] if it is not UTF-8 or not one JSON value.
    pub fn new(json: impl Into<Bytes>) -> Result<Self, FormatError> {
        let json = json.into();
        let text = std::str::from_utf8(&json).map_err(not_json)?;
        let mut deserializer = serde_json::Deserializer::from_str(text);
        IgnoredAny::deserialize(&mut deserializer).map_err(not_json)?;
        deserializer.end().map_err(not_json)?;
        let value = text.trim_matches(['\t', '\n', '\r', ' ']).as_bytes();
        Ok(Self { json: json.slice_ref(value) })
    }

    /// Returns `value` as JSON.
    ///
    /// # Errors
    ///
    /// [`FormatError`] with [`codes::UNSERIALIZABLE`] if it has no JSON, such as a map whose keys
    /// are not strings.
    pub fn from_value<T: Serialize + ?Sized>(value: &T) -> Result<Self, FormatError> {
        serde_json::to_vec(value).map(|json| Self { json: json.into() }).map_err(|error| {
            FormatError::new(codes::UNSERIALIZABLE, format!("value has no JSON: {error}"))
        })
    }

    /// Returns the payload of a decoded message, which its decoder has checked to be JSON.
    pub(super) fn from_payload(json: Bytes) -> Self {
        Self { json }
    }

    /// Returns the JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // The invariant excludes the default, except for a message built by hand from other bytes,
        // which reads as empty text.
        std::str::from_utf8(&self.json).unwrap_or_default()
    }

    /// Returns the JSON text's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.json
    }

    /// Returns the JSON text's bytes without copying them.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.json
    }

    /// Returns the value as a `T`.
    ///
    /// # Errors
    ///
    /// [`FormatError`] with [`codes::INVALID_DATA`] if it is not a `T`, or contains text that is not
    /// Unicode.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, FormatError> {
        payload::seeded(Some(&self.json), BrokenText::Refuse, PhantomData::<T>)
    }

    /// Returns the value as a `T`, with U+FFFD for every escape of half a surrogate pair.
    ///
    /// # Errors
    ///
    /// [`FormatError`] with [`codes::INVALID_DATA`] if it is not a `T`.
    pub fn parse_lossy<T: DeserializeOwned>(&self) -> Result<T, FormatError> {
        payload::seeded(Some(&self.json), BrokenText::Replace, PhantomData::<T>)
    }
}

/// Shows the length only: payloads can be secret and large.
impl fmt::Debug for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawJson").field("bytes", &self.json.len()).finish()
    }
}

impl fmt::Display for RawJson {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RawJson {
    type Err = FormatError;

    fn from_str(json: &str) -> Result<Self, FormatError> {
        Self::new(BytesMut::from(json).freeze())
    }
}

/// Works with `serde_json`'s deserializers only, since only they have the JSON text.
impl<'de> Deserialize<'de> for RawJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(Self::from)
    }
}

impl From<&RawValue> for RawJson {
    fn from(value: &RawValue) -> Self {
        Self { json: BytesMut::from(value.get()).freeze() }
    }
}

impl From<Box<RawValue>> for RawJson {
    fn from(value: Box<RawValue>) -> Self {
        let text: Box<str> = value.into();
        Self { json: text.into_boxed_bytes().into() }
    }
}

/// No payload, like node-ipc's `emit` without data. It is sent as `{}`, in every dialect.
///
/// # Examples
///
/// ```
/// # use bytes::BytesMut;
/// # use ipc_compat::{NoData, NodeFormat};
/// # use ipc_core::EncodePayload;
/// let mut frame = BytesMut::new();
/// NodeFormat::v14().encode("ready", &NoData, &mut frame)?;
/// assert_eq!(frame, r#"{"type":"ready","data":{}}"#);
/// # Ok::<(), ipc_core::FormatError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[expect(
    clippy::exhaustive_structs,
    reason = "it is written as a value and will never have a field"
)]
pub struct NoData;

// Wire rule W5
impl Serialize for NoData {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_map(Some(0))?.end()
    }
}

fn not_json(error: impl fmt::Display) -> FormatError {
    FormatError::new(codes::INVALID_JSON, format!("text is not JSON: {error}"))
}
