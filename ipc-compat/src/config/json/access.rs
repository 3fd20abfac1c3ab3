//! The settings of who may connect to a server, and what a client may do.

use ipc_core::{Access, Admits, Allow, Denied, OnDenied, OverRate, Pattern, Rate};
use ipc_transport::{group_id, user_id};
use serde_json::{Map, Value, json};

use super::Problem;
use super::nested::members;
use super::read::{Read, flag, is_unset, numbered, text};

pub(super) fn access(value: &Value) -> Read<Access> {
    if is_unset(value) {
        return Ok(Access::any());
    }
    let mut access: Option<Access> = None;
    for (name, value) in members(value)? {
        let rule = match name.as_str() {
            "sameUser" => flag(value).map(|same| same.then(Access::same_user)),
            "users" => {
                let user = |value: &_| {
                    numbered(value, user_id, "the number or name of a user of this machine")
                };
                items(value, user).map(|users| users.map(Access::users))
            }
            "groups" => {
                let group = |value: &_| {
                    numbered(value, group_id, "the number or name of a group of this machine")
                };
                items(value, group).map(|groups| groups.map(Access::groups))
            }
            _ => return Err(Problem::unknown(name)),
        };
        let rule = rule.map_err(|problem| problem.within(name, value))?;
        access = match (access, rule) {
            (Some(one), Some(other)) => Some(one.or(other)),
            (one, other) => one.or(other),
        };
    }
    access
        .ok_or_else(|| Problem::allowed("false or an object with `sameUser`, `users` or `groups`"))
}

/// What a function of the program decides cannot be written: what is written instead is refused when it is read,
/// so that no one is let in by mistake.
pub(super) fn access_to_json(access: &Access) -> Value {
    let mut rules = Map::new();
    for admits in access.admits() {
        let (name, ids) = match admits {
            Admits::Any => return false.into(),
            Admits::SameUser => {
                rules.insert("sameUser".to_owned(), true.into());
                continue;
            }
            Admits::Users(uids) => ("users", uids),
            Admits::Groups(gids) => ("groups", gids),
            _ => return "a function of the program".into(),
        };
        let listed = rules.entry(name).or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(listed) = listed {
            listed.extend(ids.iter().map(|id| Value::from(*id)));
        }
    }
    rules.into()
}

pub(super) fn allow(value: &Value) -> Read<Allow> {
    let mut allow = Allow::new();
    if is_unset(value) {
        return Ok(allow);
    }
    for (name, value) in members(value)? {
        let set = match name.as_str() {
            "events" => Allow::events,
            "calls" => Allow::calls,
            "topics" => Allow::topics,
            _ => return Err(Problem::unknown(name)),
        };
        let names = items(value, pattern).map_err(|problem| problem.within(name, value))?;
        if let Some(names) = names {
            allow = set(allow, names).map_err(|_| Problem::allowed(PATTERNS))?;
        }
    }
    Ok(allow)
}

pub(super) fn allow_to_json(allow: &Allow) -> Value {
    let list = |of| allow.list(of).map_or_else(|| false.into(), Value::from);
    let lists = [Denied::Event, Denied::Call, Denied::Topic].map(list);
    let [events, calls, topics] = lists;
    if [&events, &calls, &topics].into_iter().all(is_unset) {
        return false.into();
    }
    json!({"events": events, "calls": calls, "topics": topics})
}

pub(super) fn rate(value: &Value) -> Read<Option<Rate>> {
    if is_unset(value) {
        return Ok(None);
    }
    let (mut messages, mut burst, mut bytes, mut over) = (None, None, None, OverRate::default());
    for (name, value) in members(value)? {
        let read = match name.as_str() {
            "messages" => whole(value).map(|number| messages = Some(number)),
            "burst" => whole(value).map(|number| burst = Some(number)),
            "bytes" if is_unset(value) => Ok(()),
            "bytes" => many(value).map(|number| bytes = Some(number)),
            "over" => over_rate(value).map(|then| over = then),
            _ => return Err(Problem::unknown(name)),
        };
        read.map_err(|problem| problem.within(name, value))?;
    }
    let messages =
        messages.ok_or_else(|| Problem::allowed("false or an object with `messages`"))?;
    let mut rate = Rate::messages(messages).over(over);
    // One that says what holds without it makes the same rate.
    if let Some(burst) = burst.filter(|burst| *burst != messages) {
        rate = rate.burst(burst);
    }
    Ok(Some(bytes.map_or(rate, |bytes| rate.bytes(bytes))))
}

pub(super) fn rate_to_json(rate: &Option<Rate>) -> Value {
    let Some(rate) = rate else { return false.into() };
    let over = OVER_RATE.iter().find(|(_, over)| *over == rate.when_over());
    json!({
        "messages": rate.messages_per_second(),
        "burst": rate.burst_messages(),
        "bytes": rate.bytes_per_second().map_or_else(|| Value::from(false), Value::from),
        "over": over.map(|(name, _)| *name),
    })
}

pub(super) fn on_denied(value: &Value) -> Read<OnDenied> {
    named(value, &ON_DENIED).ok_or_else(|| Problem::allowed("report or close"))
}

pub(super) fn on_denied_to_json(then: &OnDenied) -> Value {
    ON_DENIED
        .iter()
        .find(|(_, known)| known == then)
        .map_or(Value::Null, |(name, _)| (*name).into())
}

fn over_rate(value: &Value) -> Read<OverRate> {
    named(value, &OVER_RATE).ok_or_else(|| Problem::allowed("throttle, drop or close"))
}

fn named<T: Copy>(value: &Value, names: &[(&str, T)]) -> Option<T> {
    names.iter().find(|(name, _)| value == name).map(|(_, meaning)| *meaning)
}

fn whole(value: &Value) -> Read<u32> {
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    let number = number.filter(|number| *number > 0);
    number.ok_or_else(|| Problem::allowed("a whole number from 1 to 4294967295"))
}

fn many(value: &Value) -> Read<u64> {
    let number = value.as_u64().filter(|number| *number > 0);
    number.ok_or_else(|| Problem::allowed("false or a whole number from 1"))
}

fn pattern(value: &Value) -> Read<String> {
    let text = text(value).map_err(|_| Problem::allowed(PATTERNS))?;
    Pattern::new(&text).map_err(|_| Problem::allowed(PATTERNS))?;
    Ok(text)
}

/// Reads a list, whose wrong item is the value that an error shows; not set is none.
fn items<T>(value: &Value, read: impl Fn(&Value) -> Read<T>) -> Read<Option<Vec<T>>> {
    if is_unset(value) {
        return Ok(None);
    }
    let items = value.as_array().ok_or_else(|| Problem::allowed("false or a list"))?;
    let read = |item| read(item).map_err(|problem| problem.of(item));
    items.iter().map(read).collect::<Read<_>>().map(Some)
}

const PATTERNS: &str = "a name or a pattern such as app.* or log.>";
const OVER_RATE: [(&str, OverRate); 3] =
    [("throttle", OverRate::Throttle), ("drop", OverRate::Drop), ("close", OverRate::Close)];
const ON_DENIED: [(&str, OnDenied); 2] = [("report", OnDenied::Report), ("close", OnDenied::Close)];
