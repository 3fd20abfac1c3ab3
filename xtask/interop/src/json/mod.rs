//! `Json`: JSON as JavaScript sees it, to compare what two languages print.
//!
//! `serde_json` cannot do this: a string may hold lone surrogates, which no Rust string can;
//! a number keeps its text, so that a message prints as it arrived; and two values are equal if
//! JavaScript cannot tell them apart.

mod parse;
mod print;

pub(crate) use print::escape;

/// A JSON value.
#[derive(Debug, Clone)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// The number's text as it was written.
    Number(String),
    /// UTF-16 units, since JSON's escapes can name half of a surrogate pair.
    Text(Vec<u16>),
    List(Vec<Self>),
    /// Members in the order of their first appearance; of equal names the last value won.
    Object(Vec<(Vec<u16>, Self)>),
}

impl Json {
    /// Returns the member `name`, if this is an object that has it.
    pub(crate) fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(members) = self else { return None };
        members.iter().find(|(key, _)| is_text(key, name)).map(|(_, value)| value)
    }

    /// Returns the string, with U+FFFD in the place of lone surrogates, or `None` if it is none.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Text(units) => Some(String::from_utf16_lossy(units)),
            _ => None,
        }
    }

    /// Returns the string member `name`.
    pub(crate) fn text_of(&self, name: &str) -> Option<String> {
        self.get(name)?.text()
    }

    /// Returns the number as a double, as JavaScript reads it, or `None` if this is none.
    pub(crate) fn number(&self) -> Option<f64> {
        match self {
            Self::Number(text) => text.parse().ok(),
            _ => None,
        }
    }
}

/// Equal if JavaScript could not tell them apart: numbers by their double, objects without regard
/// to order.
impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a == b || self.number() == other.number(),
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::List(a), Self::List(b)) => a == b,
            (Self::Object(a), Self::Object(b)) => {
                let (mut a, mut b): (Vec<_>, Vec<_>) = (a.iter().collect(), b.iter().collect());
                a.sort_by(|x, y| x.0.cmp(&y.0));
                b.sort_by(|x, y| x.0.cmp(&y.0));
                a == b
            }
            _ => false,
        }
    }
}

fn is_text(units: &[u16], text: &str) -> bool {
    text.encode_utf16().eq(units.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::Json;

    #[track_caller]
    fn same(a: &str, b: &str) {
        assert_eq!(Json::parse(a).unwrap(), Json::parse(b).unwrap(), "{a} and {b}");
    }

    #[test]
    fn equality_is_javascripts() {
        same("1e21", "1000000000000000000000");
        same("-0", "0");
        same("9007199254740993", "9007199254740992");
        same(r#"{"a":1,"b":[2]}"#, r#"{ "b" : [ 2 ], "a" : 1.0 }"#);
        same(r#"{"a":1,"a":2}"#, r#"{"a":2}"#);
        same(r#""\ud83d\ude00\/""#, "\"\u{1f600}/\"");
    }

    #[test]
    fn different_values_differ() {
        for (a, b) in [("1", "2"), ("\"1\"", "1"), ("[1]", "[1,2]"), ("{}", "[]"), ("null", "0")] {
            assert_ne!(Json::parse(a).unwrap(), Json::parse(b).unwrap());
        }
        assert_ne!(Json::parse(r#""\ud800""#).unwrap(), Json::parse(r#""\udc00""#).unwrap());
    }

    #[test]
    fn members_are_found_by_name() {
        let value = Json::parse(r#"{"event":"message","n":2,"list":[1]}"#).unwrap();
        assert_eq!(value.text_of("event").as_deref(), Some("message"));
        assert_eq!(value.get("n").and_then(Json::number), Some(2.0));
        assert!(matches!(value.get("list"), Some(Json::List(items)) if items.len() == 1));
        assert!(value.get("nothing").is_none());
    }
}
