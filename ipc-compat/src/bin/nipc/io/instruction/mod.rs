//! `Instruction`: what a line of stdin says to do.

#[cfg(test)]
mod properties;

use std::fmt;

use ipc_compat::{Encoding, RawData, RawJson};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::io::address::Address;

/// What a line says to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Instruction {
    /// Send an event.
    Send(Event),
    /// Send bytes.
    Write(Chunk),
    /// Flush and close.
    Close,
    /// Do not connect again.
    StopRetrying,
    /// Put a client into a group.
    Join { peer: u64, group: String },
    /// Take a client out of a group.
    Leave { peer: u64, group: String },
    /// Send a client away.
    Kick { peer: u64 },
}

/// An event to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Event {
    /// The peer it is for, or all.
    pub(crate) to: Option<To>,
    pub(crate) name: String,
    /// The data as it was written, if there was any.
    pub(crate) data: Option<RawJson>,
}

/// Bytes to be sent in raw mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// The peer they are for, or all.
    pub(crate) to: Option<To>,
    pub(crate) data: RawData<'static>,
}

/// Whom a line of stdin is for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(
    untagged,
    expecting = "a peer's number, \"subscribers\", or an object with `group`, with `identity`, or \
                 with address and port"
)]
pub(crate) enum To {
    /// The peer with this number.
    Peer(u64),
    /// Those that have subscribed to the event.
    Subscribers(Subscribers),
    /// Whoever is at this address.
    Address(Address),
    /// The clients in this group.
    Group(InGroup),
    /// The clients that said they are this.
    Identity(OfIdentity),
}

/// The word for those that have subscribed to the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Subscribers {
    Subscribers,
}

/// The clients in a group.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InGroup {
    pub(crate) group: String,
}

/// The clients of an identity.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfIdentity {
    pub(crate) identity: String,
}

/// Why a line is not an instruction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BadInstruction(pub(crate) String);

impl fmt::Display for BadInstruction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line of stdin {}", self.0)
    }
}

/// Parses a line of stdin.
///
/// # Errors
///
/// [`BadInstruction`] if it is not a JSON object, or its members contradict each other.
pub(crate) fn parse(line: &[u8]) -> Result<Instruction, BadInstruction> {
    let not = |error: &dyn fmt::Display| BadInstruction(format!("is not a command: {error}"));
    let line = std::str::from_utf8(line).map_err(|error| not(&error))?;
    // Serde would take an array for the members in order.
    if !line.trim_start_matches([' ', '\t']).starts_with('{') {
        return Err(BadInstruction("is not a JSON object".into()));
    }
    let members: Members<'_> = serde_json::from_str(line).map_err(|error| not(&error))?;
    let bad = |why: &str| Err(BadInstruction(why.into()));
    match members {
        Members {
            order: Some(order),
            name: None,
            data: None,
            to: None,
            hex: None,
            text: None,
            peer,
            group,
        } => order.of(peer, group),
        Members { order: Some(_), .. } => bad("has `do` and other members"),
        Members { peer: Some(_), .. } | Members { group: Some(_), .. } => {
            bad("has `peer` or `group`, but no `do`")
        }
        Members { name: None, data: None, to, hex, text, .. }
            if hex.is_some() || text.is_some() =>
        {
            chunk(to, hex, text).map(Instruction::Write)
        }
        Members { hex: Some(_), .. } | Members { text: Some(_), .. } => {
            bad("has bytes (`hex` or `text`) and an event's members")
        }
        Members { name: None, .. } => bad("has neither `type` nor `do`, `hex` or `text`"),
        Members { name: Some(name), data, to, .. } => {
            Ok(Instruction::Send(Event { to, name, data: data.map(RawJson::from) }))
        }
    }
}

