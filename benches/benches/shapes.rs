//! Payloads of every shape, read and written by node-ipc's format and by `serde_json` alone.

use std::time::Duration;

use bytes::BytesMut;
use criterion::{Criterion, Throughput};
use ipc_benches::shapes;
use ipc_core::FormatError;

fn main() -> Result<(), FormatError> {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
        .configure_from_args();
    for shape in shapes()? {
        let len = shape.json().len();
        let mut group = criterion.benchmark_group(format!("shapes/{}", shape.name));
        group.throughput(Throughput::Bytes(len as u64));
        group.bench_function("read, node-ipc", |bencher| bencher.iter(|| shape.read()));
        group.bench_function("read, serde_json", |bencher| bencher.iter(|| shape.read_alone()));
        let mut out = BytesMut::with_capacity(2 * len + 64);
        group.bench_function("write, node-ipc", |bencher| bencher.iter(|| shape.write(&mut out)));
        let mut out = Vec::with_capacity(2 * len);
        group.bench_function("write, serde_json", |bencher| {
            bencher.iter(|| shape.write_alone(&mut out));
        });
        group.finish();
    }
    criterion.final_summary();
    Ok(())
}
