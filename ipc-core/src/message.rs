//! `Message`: one event with its payload, the payload still as it was on the wire.

use std::fmt;
use std::ops::Range;

use bytes::{Buf, Bytes};

/// One event and its payload.
///
/// The payload is raw: nothing has parsed it yet, so nothing in it (nesting, numbers, broken
/// escapes) can hurt a program that does not look at it. Name and payload usually share the one
/// buffer of the frame they came in, so a message costs at most one allocation.
#[derive(Clone)]
pub struct Message {
    bytes: Bytes,
    event: Event,
    payload: Option<Range<usize>>,
    presumed: bool,
}

impl Message {
    /// Returns the message that lies in `frame`: the event's name in the range `event` and the
    /// payload, if there is one, in the range `payload`.
    ///
    /// `None` if a range lies outside the frame or the name is not UTF-8.
    #[inline]
    #[must_use]
    pub fn from_frame(
        frame: Bytes,
        event: Range<usize>,
        payload: Option<Range<usize>>,
    ) -> Option<Self> {
        let name = frame.get(event.clone())?;
        if !is_short_ascii(name) && !is_utf8(name) {
            return None;
        }
        if let Some(range) = &payload {
            frame.get(range.clone())?;
        }
        Some(Self { bytes: frame, event: Event::InFrame(event), payload, presumed: false })
    }

    /// Returns the message with this event name and this payload.
    #[must_use]
    pub fn new(event: impl Into<Box<str>>, payload: Option<Bytes>) -> Self {
        let (bytes, payload) = match payload {
            Some(bytes) => {
                let all = 0..bytes.len();
                (bytes, Some(all))
            }
            None => (Bytes::new(), None),
        };
        Self { bytes, event: Event::Own(event.into()), payload, presumed: false }
    }

    /// Returns the message with this payload and an event name that costs no memory: for a format
    /// in which every message has the same.
    #[must_use]
    pub fn with_static_event(event: &'static str, payload: Bytes) -> Self {
        let all = 0..payload.len();
        Self { bytes: payload, event: Event::Static(event), payload: Some(all), presumed: false }
    }

    /// Returns the message that lies in the payload of this one: the event's name in the range `event`
    /// of the payload, and its own payload, if it has one, in the range `payload`.
    ///
    /// `None` if a range lies outside the payload or the name is not UTF-8.
    #[must_use]
    pub fn within_payload(
        self,
        event: Range<usize>,
        payload: Option<Range<usize>>,
    ) -> Option<Self> {
        let all = self.payload?;
        let event = part(&all, &event)?;
        let payload = match payload {
            Some(range) => Some(part(&all, &range)?),
            None => None,
        };
        Self::from_frame(self.bytes, event, payload)
    }

    /// Returns the message with this part of its payload as the payload, or `None` if it has no such
    /// part.
    #[must_use]
    pub fn narrowed(mut self, payload: Range<usize>) -> Option<Self> {
        self.payload = Some(part(&self.payload?, &payload)?);
        Some(self)
    }

    /// Returns the message as one that was [presumed](crate::MessageFormat::presume): nothing is known of its
    /// payload yet.
    #[inline]
    #[must_use]
    pub fn presumed(mut self) -> Self {
        self.presumed = true;
        self
    }

    /// Returns whether the payload may not have been checked, since the message was presumed. Who reads it
    /// says then whether it is sound. Programs only get such messages once that is known.
    #[inline]
    #[must_use]
    pub fn is_presumed(&self) -> bool {
        self.presumed
    }

    /// Returns the message as one whose payload is sound.
    #[cfg(feature = "tokio")]
    pub(crate) fn sound(mut self) -> Self {
        self.presumed = false;
        self
    }

    /// Takes the message, and leaves one without name and payload.
    #[must_use]
    pub fn take(&mut self) -> Self {
        let (bytes, event) = (Bytes::new(), Event::Static(""));
        let empty = Self { bytes, event, payload: None, presumed: false };
        std::mem::replace(self, empty)
    }

    /// Returns the same message under another event name.
    #[must_use]
    pub fn renamed(mut self, event: impl Into<Box<str>>) -> Self {
        self.event = Event::Own(event.into());
        self
    }

    /// Returns the event's name.
    #[must_use]
    pub fn event(&self) -> &str {
        match &self.event {
            Event::Own(name) => name,
            Event::Static(name) => name,
            // Invariant: `from_frame` checked the range and the UTF-8, and `bytes` never changes.
            Event::InFrame(range) => {
                std::str::from_utf8(self.bytes.get(range.clone()).unwrap_or_default())
                    .unwrap_or_default()
            }
        }
    }

    /// Returns the bytes of the event's name, without looking again whether they are UTF-8.
    #[inline]
    pub(crate) fn event_bytes(&self) -> &[u8] {
        match &self.event {
            Event::InFrame(range) => self.bytes.get(range.clone()).unwrap_or_default(),
            Event::Own(name) => name.as_bytes(),
            Event::Static(name) => name.as_bytes(),
        }
    }

    /// Returns the payload as it was on the wire, or `None` if the frame carried none.
    #[inline]
    #[must_use]
    pub fn payload(&self) -> Option<&[u8]> {
        self.bytes.get(self.payload.clone()?)
    }