/// Returns the bytes that a line of stdin says to send.
///
/// # Errors
///
/// [`BadInstruction`] if it says both or neither, or the digits are none.
fn chunk(
    to: Option<To>,
    hex: Option<String>,
    text: Option<String>,
) -> Result<Chunk, BadInstruction> {
    let data = match (hex, text) {
        (Some(hex), None) => {
            let bytes = Encoding::Hex.to_bytes(&hex);
            if bytes.len() * 2 != hex.len() {
                return Err(BadInstruction(
                    "has `hex` that is not two digits for each byte".into(),
                ));
            }
            RawData::from(bytes)
        }
        (None, Some(text)) => RawData::from(text),
        _ => return Err(BadInstruction("has `hex` and `text`".into())),
    };
    Ok(Chunk { to, data })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Members<'a> {
    #[serde(rename = "type", default, deserialize_with = "present")]
    name: Option<String>,
    #[serde(borrow, default, deserialize_with = "present")]
    data: Option<&'a RawValue>,
    #[serde(default, deserialize_with = "present")]
    to: Option<To>,
    #[serde(default, deserialize_with = "present")]
    hex: Option<String>,
    #[serde(default, deserialize_with = "present")]
    text: Option<String>,
    #[serde(rename = "do", default, deserialize_with = "present")]
    order: Option<Order>,
    #[serde(default, deserialize_with = "present")]
    peer: Option<u64>,
    #[serde(default, deserialize_with = "present")]
    group: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Order {
    Close,
    Stop,
    StopRetrying,
    Join,
    Leave,
    Kick,
}

impl Order {
    /// Returns the instruction: this, with the members `peer` and `group` of its line.
    fn of(self, peer: Option<u64>, group: Option<String>) -> Result<Instruction, BadInstruction> {
        match (self, peer, group) {
            (Self::Close | Self::Stop, None, None) => Ok(Instruction::Close),
            (Self::StopRetrying, None, None) => Ok(Instruction::StopRetrying),
            (Self::Join, Some(peer), Some(group)) => Ok(Instruction::Join { peer, group }),
            (Self::Leave, Some(peer), Some(group)) => Ok(Instruction::Leave { peer, group }),
            (Self::Kick, Some(peer), None) => Ok(Instruction::Kick { peer }),
            (Self::Join | Self::Leave, ..) => {
                Err(BadInstruction("needs `peer`, a client's number, and `group`".into()))
            }
            (Self::Kick, ..) => {
                Err(BadInstruction("needs `peer`, a client's number, and nothing else".into()))
            }
            _ => Err(BadInstruction("has `do` and other members".into())),
        }
    }
}

/// Takes `null` for a value like any other, not for nothing.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::*;

    #[track_caller]
    fn sends(line: &str, to: Option<To>, name: &str, data: Option<&str>) {
        let data = data.map(|data| data.parse().unwrap());
        let event = Event { to, name: name.into(), data };
        assert_eq!(parse(line.as_bytes()), Ok(Instruction::Send(event)), "{line}");
    }

    #[track_caller]
    fn is_bad(line: impl AsRef<[u8]>) {
        let line = line.as_ref();
        assert!(parse(line).is_err(), "{}", String::from_utf8_lossy(line));
    }

    #[test]
    fn an_event_is_for_all_or_for_one() {
        sends(r#"{"type":"t","data":1}"#, None, "t", Some("1"));
        sends(r#" { "data" : [ ] , "to" : 7 , "type" : "" } "#, Some(To::Peer(7)), "", Some("[ ]"));
        sends(r#"{"type":"\u00e9\n"}"#, None, "é\n", None);
    }

    #[test]
    fn data_stays_as_it_is_written() {
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        for data in
            ["null", "1e400", "18446744073709551617", r#""\ud800""#, "-0", "{ \"a\" : 1 }", &deep]
        {
            sends(&format!("{{\"type\":\"t\",\"data\":{data}}}"), None, "t", Some(data));
        }
    }

    #[test]
    fn an_event_is_for_a_group_an_identity_or_subscribers() {
        let group = To::Group(InGroup { group: "x".into() });
        sends(r#"{"to":{"group":"x"},"type":"t","data":1}"#, Some(group), "t", Some("1"));
        let identity = To::Identity(OfIdentity { identity: "".into() });
        sends(r#"{"to":{"identity":""},"type":"t"}"#, Some(identity), "t", None);
        let subscribers = To::Subscribers(Subscribers::Subscribers);
        sends(r#"{"to":"subscribers","type":"t"}"#, Some(subscribers), "t", None);
        is_bad(r#"{"to":{"group":"x","identity":"y"},"type":"t"}"#);
        is_bad(r#"{"to":{"group":1},"type":"t"}"#);
        is_bad(r#"{"to":"x","type":"t"}"#);
    }

    #[test]
    fn clients_are_put_into_groups_and_sent_away() {
        let parsed = |line: &str| parse(line.as_bytes());
        let group = || "x".to_owned();
        let join = Instruction::Join { peer: 1, group: group() };
        assert_eq!(parsed(r#"{"do":"join","peer":1,"group":"x"}"#), Ok(join));
        let leave = Instruction::Leave { peer: 2, group: group() };
        assert_eq!(parsed(r#"{"group":"x","peer":2,"do":"leave"}"#), Ok(leave));
        assert_eq!(parsed(r#"{"do":"kick","peer":3}"#), Ok(Instruction::Kick { peer: 3 }));
        for line in [
            r#"{"do":"join","peer":1}"#,
            r#"{"do":"leave","group":"x"}"#,
            r#"{"do":"kick"}"#,
            r#"{"do":"kick","peer":1,"group":"x"}"#,
            r#"{"do":"kick","peer":"1"}"#,
            r#"{"do":"close","peer":1}"#,
            r#"{"peer":1,"type":"t"}"#,
            r#"{"group":"x","hex":"00"}"#,
        ] {
            is_bad(line);
        }
    }

    #[test]
    fn bytes_are_digits_or_text() {
        #[track_caller]
        fn writes(line: &str, to: Option<u64>, data: RawData<'static>) {
            let to = to.map(To::Peer);
            assert_eq!(
                parse(line.as_bytes()),
                Ok(Instruction::Write(Chunk { to, data })),
                "{line}"
            );
        }
        writes(r#"{"hex":"00fF"}"#, None, RawData::from([0, 255]));
        writes(r#"{"hex":"","to":3}"#, Some(3), RawData::from(b""));
        writes(r#"{"to":1,"text":"\u00e9"}"#, Some(1), RawData::from("é"));
    }

    #[test]
    fn orders_stand_alone() {
        assert_eq!(parse(br#"{"do":"close"}"#), Ok(Instruction::Close));
        assert_eq!(parse(br#"{"do":"stop"}"#), Ok(Instruction::Close));
        assert_eq!(parse(br#"{"do":"stop-retrying"}"#), Ok(Instruction::StopRetrying));
        is_bad(r#"{"do":"close","type":"t"}"#);
        is_bad(r#"{"do":"close","to":1}"#);
        is_bad(r#"{"do":"dance"}"#);
        is_bad(r#"{"do":null}"#);
    }

    #[test]
    fn other_lines_are_bad() {
        for line in [
            "",
            " ",
            "null",
            "5",
            "hello",
            "\"t\"",
            r#"["t",1]"#,
            "{}",
            r#"{"data":1}"#,
            r#"{"type":5}"#,
            r#"{"type":null}"#,
            r#"{"type":"\ud800"}"#,
            r#"{"type":"t","data":}"#,
            r#"{"type":"t"} {"type":"u"}"#,
            r#"{"type":"t","type":"u"}"#,
            r#"{"type":"t","dta":1}"#,
            r#"{"type":"t","to":-1}"#,
            r#"{"type":"t","to":"1"}"#,
            r#"{"type":"t","to":null}"#,
            r#"{"type":"t","to":{"address":"localhost","port":1}}"#,
            r#"{"type":"t","to":{"address":"127.0.0.1"}}"#,
            r#"{"type":"t","to":{"address":"127.0.0.1","port":65536}}"#,
            r#"{"hex":"0"}"#,
            r#"{"hex":"0g"}"#,
            r#"{"hex":null}"#,
            r#"{"hex":"00","text":"x"}"#,
            r#"{"hex":"00","type":"t"}"#,
            r#"{"text":"x","data":1}"#,
            r#"{"text":5}"#,
            r#"{"text":"x","do":"close"}"#,
        ] {
            is_bad(line);
        }
        is_bad(b"{\"type\":\"\xff\"}");
    }

    #[test]
    fn a_line_names_a_peer_or_an_address() {
        let to = |text: &str| serde_json::from_str::<To>(text).map_err(|error| error.to_string());
        assert_eq!(to("7"), Ok(To::Peer(7)));
        let Ok(To::Address(address)) = to(r#"{"address":"::1","port":8001}"#) else {
            panic!("no address");
        };
        assert_eq!(SocketAddr::from(address), "[::1]:8001".parse().unwrap());
        for text in [r#"{"address":"h.com","port":1}"#, r#"{"port":1}"#, "-1", "\"1\""] {
            assert!(to(text).is_err_and(|why| why.contains("address and port")), "{text}");
        }
    }
}
