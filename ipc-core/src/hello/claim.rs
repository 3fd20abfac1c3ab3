//! `Claim`: what a peer says of itself, read from the arguments of its `$hello`.

use std::sync::Arc;

use super::{Token, VERSION};
use crate::Message;
use crate::protocol::builtin::{BuiltinFormat, Value};
use crate::protocol::calls::Failure;

/// What a peer says of itself with its [`Hello`](crate::Hello), before anybody has checked it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Claim {
    /// The name that it gives itself: 1 to 256 UTF-16 units. `None`: it gives none.
    pub name: Option<Arc<str>>,
    /// What it shows as a proof: at most 8,192 bytes. `None`: it shows nothing.
    pub token: Option<Token>,
}

impl Claim {
    /// Reads it from a call of `$hello`, or returns what to answer.
    pub(crate) fn read(format: &dyn BuiltinFormat, call: &Message) -> Result<Self, Failure> {
        let args = format.read_value(call).map_err(|error| Failure::invalid_args(&error))?;
        Self::of(&args)
    }

    /// Reads it from the arguments of `$hello`, or returns what to answer.
    fn of(args: &Value) -> Result<Self, Failure> {
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
        let token = match args.get("token") {
            None => None,
            Some(Value::Text(token)) if token.len() > MAX_TOKEN => {
                let actual = token.len();
                let message = format!("the token has {actual} bytes, the limit is {MAX_TOKEN}");
                return Err(invalid(message));
            }
            Some(Value::Text(token)) => Some(Token::from(&**token)),
            Some(_) => return Err(invalid("the token is no text".to_owned())),
        };
        Ok(Self { name, token })
    }
}

/// How many UTF-16 units a name has at most.
const MAX_NAME: usize = 256;

/// How many bytes a token has at most: more than any kind of signed token needs.
pub(super) const MAX_TOKEN: usize = 8192;

#[cfg(test)]
mod tests {
    use super::*;

    fn code(args: Value) -> String {
        match Claim::of(&args) {
            Ok(claim) => format!("ok {}", claim.name.as_deref().unwrap_or("-")),
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
        assert_eq!(code(Value::map([v(), ("token", "x".repeat(8192).into())])), "ok -");
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
            (Value::map([v(), ("token", 7.into())]), "invalid_args: the token is no text"),
            (
                Value::map([v(), ("token", "x".repeat(8193).into())]),
                "invalid_args: the token has 8193 bytes, the limit is 8192",
            ),
        ] {
            assert_eq!(code(args), answer);
        }
    }
}
