//! `HelloEnd`: what has become of a client's `$hello`.

use super::Greeting;
use crate::calls::CallError;
use crate::protocol::builtin::Value;

/// What has become of a client's `$hello`.
#[derive(Debug)]
pub(crate) enum HelloEnd {
    Greeted(Greeting),
    /// The server knows it, and does not accept this one.
    Refused(CallError),
    /// The answer is one of a peer that does not know it.
    Plain,
}

impl HelloEnd {
    /// Returns what the outcome of the call says; `None` if it was not answered, since the connection has
    /// ended.
    pub(crate) fn of(outcome: Result<Value, CallError>) -> Option<Self> {
        Some(match outcome {
            Ok(answer) => Greeting::from_value(&answer).map_or(Self::Plain, Self::Greeted),
            Err(CallError::Disconnected { .. } | CallError::Closed { .. }) => return None,
            Err(error) if REFUSALS.contains(&error.code()) => Self::Refused(error),
            // A plain peer answers any call, with whatever error it has for an unknown one.
            Err(_) => Self::Plain,
        })
    }
}

/// What a server answers that knows `$hello` and does not accept this one.
const REFUSALS: [&str; 6] = [
    "invalid_args",
    "unsupported_version",
    "repeated_hello",
    "identity_in_use",
    "refused",
    "denied",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Failure;
    use crate::protocol::calls::Sent;

    #[test]
    fn an_answer_is_a_greeting_a_refusal_or_that_of_a_plain_peer() {
        let text = |outcome| match HelloEnd::of(outcome) {
            Some(HelloEnd::Greeted(_)) => "greeted",
            Some(HelloEnd::Refused(_)) => "refused",
            Some(HelloEnd::Plain) => "plain",
            None => "not answered",
        };
        assert_eq!(text(Ok(Value::map([("v", 1.into())]))), "greeted");
        assert_eq!(text(Ok(Value::Null)), "plain");
        let failed = |code: &str| text(Err(CallError::from(Failure::new(code, "no"))));
        for code in REFUSALS {
            assert_eq!(failed(code), "refused", "{code}");
        }
        for code in ["unknown_method", "error", "TypeError"] {
            assert_eq!(failed(code), "plain", "{code}");
        }
        let sent = Sent::Maybe;
        assert_eq!(text(Err(CallError::Disconnected { sent })), "not answered");
        assert_eq!(text(Err(CallError::Closed { sent })), "not answered");
    }
}
