//! Decoding frames, by framing, by the frames' length and by the length of the chunks they come in.

use std::hint::black_box;
use std::time::Duration;

use bytes::BytesMut;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput};
use ipc_benches::linearity::framings;
use ipc_codec::{FrameDecoder, FrameEncoder, Framing, Limits};

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
        .configure_from_args();
    for (name, framing) in framings() {
        let mut group = criterion.benchmark_group(format!("decode/{name}"));
        for frame in FRAMES {
            let stream = stream(&framing, frame);
            group.throughput(Throughput::Bytes(stream.len() as u64));
            for chunk in CHUNKS {
                let id = BenchmarkId::new(format!("frame {frame}"), format!("chunk {chunk}"));
                group.bench_with_input(id, &stream, |bencher, stream| {
                    let decoder = || FrameDecoder::new(framing.clone(), Limits::default());
                    bencher.iter_batched_ref(
                        decoder,
                        |decoder| decode(decoder, stream, chunk),
                        BatchSize::SmallInput,
                    );
                });
            }
        }
        group.finish();
    }
    criterion.final_summary();
}

/// Gives the stream to the decoder chunk by chunk; each frame is dropped once it is there.
fn decode(decoder: &mut FrameDecoder, stream: &[u8], chunk: usize) {
    for chunk in stream.chunks(chunk) {
        decoder.extend(chunk);
        while let Ok(Some(frame)) = decoder.next_frame() {
            black_box(frame);
        }
    }
}

/// Returns frames of one length one after the other, at least as many as fill a large chunk.
fn stream(framing: &Framing, frame: usize) -> Vec<u8> {
    let encoder = FrameEncoder::new(framing.clone(), Limits::default());
    let frame = vec![b'x'; frame];
    let mut stream = BytesMut::new();
    while stream.len() < STREAM {
        if encoder.encode(&frame, &mut stream).is_err() {
            break;
        }
    }
    stream.into()
}

const FRAMES: [usize; 5] = [16, 256, 4 * 1024, 64 * 1024, 1024 * 1024];
const CHUNKS: [usize; 4] = [64, 1024, 8 * 1024, 64 * 1024];

/// The length of a stream, if one frame is not longer.
const STREAM: usize = 128 * 1024;
