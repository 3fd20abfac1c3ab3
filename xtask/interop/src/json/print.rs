//! Writing JSON text.

use std::fmt::{self, Write};

use super::Json;

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Number(text) => f.write_str(text),
            Self::Text(units) => f.write_str(&quote(units)),
            Self::List(items) => {
                f.write_char('[')?;
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index == 0 { "" } else { "," })?;
                }
                f.write_char(']')
            }
            Self::Object(members) => {
                f.write_char('{')?;
                for (index, (name, value)) in members.iter().enumerate() {
                    write!(f, "{}{}:{value}", if index == 0 { "" } else { "," }, quote(name))?;
                }
                f.write_char('}')
            }
        }
    }
}

/// Returns `text` as a JSON string, quotes included.
pub(crate) fn escape(text: &str) -> String {
    quote(&text.encode_utf16().collect::<Vec<_>>())
}

fn quote(units: &[u16]) -> String {
    let mut out = String::from("\"");
    for unit in char::decode_utf16(units.iter().copied()) {
        match unit {
            Ok('"') => out.push_str("\\\""),
            Ok('\\') => out.push_str("\\\\"),
            Ok(char) if char < ' ' => {
                let _ = write!(out, "\\u{:04x}", u32::from(char));
            }
            Ok(char) => out.push(char),
            Err(lone) => {
                let _ = write!(out, "\\u{:04x}", lone.unpaired_surrogate());
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::Json;

    #[test]
    fn printed_text_says_the_same() {
        let text = r#"{"a":[1,-0,1e21,true,null],"b\"\\":"\u0000\ud800 é","c":{}}"#;
        let value = Json::parse(text).unwrap();
        assert_eq!(Json::parse(&value.to_string()).unwrap(), value);
        assert_eq!(value.to_string(), text);
    }
}
