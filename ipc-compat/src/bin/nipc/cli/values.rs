//! What the values of options mean.

use std::time::Duration;

use ipc_codec::Delimiter;
use ipc_compat::{RawJson, Retries};

use crate::cli::escape::unescape;

pub(crate) fn delimiter(text: &str) -> Result<Delimiter, String> {
    Delimiter::new(unescape(text)?).map_err(|error| error.to_string())
}

pub(crate) fn json(text: &str) -> Result<RawJson, String> {
    text.parse::<RawJson>().map_err(|error| {
        format!("{error}; a text needs double quotes that reach nipc, as in '\"hello\"'")
    })
}

pub(crate) fn milliseconds(text: &str) -> Result<Duration, String> {
    let number: u64 = text.parse().map_err(|_| "needs a whole number of milliseconds")?;
    Ok(Duration::from_millis(number))
}

pub(crate) fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) | Err(_) => Err("needs a whole number that is at least 1".into()),
        Ok(number) => Ok(number),
    }
}

pub(crate) fn retries(text: &str) -> Result<Retries, String> {
    match text {
        "inf" => Ok(Retries::Forever),
        _ => text.parse().map(Retries::Times).map_err(|_| "needs a whole number or inf".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retries_are_a_number_or_for_ever() {
        assert_eq!(retries("inf"), Ok(Retries::Forever));
        assert_eq!(retries("0"), Ok(Retries::Times(0)));
        for text in ["", "-1", "infinite", "4294967296"] {
            assert!(retries(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_delimiter_may_be_escaped() {
        assert_eq!(delimiter(r"\n").unwrap().as_bytes(), b"\n");
        assert_eq!(delimiter(r"\u{1e}").unwrap().as_bytes(), b"\x1e");
        assert!(delimiter("").is_err());
        assert!(delimiter(r"\q").is_err());
    }
}
