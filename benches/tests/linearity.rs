//! Decoding a large frame in small pieces copies and allocates in proportion to its length.
//!
//! What it costs in time is checked by the benchmark of the same name: a time is never sure.

mod support;

use ipc_benches::linearity::{MOST, SMALL, decode, framings};
use support::{Counting, Use};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn twice_the_frame_allocates_twice_as_much() {
    for (name, framing) in framings() {
        let bytes = |len: usize| {
            let before = Use::so_far();
            assert_eq!(decode(framing.clone(), len).unwrap(), len, "{name}");
            before.since().bytes
        };
        let (small, large) = (bytes(SMALL), bytes(2 * SMALL));
        let factor = large as f64 / small as f64;
        println!("{name}: {small} bytes, then {large}: {factor:.2} times");
        assert!(factor <= MOST, "{name}: {factor}");
        // Growing by doubling moves each byte once on average; with the first write, twice.
        assert!(large <= 5 * 2 * SMALL as u64, "{name}: {large}");
    }
}
