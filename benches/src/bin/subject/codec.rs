//! The codecs alone: no socket, one process.

use std::hint::black_box;
use std::time::Duration;

use bytes::BytesMut;
use ipc_benches::meter::{begin, now, since};
use ipc_benches::{Body, FIRST_SEQ, Outcome, Task, Work, frame_with, text};
use ipc_codec::{Delimiter, FrameDecoder, FrameEncoder, Framing, Limits};
use ipc_compat::NodeFormat;
use ipc_core::{EncodePayload, MessageFormat};
use node_ipc::{Codec, CodecConfig, Event, JsonValue};

use crate::Result;

/// Measures this workspace's codec.
pub(crate) fn ours(task: &Task) -> Result<Outcome> {
    let format = NodeFormat::v14();
    let framing = Framing::Delimited(Delimiter::FORM_FEED);
    let limits = Limits::default();
    let stream = stream(task);
    match task.work {
        Work::Decode => {
            let mut decoder = FrameDecoder::new(framing, limits);
            timed(task, stream.len(), || {
                let mut frames = 0;
                for chunk in stream.chunks(task.chunk.max(1)) {
                    decoder.extend(chunk);
                    while let Some(frame) = decoder.next_frame()? {
                        frames += 1;
                        black_box(format.decode(frame)?);
                    }
                }
                Ok(frames)
            })
        }
        Work::Scan => scan(task, FrameDecoder::new(framing, limits), &stream),
        Work::Encode => {
            let encoder = FrameEncoder::new(framing, limits);
            let text = text(task.body);
            let body = Body::with(FIRST_SEQ, &text);
            let mut out = BytesMut::with_capacity(2 * BATCH);
            timed(task, stream.len(), || {
                out.clear();
                let frames = per_batch(task);
                for _ in 0..frames {
                    encoder
                        .encode_with(&mut out, |out| format.encode("echo", black_box(&body), out))
                        .map_err(|error| format!("{error:?}"))?;
                }
                black_box(&out);
                Ok(frames)
            })
        }
        _ => Err("a codec cannot do that".into()),
    }
}

/// Times how long the decoder takes to find the end of what it has received: the search for the
/// delimiter, and sharing the frame. Receiving it, a copy, is not timed.
fn scan(task: &Task, mut decoder: FrameDecoder, stream: &[u8]) -> Result<Outcome> {
    let mut time = Duration::ZERO;
    let (mut frames, mut bytes) = (0, 0);
    for round in 0..task.warm_up + task.messages {
        if round == task.warm_up {
            begin();
            (time, frames, bytes) = (Duration::ZERO, 0, 0);
        }
        decoder.extend(stream);
        let start = now();
        while let Some(frame) = decoder.next_frame()? {
            frames += 1;
            black_box(frame);
        }
        time += now() - start;
        bytes += stream.len() as u64;
    }
    Ok(with_rates(Outcome::new(frames, time.as_secs_f64()), frames, bytes))
}

/// Measures the codec of the crate node-ipc.
pub(crate) fn upstream(task: &Task) -> Result<Outcome> {
    let mut codec = Codec::new(CodecConfig::fast())?;
    let stream = stream(task);
    match task.work {
        Work::Decode => timed(task, stream.len(), || {
            let mut frames = 0;
            for chunk in stream.chunks(task.chunk.max(1)) {
                frames += codec.push(chunk)?.into_iter().map(black_box).count() as u64;
            }
            Ok(frames)
        }),
        Work::Encode => {
            let text = text(task.body);
            let members = vec![
                ("seq".to_owned(), JsonValue::from(FIRST_SEQ)),
                ("body".to_owned(), JsonValue::String(text)),
            ];
            let event = Event::new("echo", JsonValue::Object(members));
            let mut out = Vec::with_capacity(2 * BATCH);
            timed(task, stream.len(), || {
                out.clear();
                let frames = per_batch(task);
                for _ in 0..frames {
                    codec.encode_into(black_box(&event), &mut out)?;
                }
                black_box(&out);
                Ok(frames)
            })
        }
        _ => Err("the crate node-ipc has no codec for that".into()),
    }
}

/// Runs batches until as many frames are through as the task has.
fn timed(
    task: &Task,
    batch_bytes: usize,
    mut batch: impl FnMut() -> Result<u64>,
) -> Result<Outcome> {
    let mut frames = 0;
    while frames < task.warm_up.max(1) {
        frames += batch()?;
    }
    begin();
    let start = now();
    let (mut frames, mut bytes) = (0, 0);
    while frames < task.messages {
        frames += batch()?;
        bytes += batch_bytes as u64;
    }
    Ok(with_rates(since(start, frames), frames, bytes))
}

fn with_rates(outcome: Outcome, frames: u64, bytes: u64) -> Outcome {
    let seconds = outcome.get("seconds").unwrap_or_default();
    outcome
        .with("ns_per_frame", seconds * 1e9 / frames as f64)
        .with("gb_per_s", bytes as f64 / 1e9 / seconds)
}

fn per_batch(task: &Task) -> u64 {
    (BATCH / (task.body + 50)).max(1) as u64
}

/// Returns the frames of one batch.
fn stream(task: &Task) -> Vec<u8> {
    let text = text(task.body);
    (0..per_batch(task)).flat_map(|n| frame_with("echo", FIRST_SEQ + n, &text)).collect()
}

/// The bytes of a batch, if one frame is not longer: as many as one read brings.
const BATCH: usize = 64 * 1024;
