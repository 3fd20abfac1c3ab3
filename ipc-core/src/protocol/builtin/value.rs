//! `Value`: what the arguments and results of built-in methods are made of.

/// What the arguments and results of built-in methods are made of: the values that JSON has.
///
/// With the feature `serde` (or `msgpack`, which brings it) it is `Serialize` and `Deserialize`.
/// One that is read has at most 16 levels (`MAX_DEPTH`), 16,384 values (`MAX_VALUES`) and 1 MiB of text
/// (`MAX_BYTES`): reading stops there with an error, so that what a peer sends never costs more.
///
/// # Examples
///
/// ```
/// use ipc_core::protocol::builtin::Value;
///
/// let value = Value::map([("v", Value::from(1)), ("features", Value::list(["streams"]))]);
/// assert_eq!(value.get("v").and_then(Value::as_u64), Some(1));
/// assert_eq!(value.get("features").unwrap().as_list().len(), 1);
/// assert_eq!(value.get("name"), None);
/// ```
#[derive(Debug, Clone, PartialEq, Default)]
#[expect(clippy::exhaustive_enums, reason = "JSON has these, and a format has to write each")]
pub enum Value {
    /// Nothing.
    #[default]
    Null,
    /// True or false.
    Bool(bool),
    /// A number, as JavaScript has it. A whole one is written without a fraction.
    Number(f64),
    /// Text.
    Text(Box<str>),
    /// A list.
    List(Vec<Self>),
    /// A map, its members in the order in which they are written. Of members with the same key the
    /// last one counts.
    Map(Vec<(Box<str>, Self)>),
}

impl Value {
    /// How many lists and maps may be within each other in a value that is read: 16.
    pub const MAX_DEPTH: usize = 16;
    /// How many values there may be in one that is read, those in lists and maps included: 16,384.
    pub const MAX_VALUES: usize = 16 * 1024;
    /// How many bytes all texts of a value that is read may have together, the keys of maps included:
    /// 1 MiB.
    pub const MAX_BYTES: usize = 1024 * 1024;

    /// Returns a map of these members, without those that are [`Value::Null`].
    pub fn map<'a>(members: impl IntoIterator<Item = (&'a str, Self)>) -> Self {
        let members = members.into_iter().filter(|(_, value)| *value != Self::Null);
        Self::Map(members.map(|(key, value)| (key.into(), value)).collect())
    }

    /// Returns a list of these.
    pub fn list<T: Into<Self>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::List(items.into_iter().map(Into::into).collect())
    }

    /// Returns the member of a map with this key. A member that is `null` is as good as none.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Map(members) = self else { return None };
        let found = members.iter().rfind(|(name, _)| **name == *key);
        found.map(|(_, value)| value).filter(|value| **value != Self::Null)
    }

    /// Returns the text, if it is one.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the truth value, if it is one.
    #[must_use]
    pub const fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Returns the number, if it is one.
    #[must_use]
    pub const fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns the number, if it is a whole one from 0 to 2^53 - 1.
    #[must_use]
    pub fn as_u64(&self) -> Option<u64> {
        let whole = whole(self.as_number()?)?;
        u64::try_from(whole).ok()
    }

    /// Returns the items, if it is a list, and otherwise none.
    #[must_use]
    pub fn as_list(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            _ => &[],
        }
    }
}

/// Returns the number as an integer, if it is one that JavaScript tells from its neighbours.
#[expect(clippy::cast_possible_truncation, reason = "what is that small has no fraction to lose")]
pub(super) fn whole(number: f64) -> Option<i64> {
    let is_whole = number.trunc() == number && number.abs() <= MAX_WHOLE;
    is_whole.then_some(number as i64)
}

/// 2^53 - 1.
const MAX_WHOLE: f64 = 9_007_199_254_740_991.0;

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Number(number.into())
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

/// Exact up to 2^53.
impl From<u64> for Value {
    #[expect(clippy::cast_precision_loss, reason = "as the documentation says")]
    fn from(number: u64) -> Self {
        Self::Number(number as f64)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<Box<str>> for Value {
    fn from(text: Box<str>) -> Self {
        Self::Text(text)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<Vec<Self>> for Value {
    fn from(items: Vec<Self>) -> Self {
        Self::List(items)
    }
}

/// `None` is [`Value::Null`].
impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
