//! Calls and answers in the form in which this format writes them: written in few pieces, and read in
//! one pass.

use std::mem::take;
use std::ops::Range;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
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

/// Takes the call or answer in a frame that is as [`write_call`] and [`write_answer`] write it, without
/// white space between the members. Of any other frame `None`: what that means `serde_json` decides. The
/// arguments of a call are mostly presumed.
pub(super) fn take_frame(frame: &mut Bytes) -> Option<Control> {
    if frame.get(AT_NAME..AT_NAME + CALL.len()) == Some(CALL.as_bytes()) {
        if let Some(call) = Call::presume(frame) {
            let message = Message::from_frame(take(frame), call.method.clone(), call.args.clone())?;
            return Some(call.into_control(message.presumed()));
        }
        let call = Call::read(frame, CALL_BEGINS, b"}}")?;
        let message = Message::from_frame(take(frame), call.method.clone(), call.args.clone())?;
        return Some(call.into_control(message));
    }
    let answer = Answer::read(frame, ANSWER_BEGINS, b"}}")?;
    let name = AT_NAME..AT_NAME + ANSWER.len();
    let result = Message::from_frame(take(frame), name, Some(answer.ok.clone()))?;
    Some(answer.into_control(result))
}

/// Takes the call in a message, of whose payload holds what [`take_frame`] says of frames.
pub(super) fn take_call(message: &mut Message) -> Option<Control> {
    let call = Call::read(message.payload()?, b"{", b"}")?;
    let inner = message.take().within_payload(call.method.clone(), call.args.clone())?;
    Some(call.into_control(inner))
}

/// Takes the answer in a message, as [`take_call`] does.
pub(super) fn take_answer(message: &mut Message) -> Option<Control> {
    let answer = Answer::read(message.payload()?, b"{", b"}")?;
    let result = message.take().narrowed(answer.ok.clone())?;
    Some(answer.into_control(result))
}

/// What a `$call` says, and where.
struct Call {
    number: Option<u64>,
    method: Range<usize>,
    args: Option<Range<usize>>,
    left: Option<Duration>,
    credit: Option<u32>,
}

impl Call {
    /// Reads a call between `before` and `after`, which are all else of the bytes.
    #[inline(never)]
    fn read(bytes: &[u8], before: &[u8], after: &[u8]) -> Option<Self> {
        let mut scan = Scan::new(bytes);
        let mut call = Self::begin(&mut scan, before)?;
        if scan.expect(ARGS).is_some() {
            call.args = Some(scan.value()?);
        }
        if scan.expect(MS).is_some() {
            call.left = Some(left_of_ms(scan.whole_number()?)?);
        }
        if scan.expect(STREAM).is_some() {
            call.credit = Some(credit_of(scan.whole_number()?)?);
        }
        // UTF-8, as all of it is then, so the method is never refused.
        scan.ends_with(after).then_some(call)
    }

    /// Reads a call with arguments that is all of a frame, if the arguments are JSON: they are what is between the
    /// members before and after them, and whoever reads them finds out.
    #[inline(never)]
    fn presume(frame: &[u8]) -> Option<Self> {
        let mut scan = Scan::new(frame);
        let mut call = Self::begin(&mut scan, CALL_BEGINS)?;
        scan.expect(ARGS)?;
        let Range { start, end } = scan.rest_before(b"}}")?;
        let mut rest = frame.get(start..end)?;
        let (mut before, mut number) = number_behind(rest);
        if let Some(behind) = before.strip_suffix(STREAM) {
            (rest, call.credit) = (behind, Some(credit_of(number?)?));
            (before, number) = number_behind(rest);
        }
        if let Some(behind) = before.strip_suffix(MS) {
            (rest, call.left) = (behind, Some(left_of_ms(number?)?));
        }
        if *rest.last()? <= b' ' {
            return None;
        }
        call.args = Some(start..start + rest.len());
        Some(call)
    }

