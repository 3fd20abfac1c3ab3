//! `Said`: what a peer has said of itself, read from the arguments of its `$hello`.

use std::sync::Arc;

use super::VERSION;
use crate::protocol::builtin::Value;
use crate::protocol::calls::Failure;

/// What a peer has said of itself.
// No `Debug`, so that what will be read of it besides the name is never shown.
pub(crate) struct Said {
    pub(crate) name: Option<Arc<str>>,
}

impl Said {
    /// Reads it from the arguments of `$hello`, or returns what to answer.
    pub(crate) fn of(args: &Value) -> Result<Self, Failure> {
        let invalid = |message: String| Failure::new("invalid_args", message);
        if !matches!(args, Value::Map(_)) {
            return Err(invalid("what $hello takes is a map".to_owned()));
        }
        match args.get("v").map(Value::as_u64) {
            Some(Some(version)) if version == u64::from(VERSION) => {}
            Some(Some(version)) => {
                let message = format!("this is version {version} of $hello, {VERSION} is spoken");
                return Err(Failure::new("unsupported_version", message));
            }
            _ => return Err(invalid("$hello has no version `v`".to_owned())),
        }
        let name = match args.get("name") {
            None => None,
            Some(Value::Text(name)) => Some(Arc::from(&**name)),
            Some(_) => return Err(invalid("the name is no text".to_owned())),
        };
        match name.as_deref().map(|name: &str| name.encode_utf16().count()) {
            Some(0) => return Err(invalid("the name is empty".to_owned())),
            Some(actual) if actual > MAX_NAME => {
                let message =
                    format!("the name has {actual} UTF-16 units, the limit is {MAX_NAME}");
                return Err(invalid(message));
            }
            _ => {}
        }
        Ok(Self { name })
    }
}

/// How many UTF-16 units a name has at most.
const MAX_NAME: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    fn code(args: Value) -> String {
        match Said::of(&args) {
            Ok(said) => format!("ok {}", said.name.as_deref().unwrap_or("-")),
            Err(failure) => format!("{}: {}", failure.code, failure.message),
        }
    }

    #[test]
    fn each_wrong_argument_has_its_answer() {
        let v = || ("v", Value::from(1));
        assert_eq!(code(Value::map([v(), ("name", "alice".into())])), "ok alice");
        assert_eq!(code(Value::map([v(), ("more", true.into())])), "ok -");
        // As many units as there may be, and twice as many bytes.
        let longest = "ä".repeat(256);
        assert_eq!(
            code(Value::map([v(), ("name", longest.as_str().into())])),
            format!("ok {longest}")
        );
        for (args, answer) in [
            (Value::Null, "invalid_args: what $hello takes is a map"),
            (Value::list(["alice"]), "invalid_args: what $hello takes is a map"),
            (Value::map([("name", "alice".into())]), "invalid_args: $hello has no version `v`"),
            (Value::map([("v", "1".into())]), "invalid_args: $hello has no version `v`"),
            (Value::map([("v", 0.5.into())]), "invalid_args: $hello has no version `v`"),
            (
                Value::map([("v", 2.into()), ("name", 7.into())]),
                "unsupported_version: this is version 2 of $hello, 1 is spoken",
            ),
            (Value::map([v(), ("name", 7.into())]), "invalid_args: the name is no text"),
            (Value::map([v(), ("name", "".into())]), "invalid_args: the name is empty"),
            (
                Value::map([v(), ("name", "😀".repeat(129).into())]),
                "invalid_args: the name has 258 UTF-16 units, the limit is 256",
            ),
        ] {
            assert_eq!(code(args), answer);
        }
    }
}
