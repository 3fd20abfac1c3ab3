//! The reference: splits a whole stream into frames in the most obvious way.
//!
//! It knows nothing of this crate, so that it can be wrong only in ways of its own. The integration
//! tests use this very file.

use std::vec::Vec;

/// What a stream yields, one after the other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Item {
    /// A whole frame.
    Frame(Vec<u8>),
    /// A frame that is longer than allowed, with its announced length or the limit plus one.
    TooLarge(usize),
    /// The stream ended within a frame, of which this many bytes were buffered.
    Truncated(usize),
}

/// Returns what a stream of delimited frames yields.
pub(crate) fn delimited(mut rest: &[u8], delimiter: &[u8], limit: usize, skip: bool) -> Vec<Item> {
    let mut items = Vec::new();
    loop {
        let at = rest.windows(delimiter.len()).position(|window| window == delimiter);
        match at {
            Some(at) if at <= limit => items.push(Item::Frame(rest[..at].to_vec())),
            None if rest.len() < limit.saturating_add(delimiter.len()) => {
                items.extend((!rest.is_empty()).then_some(Item::Truncated(rest.len())));
                return items;
            }
            _ => {
                items.push(Item::TooLarge(limit + 1));
                if !skip {
                    return items;
                }
            }
        }
        let Some(at) = at else {
            items.push(Item::Truncated(delimiter.len() - 1));
            return items;
        };
        rest = &rest[at + delimiter.len()..];
    }
}

/// Returns what a stream of frames with a four-byte length yields.
pub(crate) fn length_prefixed(mut rest: &[u8], limit: usize, skip: bool) -> Vec<Item> {
    let mut items = Vec::new();
    while let Some((prefix, body)) = rest.split_first_chunk::<4>() {
        let len = u32::from_be_bytes(*prefix) as usize;
        let whole = body.len() >= len;
        if len > limit {
            items.push(Item::TooLarge(len));
            if !skip {
                return items;
            }
            if !whole {
                items.push(Item::Truncated(0));
                return items;
            }
        } else if whole {
            items.push(Item::Frame(body[..len].to_vec()));
        } else {
            break;
        }
        rest = &body[len..];
    }
    items.extend((!rest.is_empty()).then_some(Item::Truncated(rest.len())));
    items
}
