//! Lines of stdin against what their members mean according to `serde_json::Value`.

use std::net::IpAddr;

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

/// Returns what a line with these members has to mean, or `None` if it has to be refused.
fn expected(members: &Map<String, Value>) -> Option<Instruction> {
    let known = ["type", "data", "to", "hex", "text", "do", "peer", "group"];
    let has = |name: &str| members.contains_key(name);
    if members.keys().any(|name| !known.contains(&name.as_str())) {
        return None;
    }
    if let Some(order) = members.get("do") {
        let peer = || members.get("peer")?.as_u64();
        let group = || members.get("group")?.as_str().map(str::to_owned);
        return match (order.as_str()?, members.len()) {
            ("close" | "stop", 1) => Some(Instruction::Close),
            ("stop-retrying", 1) => Some(Instruction::StopRetrying),
            ("join", 3) => Some(Instruction::Join { peer: peer()?, group: group()? }),
            ("leave", 3) => Some(Instruction::Leave { peer: peer()?, group: group()? }),
            ("kick", 2) => Some(Instruction::Kick { peer: peer()? }),
            _ => None,
        };
    }
    if has("peer") || has("group") {
        return None;
    }
    let to = members.get("to").map(recipient).map_or(Some(None), |to| to.map(Some))?;
    if has("hex") || has("text") {
        let data = match (members.get("hex"), members.get("text")) {
            (Some(hex), None) => RawData::from(digits(hex.as_str()?)?),
            (None, Some(text)) => RawData::from(text.as_str()?.to_owned()),
            _ => return None,
        };
        let alone = !has("type") && !has("data");
        return alone.then_some(Instruction::Write(Chunk { to, data }));
    }
    let name = members.get("type")?.as_str()?.to_owned();
    let data = members.get("data").map(|data| data.to_string().parse().unwrap());
    Some(Instruction::Send(Event { to, name, data }))
}

fn recipient(to: &Value) -> Option<To> {
    if let Some(peer) = to.as_u64() {
        return Some(To::Peer(peer));
    }
    if to == "subscribers" {
        return Some(To::Subscribers(Subscribers::Subscribers));
    }
    let to = to.as_object()?;
    if let (Some(group), 1) = (to.get("group"), to.len()) {
        return Some(To::Group(InGroup { group: group.as_str()?.to_owned() }));
    }
    if let (Some(identity), 1) = (to.get("identity"), to.len()) {
        return Some(To::Identity(OfIdentity { identity: identity.as_str()?.to_owned() }));
    }
    let to = Some(to).filter(|to| to.len() == 2)?;
    let address: IpAddr = to.get("address")?.as_str()?.parse().ok()?;
    let port = u16::try_from(to.get("port")?.as_u64()?).ok()?;
    Some(To::Address(std::net::SocketAddr::from((address, port)).into()))
}

fn digits(hex: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u32>> = hex.chars().map(|c| c.to_digit(16)).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    let byte = |pair: &[u32]| u8::try_from(pair[0] * 16 + pair[1]).unwrap();
    Some(digits.chunks(2).map(byte).collect())
}

/// A value that suits some member, and most of the time not this one.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        "[0-9a-fg]{0,4}|\\PC{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec(("[a-c\"]{0,2}", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

fn any_recipient() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => any::<u32>().prop_map(Value::from),
        4 => (any::<IpAddr>(), any::<u16>())
            .prop_map(|(address, port)| json!({"address": address, "port": port})),
        1 => (any::<IpAddr>(), any::<u32>())
            .prop_map(|(address, port)| json!({"port": port, "address": address})),
        1 => Just(json!("subscribers")),
        2 => "\\PC{0,4}".prop_map(|group| json!({"group": group})),
        2 => "\\PC{0,4}".prop_map(|identity| json!({"identity": identity})),
        1 => any_value().prop_filter("serde takes an array for an object", |to| !to.is_array()),
    ]
}

fn members() -> impl Strategy<Value = Map<String, Value>> {
    let order = ["close", "stop", "stop-retrying", "join", "leave", "kick", "dance"];
    let order = prop::sample::select(order.to_vec());
    let text = || prop_oneof![4 => "\\PC{0,8}".prop_map(Value::from), 1 => any_value()];
    let hex = prop_oneof![4 => "([0-9a-fA-F]{2}){0,4}".prop_map(Value::from), 1 => any_value()];
    let order = prop_oneof![4 => order.prop_map(Value::from), 1 => any_value()];
    let all = (
        weighted(0.6, text()),
        weighted(0.4, any_value()),
        weighted(0.4, any_recipient()),
        weighted(0.15, hex),
        weighted(0.15, text()),
        weighted(0.1, order),
        weighted(0.03, any_value()),
        weighted(0.1, prop_oneof![4 => any::<u32>().prop_map(Value::from), 1 => any_value()]),
        weighted(0.1, text()),
    );
    all.prop_map(|(name, data, to, hex, text, order, other, peer, group)| {
        let members = [
            ("type", name),
            ("data", data),
            ("to", to),
            ("hex", hex),
            ("text", text),
            ("do", order),
            ("dta", other),
            ("peer", peer),
            ("group", group),
        ];
        let members = members.into_iter();
        members.filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    })
}

proptest! {
    #[test]
    fn a_line_means_what_its_members_say(members in members()) {
        let line = Value::Object(members.clone()).to_string();
        prop_assert_eq!(parse(line.as_bytes()).ok(), expected(&members), "{}", line);
    }

    #[test]
    fn a_line_that_is_cut_off_is_refused(members in members(), at in any::<prop::sample::Index>()) {
        let line = Value::Object(members).to_string();
        let cut = &line.as_bytes()[..at.index(line.len())];
        prop_assert!(parse(cut).is_err(), "{}", line);
    }

    #[test]
    fn only_a_json_object_means_anything(line in vec(any::<u8>(), 0..40), json in any_value()) {
        for line in [line, json.to_string().into_bytes()] {
            let object = serde_json::from_slice(&line).is_ok_and(|json: Value| json.is_object());
            prop_assert!(object || parse(&line).is_err(), "{:?}", line);
        }
    }
}
