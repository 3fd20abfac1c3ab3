//! Payloads of every shape, read and written by node-ipc's format and by `serde_json` alone.

use std::hint::black_box;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use criterion::{Criterion, Throughput};
use ipc_compat::NodeFormat;
use ipc_core::{DecodePayload, EncodePayload, MessageFormat};
use serde_json::{Value, json};

fn main() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
        .configure_from_args();
    for (name, payload) in shapes() {
        let format = NodeFormat::v14();
        let mut frame = BytesMut::new();
        if format.encode("shape", &payload, &mut frame).is_err() {
            continue;
        }
        let frame = frame.freeze();
        let json = payload.to_string();
        let mut group = criterion.benchmark_group(format!("shapes/{name}"));
        group.throughput(Throughput::Bytes(json.len() as u64));
        group.bench_function("read, node-ipc", |bencher| bencher.iter(|| read(&format, &frame)));
        group.bench_function("read, serde_json", |bencher| {
            bencher.iter(|| serde_json::from_slice::<Value>(black_box(json.as_bytes())));
        });
        let mut out = BytesMut::with_capacity(2 * frame.len());
        group.bench_function("write, node-ipc", |bencher| {
            bencher.iter(|| {
                out.clear();
                format.encode("shape", black_box(&payload), &mut out)
            });
        });
        let mut out = Vec::with_capacity(2 * json.len());
        group.bench_function("write, serde_json", |bencher| {
            bencher.iter(|| {
                out.clear();
                serde_json::to_writer(&mut out, black_box(&payload))
            });
        });
        group.finish();
    }
    criterion.final_summary();
}

/// Checks the frame and makes its payload's value, as for a handler.
fn read(format: &NodeFormat, frame: &Bytes) -> Option<Value> {
    let message = format.decode(black_box(frame.clone())).ok()?;
    format.decode_payload(&message).ok()
}

fn shapes() -> Vec<(&'static str, Value)> {
    let members = |n: u32| (0..n).map(|i| (format!("key{i}"), json!(i))).collect::<Value>();
    let nested = (0..30).fold(json!(1), |inner, n| json!({ "level": n, "inner": [inner] }));
    let list = |make: fn(u32) -> Value| Value::Array((0..1000).map(make).collect());
    vec![
        ("number and text", json!({ "seq": 1_000_000, "body": "x".repeat(64) })),
        ("100 members", members(100)),
        ("nested 30 deep", nested),
        ("1000 whole numbers", list(|n| json!(n * 7919))),
        ("1000 fractions", list(|n| json!(f64::from(n) * 0.37))),
        ("1000 short texts", list(|n| json!(n.to_string()))),
        ("text with escapes", json!("a line\n\"quoted\"\t".repeat(256))),
        ("text beyond ASCII", json!("größer, 日本語 ".repeat(256))),
        ("64 KiB of text", json!("x".repeat(64 * 1024))),
    ]
}
