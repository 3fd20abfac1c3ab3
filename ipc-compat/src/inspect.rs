//! `Inspect`: values for log lines, as node-ipc shows them.

use std::fmt::{self, Write};

use serde::Serialize;
use serde_json::Value;

/// A value formatted for a log line: like Node's `util.inspect`, but on one line.
///
/// Members are sorted by name. Values deeper than the config's `log_depth` are shown as `[Object]` or
/// `[Array]`, and of a list or an object the first 100 members. With `log_in_color` the values are
/// coloured with ANSI escapes. Control characters are escaped, so that a peer cannot forge lines.
///
/// Formatting is lazy: a line that is not logged costs nothing.
///
/// # Examples
///
/// ```
/// use ipc_compat::Inspect;
/// use serde_json::json;
///
/// let value = json!({"name": "it's", "deep": {"deeper": {"list": [1, null]}}});
/// let shown = Inspect::new(&value).with_depth(1).to_string();
/// assert_eq!(shown, r#"{ deep: { deeper: [Object] }, name: "it's" }"#);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Inspect<'a, T: ?Sized> {
    value: &'a T,
    depth: u32,
    color: bool,
}

impl<'a, T: Serialize + ?Sized> Inspect<'a, T> {
    /// Returns the value shown to a depth of 5, without colours.
    pub fn new(value: &'a T) -> Self {
        Self { value, depth: 5, color: false }
    }

    /// Sets how deep it is shown; at 0 only its own members.
    #[must_use]
    pub fn with_depth(self, depth: u32) -> Self {
        Self { depth, ..self }
    }

    /// Sets whether it is coloured.
    #[must_use]
    pub fn with_color(self, color: bool) -> Self {
        Self { color, ..self }
    }
}

impl<T: Serialize + ?Sized> fmt::Display for Inspect<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match serde_json::to_value(self.value) {
            Ok(value) => Pen { f, depth: self.depth, color: self.color }.value(&value, 0),
            Err(error) => write!(f, "[{error}]"),
        }
    }
}

struct Pen<'a, 'f> {
    f: &'a mut fmt::Formatter<'f>,
    depth: u32,
    color: bool,
}

impl Pen<'_, '_> {
    fn value(&mut self, value: &Value, depth: u32) -> fmt::Result {
        match value {
            Value::Null => self.colored(("\x1b[1m", "\x1b[22m"), "null"),
            Value::Bool(value) => self.colored(YELLOW, value),
            Value::Number(value) => self.colored(YELLOW, value),
            Value::String(text) => self.colored(GREEN, Quoted(text)),
            Value::Array(items) if items.is_empty() => self.f.write_str("[]"),
            Value::Object(members) if members.is_empty() => self.f.write_str("{}"),
            Value::Array(_) if depth > self.depth => self.colored(CYAN, "[Array]"),
            Value::Object(_) if depth > self.depth => self.colored(CYAN, "[Object]"),
            Value::Array(items) => {
                self.members(("[", "]"), items.len(), items, |pen, item| pen.value(item, depth + 1))
            }
            Value::Object(members) => {
                self.members(("{", "}"), members.len(), members, |pen, (name, value)| {
                    pen.name(name)?;
                    pen.f.write_str(": ")?;
                    pen.value(value, depth + 1)
                })
            }
        }
    }

    fn members<I: IntoIterator>(
        &mut self,
        (open, close): (&str, &str),
        length: usize,
        members: I,
        mut show: impl FnMut(&mut Self, I::Item) -> fmt::Result,
    ) -> fmt::Result {
        self.f.write_str(open)?;
        for (index, member) in members.into_iter().take(MAX_MEMBERS).enumerate() {
            self.f.write_str(if index == 0 { " " } else { ", " })?;
            show(self, member)?;
        }
        match length.saturating_sub(MAX_MEMBERS) {
            0 => {}
            1 => self.f.write_str(", ... 1 more item")?,
            more => write!(self.f, ", ... {more} more items")?,
        }
        write!(self.f, " {close}")
    }

    fn name(&mut self, name: &str) -> fmt::Result {
        let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
        let plain = name.starts_with(letter)
            && name.chars().all(|c| letter(c) || c.is_ascii_digit())
            && name != "__proto__";
        if plain { self.f.write_str(name) } else { self.colored(GREEN, Quoted(name)) }
    }

    fn colored(&mut self, (on, off): (&str, &str), shown: impl fmt::Display) -> fmt::Result {
        if self.color { write!(self.f, "{on}{shown}{off}") } else { write!(self.f, "{shown}") }
    }
}

/// A text in quotes, of a kind that does not occur in it if possible.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has = |text| self.0.contains(text);
        let quote = match (has("'"), has("\""), has("`") || has("${")) {
            (false, ..) => '\'',
            (true, false, _) => '"',
            (true, true, false) => '`',
            (true, true, true) => '\'',
        };
        f.write_char(quote)?;
        for character in self.0.chars() {
            match character {
                '\x08' => f.write_str("\\b")?,
                '\t' => f.write_str("\\t")?,
                '\n' => f.write_str("\\n")?,
                '\x0c' => f.write_str("\\f")?,
                '\r' => f.write_str("\\r")?,
                '\\' => f.write_str("\\\\")?,
                c if c == quote => write!(f, "\\{c}")?,
                c if c.is_control() => write!(f, "\\x{:02X}", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        f.write_char(quote)
    }
}

const YELLOW: (&str, &str) = ("\x1b[33m", "\x1b[39m");
const GREEN: (&str, &str) = ("\x1b[32m", "\x1b[39m");
const CYAN: (&str, &str) = ("\x1b[36m", "\x1b[39m");

/// The number of members shown of a list or an object, as in Node for lists.
const MAX_MEMBERS: usize = 100;