    /// Returns the message in a frame of our own. One that the format cannot read although it
    /// wrote it is the payload of an event without a name.
    #[cfg(feature = "tokio")]
    pub(crate) fn of_frame(format: &impl crate::MessageFormat, frame: Bytes) -> Self {
        format.decode(frame.clone()).unwrap_or_else(|_| Self::new("", Some(frame)))
    }

    /// Returns the frame that a message was presumed in.
    #[cfg(feature = "tokio")]
    pub(crate) fn into_frame(self) -> Bytes {
        self.bytes
    }

    /// Returns how many bytes the message holds, its event's name included.
    #[cfg(feature = "tokio")]
    pub(crate) fn held_bytes(&self) -> usize {
        let name = match &self.event {
            Event::Own(name) => name.len(),
            Event::InFrame(_) | Event::Static(_) => 0,
        };
        self.bytes.len().saturating_add(name)
    }

    /// Returns the payload as it was on the wire without copying it, or `None` if the frame
    /// carried none.
    #[must_use]
    pub fn into_payload(mut self) -> Option<Bytes> {
        let range = self.payload?;
        // Not `slice`: that clones the handle, which costs an allocation for a frame of its own.
        self.bytes.truncate(range.end);
        self.bytes.advance(range.start.min(self.bytes.len()));
        Some(self.bytes)
    }
}

/// Returns the range that is `inner` of `outer`, or `None` if it does not lie in it.
fn part(outer: &Range<usize>, inner: &Range<usize>) -> Option<Range<usize>> {
    let (start, end) = (outer.start.checked_add(inner.start)?, outer.start.checked_add(inner.end)?);
    (inner.start <= inner.end && end <= outer.end).then_some(start..end)
}

/// Returns whether a name is ASCII and has four to eight bytes, as many have: which takes a few
/// instructions to check.
#[inline]
fn is_short_ascii(name: &[u8]) -> bool {
    match (name.first_chunk(), name.last_chunk()) {
        // The two together are all of it.
        (Some(first), Some(last)) if name.len() <= 8 => {
            (u32::from_ne_bytes(*first) | u32::from_ne_bytes(*last)) & 0x8080_8080 == 0
        }
        _ => false,
    }
}

/// Returns whether a name is UTF-8.
#[inline(never)]
fn is_utf8(name: &[u8]) -> bool {
    // Most names are plain, for which this is several times as fast.
    name.is_ascii() || std::str::from_utf8(name).is_ok()
}

impl fmt::Debug for Message {
    // Payloads can be secret and large, so only their size is shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("event", &self.event())
            .field("payload_bytes", &self.payload().map(<[u8]>::len))
            .finish()
    }
}

/// Where the event's name is.
#[derive(Clone)]
enum Event {
    /// In the frame's bytes.
    InFrame(Range<usize>),
    /// On its own, since it does not stand in the frame letter by letter.
    Own(Box<str>),
    /// In the program.
    Static(&'static str),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_utf8_whatever_its_length() {
        for len in 0..20 {
            let plain = "x".repeat(len);
            for at in 0..len {
                let mut name = plain.clone().into_bytes();
                name[at] = 0xe9;
                assert!(Message::from_frame(name.into(), 0..len, None).is_none(), "{len} {at}");
            }
            for at in 0..=len {
                let mut name = plain.clone();
                name.insert(at, 'é');
                let frame = Bytes::from(name.clone());
                let message = Message::from_frame(frame, 0..len + 2, None);
                assert_eq!(message.as_ref().map(Message::event), Some(name.as_str()));
            }
            let message = Message::from_frame(plain.clone().into(), 0..len, None);
            assert_eq!(message.as_ref().map(Message::event), Some(plain.as_str()));
        }
    }

    #[test]
    #[expect(clippy::reversed_empty_ranges, reason = "one is tried")]
    fn ranges_lie_within_the_frame() {
        let message = |event, payload| Message::from_frame("abc".into(), event, payload);
        assert!(message(0..1, Some(1..3)).is_some());
        for range in [0..4, 4..4, 2..1] {
            assert!(message(range.clone(), None).is_none(), "{range:?}");
            assert!(message(0..1, Some(range.clone())).is_none(), "{range:?}");
        }
    }

    #[test]
    #[expect(clippy::reversed_empty_ranges, reason = "one is tried")]
    fn a_part_of_a_payload_lies_within_it() {
        let message = Message::from_frame("event:[abc]".into(), 0..5, Some(6..11)).unwrap();
        let inner = message.clone().within_payload(1..2, Some(2..4)).unwrap();
        assert_eq!((inner.event(), inner.payload()), ("a", Some(&b"bc"[..])));
        let bare = message.clone().within_payload(1..4, None).unwrap();
        assert_eq!((bare.event(), bare.payload()), ("abc", None));
        let narrow = message.clone().narrowed(1..4).unwrap();
        assert_eq!((narrow.event(), narrow.payload()), ("event", Some(&b"abc"[..])));
        for range in [0..6, 6..6, 3..2, 0..usize::MAX] {
            assert!(message.clone().narrowed(range.clone()).is_none(), "{range:?}");
            assert!(message.clone().within_payload(range.clone(), None).is_none(), "{range:?}");
            assert!(
                message.clone().within_payload(0..1, Some(range.clone())).is_none(),
                "{range:?}"
            );
        }
        assert!(Message::new("bare", None).narrowed(0..0).is_none());
        let mut message = message;
        assert_eq!(message.take().event(), "event");
        assert_eq!((message.event(), message.payload()), ("", None));
    }
}
