//! `FrameEncoder`: frames in, the bytes of a stream out.

use bytes::{Buf, BufMut, Bytes, BytesMut};

use crate::rule::{PREFIX, Rule};
use crate::{EncodeError, EncodeWith, Framing, Limits, capacity};

/// An encoder of frames into a byte stream. It keeps no state between frames.
///
/// It never writes a stream that the receiver would split elsewhere: a frame that is too long, or in
/// which the receiver would see the delimiter too early, is refused, and the output stays unchanged.
///
/// # Examples
///
/// ```
/// use bytes::BytesMut;
/// use ipc_codec::{FrameEncoder, Framing, Limits};
///
/// let encoder = FrameEncoder::new(Framing::LengthPrefixed, Limits::default());
/// let mut out = BytesMut::new();
/// encoder.encode(b"hi", &mut out)?;
/// assert_eq!(&out[..], b"\0\0\0\x02hi");
/// # Ok::<(), ipc_codec::EncodeError>(())
/// ```
#[derive(Debug, Clone)]
pub struct FrameEncoder {
    rule: Rule,
    limits: Limits,
}

impl FrameEncoder {
    /// Returns an encoder. Of `limits`, only the greatest length is used.
    pub fn new(framing: Framing, limits: Limits) -> Self {
        Self { rule: Rule::new(&framing), limits }
    }

    /// Appends `frame`, which may be empty, to `out` with its delimiter or length prefix. Raw bytes
    /// are appended as they are.
    ///
    /// # Errors
    ///
    /// - [`EncodeError::FrameTooLarge`]: the frame is longer than the limit.
    /// - [`EncodeError::ContainsDelimiter`]: the receiver would see the delimiter too early.
    ///
    /// `out` is unchanged then.
    pub fn encode(&self, frame: &[u8], out: &mut BytesMut) -> Result<(), EncodeError> {
        self.check_len(frame.len())?;
        out.reserve(frame.len().saturating_add(self.overhead()));
        let appended = Appended::new(out);
        if matches!(self.rule, Rule::LengthPrefixed) {
            appended.out.put_slice(&[0; PREFIX]);
        }
        capacity::append(appended.out, frame);
        self.complete(appended)
    }

    /// Appends the frame that `write` appends to the buffer it is given, which is `out` itself:
    /// no byte is copied. It may only append.
    ///
    /// # Examples
    ///
    /// ```
    /// use bytes::{BufMut, BytesMut};
    /// use ipc_codec::{Delimiter, EncodeError, FrameEncoder, Framing, Limits};
    ///
    /// let encoder = FrameEncoder::new(Framing::Delimited(Delimiter::LINE_FEED), Limits::default());
    /// let mut out = BytesMut::new();
    /// encoder.encode_with(&mut out, |out| {
    ///     out.put_slice(b"in place");
    ///     Ok::<(), EncodeError>(())
    /// })?;
    /// assert_eq!(&out[..], b"in place\n");
    /// # Ok::<(), ipc_codec::EncodeWith<EncodeError>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// - [`EncodeWith::Write`]: `write` returned this error.
    /// - [`EncodeWith::Encode`]: as for [`encode`](Self::encode), or
    ///   [`EncodeError::OutputShrunk`] if `write` removed bytes.
    ///
    /// `out` is truncated to its old length then, and also if `write` panics.
    pub fn encode_with<E>(
        &self,
        out: &mut BytesMut,
        write: impl FnOnce(&mut BytesMut) -> Result<(), E>,
    ) -> Result<(), EncodeWith<E>> {
        let appended = Appended::new(out);
        if matches!(self.rule, Rule::LengthPrefixed) {
            appended.out.put_slice(&[0; PREFIX]);
        }
        let expected = appended.out.len();
        write(appended.out).map_err(EncodeWith::Write)?;
        let actual = appended.out.len();
        if actual < expected {
            return Err(EncodeError::OutputShrunk { expected, actual }.into());
        }
        Ok(self.complete(appended)?)
    }

    /// Returns what was encoded into `frame`, which is one whole frame: its bytes without the
    /// delimiter or length.
    #[must_use]
    pub fn strip(&self, mut frame: Bytes) -> Bytes {
        match &self.rule {
            Rule::Delimited(search) => {
                frame.truncate(frame.len().saturating_sub(search.needle().len()));
            }
            Rule::LengthPrefixed => frame.advance(PREFIX.min(frame.len())),
            Rule::Raw => {}
        }
        frame
    }

    /// Checks the frame that was appended and completes it: patches the length or appends the
    /// delimiter. Removes it if it cannot be sent.
    fn complete(&self, mut appended: Appended<'_>) -> Result<(), EncodeError> {
        match &self.rule {
            Rule::Delimited(search) => {
                let len = appended.bytes().len();
                self.check_len(len)?;
                search.append_to(appended.out);
                // Searching the delimiter together with the frame also finds one that begins in
                // the frame's end and is completed by the delimiter.
                let at = search.find(appended.bytes()).unwrap_or(len);
                if at < len {
                    return Err(EncodeError::ContainsDelimiter { at });
                }
            }
            Rule::LengthPrefixed => {
                let len = appended.bytes().len().saturating_sub(PREFIX);
                let limit = self.check_len(len)?;
                let Ok(prefix) = u32::try_from(len) else {
                    return Err(EncodeError::FrameTooLarge { limit, actual: len });
                };
                if let Some(space) = appended.bytes().first_chunk_mut::<PREFIX>() {
                    *space = prefix.to_be_bytes();
                }
            }
            Rule::Raw => {}
        }
        appended.keep();
        Ok(())
    }

    /// Returns the limit, unless `actual` exceeds it.
    fn check_len(&self, actual: usize) -> Result<usize, EncodeError> {
        let limit = match self.rule {
            Rule::Delimited(_) => self.limits.max_frame(),
            Rule::LengthPrefixed => {
                self.limits.max_frame().min(usize::try_from(u32::MAX).unwrap_or(usize::MAX))
            }
            Rule::Raw => usize::MAX,
        };
        if actual > limit { Err(EncodeError::FrameTooLarge { limit, actual }) } else { Ok(limit) }
    }

    /// Returns how many bytes are added to each frame.
    fn overhead(&self) -> usize {
        match &self.rule {
            Rule::Delimited(search) => search.needle().len(),
            Rule::LengthPrefixed => PREFIX,
            Rule::Raw => 0,
        }
    }
}

/// Bytes appended to a buffer, which are removed on drop unless kept.
struct Appended<'a> {
    out: &'a mut BytesMut,
    start: usize,
    kept: bool,
}

impl<'a> Appended<'a> {
    fn new(out: &'a mut BytesMut) -> Self {
        Self { start: out.len(), out, kept: false }
    }

    fn bytes(&mut self) -> &mut [u8] {
        self.out.get_mut(self.start..).unwrap_or_default()
    }

    fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Appended<'_> {
    fn drop(&mut self) {
        if !self.kept {
            self.out.truncate(self.start);
        }
    }
}
