//! `Member`: what question and answer have in common.

use std::collections::HashMap;

use ipc_compat::RawJson;
use serde_json::value::RawValue;
use serde_json::{Number, Value};

/// A member of data, with the value that it has to have.
#[derive(Debug)]
pub(crate) struct Member {
    name: String,
    value: Box<RawValue>,
}

impl Member {
    /// Returns the member as it is in the question's data.
    ///
    /// # Errors
    ///
    /// A text if it is not there.
    pub(crate) fn of_question(name: &str, data: Option<&RawJson>) -> Result<Self, String> {
        let value = data.and_then(|data| find(name, data.as_bytes()));
        let value = value.ok_or_else(|| {
            format!("--match {name}: the question's data have no member {name:?}")
        })?;
        Ok(Self { name: name.to_owned(), value: value.to_owned() })
    }

    /// Returns whether these data have the member with the same value.
    pub(crate) fn is_in(&self, data: &[u8]) -> bool {
        find(&self.name, data).is_some_and(|value| same(value.get(), self.value.get()))
    }
}

/// Returns the last member of this name, as JavaScript does.
fn find<'a>(name: &str, data: &'a [u8]) -> Option<&'a RawValue> {
    let mut members: HashMap<String, &RawValue> = serde_json::from_slice(data).ok()?;
    members.remove(name)
}

/// Returns whether two texts are the same JSON value. What cannot be read as a value, such as a
/// number beyond all limits, is the same if it is written in the same way.
fn same(one: &str, other: &str) -> bool {
    let read = |text| serde_json::from_str::<Value>(text).ok();
    one == other || read(one).zip(read(other)).is_some_and(|(one, other)| are_equal(&one, &other))
}

fn are_equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => are_same_number(one, other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| are_equal(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, one)| other.get(name).is_some_and(|other| are_equal(one, other)))
        }
        _ => one == other,
    }
}

/// 1, 1.0 and 1e0 are one number; whole numbers are compared in full.
fn are_same_number(one: &Number, other: &Number) -> bool {
    match (one.as_i128(), other.as_i128()) {
        (Some(one), Some(other)) => one == other,
        _ => one.as_f64() == other.as_f64(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(question: &str, answer: &str, matches: bool) {
        let question: RawJson = question.parse().unwrap();
        let member = Member::of_question("id", Some(&question)).unwrap();
        assert_eq!(member.is_in(answer.as_bytes()), matches);
    }

    #[test]
    fn members_are_compared_as_values() {
        check(r#"{"id":1}"#, r#"{"x":2,"id":1}"#, true);
        check(r#"{"id":1}"#, r#"{"id": 1.0 }"#, true);
        check(r#"{"id":1}"#, r#"{"id":"1"}"#, false);
        check(r#"{"id":1}"#, r#"{"id":2}"#, false);
        check(r#"{"id":1}"#, r#"{"x":{"id":1}}"#, false);
        check(r#"{"id":"a"}"#, r#"{"\u0069d":"\u0061"}"#, true);
        check(r#"{"id":{"a":[1,null],"b":2}}"#, r#"{"id":{"b":2.0,"a":[1,null]}}"#, true);
        check(r#"{"id":{"a":1}}"#, r#"{"id":{"a":1,"b":2}}"#, false);
        check(r#"{"id":[1]}"#, r#"{"id":[1,1]}"#, false);
        check(r#"{"id":null}"#, r#"{"id":null}"#, true);
        check(r#"{"id":null}"#, r#"{}"#, false);
        check(r#"{"id":1,"id":2}"#, r#"{"id":2}"#, true);
        check(r#"{"id":9007199254740993}"#, r#"{"id":9007199254740992}"#, false);
        check(r#"{"id":1e400}"#, r#"{"id":1e400}"#, true);
        check(r#"{"id":"\ud800"}"#, r#"{"id":"\ud800"}"#, true);
        for answer in ["", "null", "1", "[1]", "{"] {
            check(r#"{"id":1}"#, answer, false);
        }
    }

    #[test]
    fn a_question_without_the_member_has_no_answer() {
        for data in [Some("{}"), Some("1"), Some(r#"{"ID":1}"#), None] {
            let data = data.map(|data| data.parse::<RawJson>().unwrap());
            let error = Member::of_question("id", data.as_ref()).unwrap_err();
            assert!(error.contains("no member \"id\""), "{error}");
        }
    }
}
