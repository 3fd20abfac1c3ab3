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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(untagged, expecting = "a peer's number, or an object with address and port")]
pub(crate) enum To {
    /// The peer with this number.
    Peer(u64),
    /// Whoever is at this address.
    Address(Address),
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
        Members { order: Some(order), name: None, data: None, to: None, hex: None, text: None } => {
            match order {
                Order::Close | Order::Stop => Ok(Instruction::Close),
                Order::StopRetrying => Ok(Instruction::StopRetrying),
            }
        }
        Members { order: Some(_), .. } => bad("has `do` and other members"),
        Members { name: None, data: None, to, hex, text, order: None }
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
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Order {
    Close,
    Stop,
    StopRetrying,
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
