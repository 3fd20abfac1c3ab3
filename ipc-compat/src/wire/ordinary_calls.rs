//! Calls and answers in the form in which this format writes them: written in few pieces, and read in
//! one pass.

use std::time::Duration;

use bytes::BytesMut;
use ipc_core::protocol::calls::{ANSWER, CALL, CallHead, CallNumber, Control};
use ipc_core::{FormatError, Message};

use super::{NodeFormat, encode};
use crate::json::scan::Scan;
use crate::json::string;

/// Appends the frame of a call, whose arguments `write` appends. `n` and `call` come first, so that
/// whoever looks for them finds them soon.
#[inline]
pub(super) fn write_call(
    format: &NodeFormat,
    head: &CallHead<'_>,
    out: &mut BytesMut,
    write: impl FnOnce(&mut BytesMut) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    format.framed()?;
    encode::framed(format, CALL, out, |out| {
        match head.number {
            Some(number) => {
                out.extend_from_slice(br#"{"type":"$call","data":{"n":"#);
                encode::payload(&number, out)?;
                out.extend_from_slice(br#","call":"#);
            }
            None => out.extend_from_slice(br#"{"type":"$call","data":{"call":"#),
        }
        string::write(head.method, out);
        out.extend_from_slice(br#","args":"#);
        write(out)?;
        if let Some(ms) = head.left_in_ms() {
            out.extend_from_slice(br#","ms":"#);
            encode::payload(&ms, out)?;
        }
        if let Some(items) = head.credit {
            out.extend_from_slice(br#","stream":"#);
            encode::payload(&items, out)?;
        }
        out.extend_from_slice(b"}");
        Ok(())
    })
}

/// Appends the frame of an answer, whose result `write` appends.
#[inline]
pub(super) fn write_answer(
    format: &NodeFormat,
    number: &CallNumber,
    more: bool,
    out: &mut BytesMut,
    write: impl FnOnce(&mut BytesMut) -> Result<(), FormatError>,
) -> Result<(), FormatError> {
    format.framed()?;
    encode::framed(format, ANSWER, out, |out| {
        out.extend_from_slice(br#"{"type":"$answer","data":{"n":"#);
        match number {
            CallNumber::Integer(number) => encode::payload(number, out)?,
            CallNumber::Text(text) => string::write(text, out),
            // What a later version of the core may have cannot have come from this format.
            _ => out.extend_from_slice(b"0"),
        }
        out.extend_from_slice(br#","ok":"#);
        write(out)?;
        out.extend_from_slice(if more { br#","more":true}"# } else { b"}" });
        Ok(())
    })
}

/// Takes the call in a message whose payload has the members which [`write_call`] writes, in that order
/// and without white space between them. Of any other message `None`: what that means `serde_json`
/// decides.
#[inline]
pub(super) fn take_call(message: &mut Message) -> Option<Control> {
    let mut scan = Scan::new(message.payload()?);
    scan.expect(b"{")?;
    let number = match scan.expect(br#""n":"#) {
        Some(()) => {
            let number = CallNumber::integer(scan.whole_number()?)?;
            scan.expect(b",")?;
            Some(number)
        }
        None => None,
    };
    scan.expect(br#""call":""#)?;
    let method = scan.plain_text(b"\"")?;
    // In bytes, of which there are at least as many as of UTF-16 units.
    if method.is_empty() || method.len() > CallHead::MAX_METHOD {
        return None;
    }
    let args = match scan.expect(br#","args":"#) {
        Some(()) => Some(scan.value()?),
        None => None,
    };
    let left = match scan.expect(br#","ms":"#) {
        Some(()) => Some(left_of_ms(scan.whole_number()?)?),
        None => None,
    };
    let credit = match scan.expect(br#","stream":"#) {
        Some(()) => Some(u32::try_from(scan.whole_number()?).ok()?),
        None => None,
    };
    if !scan.ends_with(b"}") || credit.is_some_and(|items| items == 0 || items > MAX_CREDIT) {
        return None;
    }
    // In UTF-8, as all of it is, so it is never refused.
    let message = message.take().within_payload(method, args)?;
    Some(Control::Call { number, left, credit, message })
}

/// Takes the answer in a message whose payload has the members which [`write_answer`] writes, as
/// [`take_call`] does.
#[inline]
pub(super) fn take_answer(message: &mut Message) -> Option<Control> {
    let mut scan = Scan::new(message.payload()?);
    scan.expect(br#"{"n":"#)?;
    let number = CallNumber::integer(scan.whole_number()?)?;
    scan.expect(br#","ok":"#)?;
    let ok = scan.value()?;
    let more = scan.expect(br#","more":true"#).is_some();
    if !scan.ends_with(b"}") {
        return None;
    }
    let result = message.take().narrowed(ok)?;
    Some(Control::Answer { number, more, result })
}

/// Does what [`CallHead::left_of_ms`] does.
fn left_of_ms(ms: u64) -> Option<Duration> {
    // For so few, fractions of seconds are exact to the nanosecond.
    if ms <= EXACT_MS { Some(Duration::from_millis(ms)) } else { CallHead::left_of_ms(ms as f64) }
}

const EXACT_MS: u64 = 1_000_000;

const MAX_CREDIT: u32 = CallHead::MAX_CREDIT;

#[cfg(test)]
mod tests {
    use bytes::BytesMut;
    use ipc_core::MessageFormat;
    use ipc_core::protocol::calls::{CallHead, CallNumber, EncodeCall};

    use super::{EXACT_MS, left_of_ms, take_answer, take_call};
    use crate::NodeFormat;

    #[test]
    fn what_is_written_is_read_in_one_pass() {
        let format = NodeFormat::v14();
        let decoded = |out: &mut BytesMut| format.decode(out.split().freeze()).unwrap();
        let mut out = BytesMut::new();
        for number in [None, Some(1), Some((1 << 53) - 1)] {
            for left in [None, Some(CallHead::MAX_LEFT)] {
                for credit in [None, Some(1), Some(CallHead::MAX_CREDIT)] {
                    let head = CallHead { number, method: "é sum", left, credit };
                    format.encode_call(&head, &("text", 1.5, ()), &mut out).unwrap();
                    assert!(take_call(&mut decoded(&mut out)).is_some(), "{head:?}");
                }
            }
        }
        for more in [false, true] {
            let number = CallNumber::Integer(7);
            format.encode_answer(&number, more, &("é", [0; 3]), &mut out).unwrap();
            assert!(take_answer(&mut decoded(&mut out)).is_some(), "{more}");
        }
    }

    #[test]
    fn whole_milliseconds_are_the_same_time() {
        let few = (0..EXACT_MS + 1000).step_by(7);
        let many = [EXACT_MS, 1 << 32, 31_536_000_000, 31_536_000_001, 9_999_999_999_999_999];
        for ms in few.chain(many) {
            assert_eq!(left_of_ms(ms), CallHead::left_of_ms(ms as f64), "{ms}");
        }
    }
}
