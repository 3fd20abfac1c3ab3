//! `$sub` and `$unsub`: the topics that a peer wants of this server.

use std::collections::BTreeSet;

use super::Reply;
use crate::error::Error;
use crate::groups::TooManyPatterns;
use crate::protocol::builtin::{BuiltinFormat, SUB, Value};
use crate::protocol::calls::Failure;
use crate::runtime::server::directory::{Directory, too_many};
use crate::{Denied, Message, MessageFormat, OnDenied, Pattern, Peer};

/// Subscribes the peer to what it asks for, all of it or nothing, or ends what it asks to end. A notice
/// does the same and is not answered. Sets `denied` if the peer may not have one of them.
pub(super) fn answer<F: MessageFormat>(
    peer: &Peer<F>,
    format: &dyn BuiltinFormat,
    method: &str,
    args: &Message,
    denied: &mut Option<Error>,
) -> Reply {
    // A client has no directory: it publishes nothing.
    let Some(directory) = &peer.config().directory else {
        return Err(Failure::unknown_method(method));
    };
    let args = format.read_value(args).map_err(|error| Failure::invalid_args(&error))?;
    let topics = if method == SUB {
        let patterns = patterns(directory, &args)?;
        if let Some(pattern) = patterns.iter().find(|pattern| !may_have(peer, pattern)) {
            // The connection shortens the name and says what follows.
            let (what, name) = (Denied::Topic, pattern.as_str().to_owned());
            *denied = Some(Error::Denied { what, name, then: OnDenied::Report });
            return Err(Failure::denied(&format!(
                "this peer may not subscribe to {:?}",
                pattern.as_str()
            )));
        }
        directory.subscribe(peer, &patterns)?
    } else if args == Value::Null {
        directory.unsubscribe(peer.id(), None)
    } else {
        directory.unsubscribe(peer.id(), Some(&patterns(directory, &args)?))
    };
    Ok(Some(Value::map([("topics", Value::from(topics as u64))])))
}

/// Returns whether the peer may subscribe to all that the pattern matches.
fn may_have<F: MessageFormat>(peer: &Peer<F>, pattern: &Pattern) -> bool {
    peer.restrictions().is_none_or(|restrictions| restrictions.allow.permits_topic(pattern))
}

/// Returns the patterns that the arguments list.
fn patterns(directory: &Directory, args: &Value) -> Result<BTreeSet<Pattern>, Failure> {
    let invalid = |why: String| Failure::new("invalid_args", why);
    let Value::List(items) = args else {
        return Err(invalid("the arguments are no list of patterns".to_owned()));
    };
    // Before anything is read of a list that cannot be served.
    let (limit, actual) = (directory.topics_per_peer(), items.len());
    if actual > limit {
        return Err(too_many(&TooManyPatterns::PerId { limit, actual }));
    }
    let mut patterns = BTreeSet::new();
    for (number, item) in (1..).zip(items) {
        let text = item.as_text();
        let text = text.ok_or_else(|| invalid(format!("item {number} of the list is no text")))?;
        let pattern = Pattern::new(text);
        let pattern = pattern.map_err(|error| invalid(format!("item {number}: {error}")))?;
        patterns.insert(pattern);
    }
    Ok(patterns)
}
