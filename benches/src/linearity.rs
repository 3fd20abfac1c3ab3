//! Whether decoding one large frame costs time in proportion to its length.

use std::time::Duration;

use ipc_codec::{DecodeError, Delimiter, FrameDecoder, Framing, Limits};

use crate::cpu_time;

/// Decodes one frame of `len` bytes that arrives in chunks of [`CHUNK`] bytes, and returns how long
/// the frame was.
///
/// # Errors
///
/// [`DecodeError`], which would be a bug: the frame is within the limits.
pub fn decode(framing: Framing, len: usize) -> Result<usize, DecodeError> {
    let mut decoder = FrameDecoder::new(framing.clone(), Limits::UNBOUNDED);
    let chunk = [b'x'; CHUNK];
    let mut found = 0;
    let mut feed = |decoder: &mut FrameDecoder, bytes: &[u8]| -> Result<(), DecodeError> {
        decoder.extend(bytes);
        while let Some(frame) = decoder.next_frame()? {
            found += frame.len();
        }
        Ok(())
    };
    if matches!(framing, Framing::LengthPrefixed) {
        feed(&mut decoder, &u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes())?;
    }
    for start in (0..len).step_by(CHUNK) {
        feed(&mut decoder, chunk.get(..len - start).unwrap_or(&chunk))?;
    }
    if let Framing::Delimited(delimiter) = &framing {
        feed(&mut decoder, delimiter.as_bytes())?;
    }
    Ok(found)
}

/// Returns by what factor the cost grows when the frame grows from 16 to 32 MiB: about 2 if it is
/// linear, about 4 if it is quadratic.
///
/// The cost is the least processor time of `rounds` runs of each, in turns.
///
/// # Errors
///
/// [`DecodeError`], which would be a bug.
pub fn growth(framing: &Framing, rounds: usize) -> Result<f64, DecodeError> {
    let (mut small, mut large) = (Duration::MAX, Duration::MAX);
    for _ in 0..rounds {
        small = small.min(cost(framing, SMALL)?);
        large = large.min(cost(framing, 2 * SMALL)?);
    }
    Ok(large.as_secs_f64() / small.as_secs_f64())
}

fn cost(framing: &Framing, len: usize) -> Result<Duration, DecodeError> {
    let start = cpu_time();
    let found = decode(framing.clone(), len)?;
    let cost = cpu_time() - start;
    debug_assert_eq!(found, len);
    Ok(cost)
}

/// Returns every framing there is to check, with its name.
#[must_use]
pub fn framings() -> [(&'static str, Framing); 3] {
    let several = Delimiter::new("<-end->").unwrap_or(Delimiter::FORM_FEED);
    [
        ("one byte", Framing::Delimited(Delimiter::FORM_FEED)),
        ("several bytes", Framing::Delimited(several)),
        ("length", Framing::LengthPrefixed),
    ]
}

/// The size of the chunks a frame arrives in.
pub const CHUNK: usize = 1024;

/// The length of the smaller frame.
pub const SMALL: usize = 16 * 1024 * 1024;

/// The growth that is still called linear. The larger frame no longer fits into some caches, which
/// is not the decoder's fault.
pub const MOST: f64 = 2.2;
