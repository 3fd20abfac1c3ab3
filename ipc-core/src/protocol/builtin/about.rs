//! `About`: what a side says of itself, in answer to `$info`.

use super::Value;

/// What a side says of itself: the answer to the built-in method `$info`, which `about` of a client or a
/// peer asks for.
///
/// All of it is the peer's own word.
///
/// # Examples
///
/// ```
/// use ipc_core::protocol::builtin::{About, Value};
///
/// let method = Value::map([("name", "rows".into()), ("stream", true.into())]);
/// let value = Value::map([("pid", 42.into()), ("methods", Value::list([method]))]);
/// let about = About::from_value(&value).unwrap();
/// assert_eq!(about.pid, Some(42));
/// assert!(about.methods.unwrap()[0].stream);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct About {
    /// The name of the program or server, if it was given one.
    pub name: Option<Box<str>>,
    /// The version of the library that answers.
    pub version: Option<Box<str>>,
    /// The process.
    pub pid: Option<u64>,
    /// The methods that it answers, by name. `None` if it cannot tell: a program that takes calls one by
    /// one, as with the blocking driver, decides when they come.
    pub methods: Option<Vec<AboutMethod>>,
    /// How many further methods there are: at most [`MAX_METHODS`](Self::MAX_METHODS) are listed.
    pub methods_left: u64,
    /// What it can do beyond calls that are answered once, such as `streams`.
    pub features: Vec<Box<str>>,
}

/// A method that a side answers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AboutMethod {
    /// Its name.
    pub name: Box<str>,
    /// Whether it answers with a stream of items.
    pub stream: bool,
}

impl About {
    /// How many methods are listed at the most: 1,024.
    pub const MAX_METHODS: usize = 1024;

    /// Sets the methods: the first of these by name.
    #[must_use]
    pub fn with_methods(self, methods: impl IntoIterator<Item = (Box<str>, bool)>) -> Self {
        let mut methods: Vec<_> = methods.into_iter().collect();
        methods.sort_unstable();
        let methods_left = methods.len().saturating_sub(Self::MAX_METHODS) as u64;
        methods.truncate(Self::MAX_METHODS);
        let methods = methods.into_iter().map(|(name, stream)| AboutMethod { name, stream });
        Self { methods: Some(methods.collect()), methods_left, ..self }
    }

    /// Returns it as the result of `$info`.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let method = |method: &AboutMethod| {
            Value::map([("name", method.name.clone().into()), ("stream", method.stream.into())])
        };
        let methods = self.methods.as_ref().map(|methods| Value::list(methods.iter().map(method)));
        Value::map([
            ("name", self.name.clone().into()),
            ("version", self.version.clone().into()),
            ("pid", self.pid.into()),
            ("methods", methods.into()),
            ("methods_left", Some(self.methods_left).filter(|left| *left > 0).into()),
            ("features", Value::list(self.features.iter().cloned())),
        ])
    }

    /// Returns what a result of `$info` says, or `None` if it is no map. What is missing in it, or of
    /// another kind, is left out.
    #[must_use]
    pub fn from_value(value: &Value) -> Option<Self> {
        let Value::Map(_) = value else { return None };
        let text = |key| value.get(key).and_then(Value::as_text).map(Into::into);
        let number = |key| value.get(key).and_then(Value::as_u64);
        let methods = match value.get("methods") {
            Some(Value::List(methods)) => {
                Some(methods.iter().filter_map(AboutMethod::of).collect())
            }
            _ => None,
        };
        let features = value.get("features").map_or(&[][..], Value::as_list).iter();
        Some(Self {
            name: text("name"),
            version: text("version"),
            pid: number("pid"),
            methods,
            methods_left: number("methods_left").unwrap_or_default(),
            features: features.filter_map(Value::as_text).map(Into::into).collect(),
        })
    }
}

impl AboutMethod {
    fn of(value: &Value) -> Option<Self> {
        let name = value.get("name")?.as_text()?.into();
        Some(Self { name, stream: value.get("stream").and_then(Value::as_bool) == Some(true) })
    }
}
