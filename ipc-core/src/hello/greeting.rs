//! `Greeting`: what a server answers to `$hello`.

use super::VERSION;
use crate::PeerId;
use crate::protocol::builtin::Value;

/// What the server has answered to this client's [`Hello`](crate::Hello). All of it is its own word.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Greeting {
    /// The number that the server gives this connection.
    pub peer: Option<PeerId>,
    /// The server's number of 16 hexadecimal digits, random for each: another one is another server, or the
    /// same after a restart.
    pub server: Option<Box<str>>,
    /// What the server can do beyond calls that are answered once, such as `streams`.
    pub features: Vec<Box<str>>,
}

impl Greeting {
    pub(crate) fn to_value(&self) -> Value {
        Value::map([
            ("v", VERSION.into()),
            ("peer", self.peer.map(PeerId::get).into()),
            ("server", self.server.clone().into()),
            ("features", Value::list(self.features.iter().cloned())),
        ])
    }

    /// Returns what an answer says, or `None` if it is not one to `$hello`: a plain peer may answer any
    /// call.
    pub(crate) fn from_value(value: &Value) -> Option<Self> {
        value.get("v")?.as_u64()?;
        let features = value.get("features").map_or(&[][..], Value::as_list).iter();
        Some(Self {
            peer: value.get("peer").and_then(Value::as_u64).map(PeerId),
            server: value.get("server").and_then(Value::as_text).map(Into::into),
            features: features.filter_map(Value::as_text).map(Into::into).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_as_it_was_written() {
        let features = vec!["streams".into()];
        let server = Some("0123456789abcdef".into());
        let greeting = Greeting { peer: Some(PeerId(7)), server, features };
        assert_eq!(Greeting::from_value(&greeting.to_value()), Some(greeting));
        let bare = Greeting { peer: None, server: None, features: Vec::new() };
        let other = Value::map([("v", 2.into()), ("peer", "x".into()), ("server", 7.into())]);
        assert_eq!(Greeting::from_value(&other), Some(bare));
        for other in [Value::Null, "hello".into(), Value::map([]), Value::map([("v", "1".into())])]
        {
            assert_eq!(Greeting::from_value(&other), None, "{other:?}");
        }
    }
}