    /// Reads what comes before the arguments, from `before` on.
    #[inline(always)]
    fn begin(scan: &mut Scan<'_>, before: &[u8]) -> Option<Self> {
        scan.expect(before)?;
        let number = match scan.expect(br#""n":"#) {
            Some(()) => {
                let number = scan.whole_number()?;
                scan.expect(b",")?;
                CallNumber::integer(number)?;
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
        Some(Self { number, method, args: None, left: None, credit: None })
    }

    #[inline]
    fn into_control(self, message: Message) -> Control {
        let Self { number, left, credit, .. } = self;
        Control::Call { number: number.map(CallNumber::Integer), left, credit, message }
    }
}

/// What an `$answer` says, and where its result is.
struct Answer {
    number: u64,
    ok: Range<usize>,
    more: bool,
}

impl Answer {
    /// Reads an answer, as [`Call::read`] does a call.
    #[inline(never)]
    fn read(bytes: &[u8], before: &[u8], after: &[u8]) -> Option<Self> {
        let mut scan = Scan::new(bytes);
        scan.expect(before)?;
        scan.expect(br#""n":"#)?;
        let number = scan.whole_number()?;
        scan.expect(br#","ok":"#)?;
        let ok = scan.value()?;
        let more = scan.expect(br#","more":true"#).is_some();
        let fits = CallNumber::integer(number).is_some() && scan.ends_with(after);
        fits.then_some(Self { number, ok, more })
    }

    #[inline]
    fn into_control(self, result: Message) -> Control {
        Control::Answer { number: CallNumber::Integer(self.number), more: self.more, result }
    }
}

/// Returns what is before the digits that end `json`, and the number that they are, if [`Scan::whole_number`] reads
/// them as one.
#[inline(always)]
fn number_behind(json: &[u8]) -> (&[u8], Option<u64>) {
    let (mut number, mut place, mut first, mut rest) = (0_u64, 1_u64, b'0', json);
    while let [before @ .., digit @ b'0'..=b'9'] = rest {
        number = number.wrapping_add(place.wrapping_mul(u64::from(digit - b'0')));
        (place, first, rest) = (place.wrapping_mul(10), *digit, before);
    }
    let len = json.len() - rest.len();
    let fits = (1..=16).contains(&len) && (len == 1 || first != b'0');
    (rest, fits.then_some(number))
}

/// Returns the credit of so many items, if there may be so much.
fn credit_of(items: u64) -> Option<u32> {
    u32::try_from(items).ok().filter(|items| (1..=MAX_CREDIT).contains(items))
}

/// Does what [`CallHead::left_of_ms`] does.
fn left_of_ms(ms: u64) -> Option<Duration> {
    // For so few, fractions of seconds are exact to the nanosecond.
    if ms <= EXACT_MS { Some(Duration::from_millis(ms)) } else { CallHead::left_of_ms(ms as f64) }
}

/// How a frame of each begins, up to its first member, and where the event's name is in it.
const CALL_BEGINS: &[u8] = br#"{"type":"$call","data":{"#;
const ANSWER_BEGINS: &[u8] = br#"{"type":"$answer","data":{"#;
const AT_NAME: usize = encode::BEFORE_NAME.len();

/// What comes before the value of a member that is not the first.
const ARGS: &[u8] = br#","args":"#;
const MS: &[u8] = br#","ms":"#;
const STREAM: &[u8] = br#","stream":"#;

const EXACT_MS: u64 = 1_000_000;

const MAX_CREDIT: u32 = CallHead::MAX_CREDIT;

#[cfg(test)]
mod tests {
    use bytes::BytesMut;
    use ipc_core::MessageFormat;
    use ipc_core::protocol::calls::{CallHead, CallNumber, EncodeCall};

    use super::{EXACT_MS, left_of_ms, take_answer, take_call, take_frame};
    use crate::NodeFormat;

    #[test]
    fn what_is_written_is_read_in_one_pass() {
        let format = NodeFormat::v14();
        let decoded = |out: &mut BytesMut| {
            let frame = out.split().freeze();
            assert!(format.begins_call(&frame) && take_frame(&mut frame.clone()).is_some());
            format.decode(frame).unwrap()
        };
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
