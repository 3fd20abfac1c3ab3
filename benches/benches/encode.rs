//! Encoding: frames into their framing, and messages into node-ipc's format.

use std::hint::black_box;
use std::time::Duration;

use bytes::BytesMut;
use criterion::{BenchmarkId, Criterion, Throughput};
use ipc_benches::linearity::framings;
use ipc_benches::{Body, FIRST_SEQ};
use ipc_codec::{FrameEncoder, Limits};
use ipc_compat::{NodeFormat, RawJson};
use ipc_core::EncodePayload;

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    frames(&mut criterion);
    messages(&mut criterion);
    criterion.final_summary();
}

fn frames(criterion: &mut Criterion) {
    for (name, framing) in framings() {
        let encoder = FrameEncoder::new(framing, Limits::default());
        let mut group = criterion.benchmark_group(format!("encode/{name}"));
        for len in SIZES {
            let frame = vec![b'x'; len];
            let mut out = BytesMut::with_capacity(2 * len + 1024);
            group.throughput(Throughput::Bytes(len as u64));
            group.bench_with_input(BenchmarkId::new("frame", len), &frame, |bencher, frame| {
                bencher.iter(|| {
                    out.clear();
                    encoder.encode(black_box(frame), &mut out)
                });
            });
        }
        group.finish();
    }
}

fn messages(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode/node-ipc");
    bench(&mut group, "number and 64 bytes of text", 113, &Body::new(FIRST_SEQ));
    for len in SIZES {
        bench(&mut group, &format!("text/{len}"), len, "x".repeat(len).as_str());
        if let Ok(json) = RawJson::from_value(&"x".repeat(len)) {
            bench(&mut group, &format!("ready JSON/{len}"), len, &json);
        }
    }
    group.finish();
}

fn bench<T: ?Sized>(
    group: &mut criterion::BenchmarkGroup<'_, criterion::measurement::WallTime>,
    name: &str,
    len: usize,
    payload: &T,
) where
    NodeFormat: EncodePayload<T>,
{
    let format = NodeFormat::v14();
    let mut out = BytesMut::with_capacity(2 * len + 1024);
    group.throughput(Throughput::Bytes(len as u64));
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            out.clear();
            format.encode("echo", black_box(payload), &mut out)
        });
    });
}

const SIZES: [usize; 5] = [16, 256, 4 * 1024, 64 * 1024, 1024 * 1024];
