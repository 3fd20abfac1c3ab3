//! Checks that decoding is linear: doubling a frame that comes in small chunks doubles its cost.
//!
//! Only where a delimiter is searched for. Behind a length nothing is searched, and what is left,
//! copying, the test of the same name counts; its time is the system's, which maps the larger
//! frame's memory anew each time and the smaller one's not.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it finds")]

use std::error::Error;

use ipc_benches::linearity::{CHUNK, MOST, SMALL, framings, growth};
use ipc_codec::Framing;

fn main() -> Result<(), Box<dyn Error>> {
    for (name, framing) in framings() {
        if matches!(framing, Framing::LengthPrefixed) {
            continue;
        }
        let mut seen = Vec::new();
        // Another program's cache misses count as ours, so a bad run is given other chances.
        let linear = (0..ATTEMPTS).any(|_| {
            let factor = growth(&framing, ROUNDS).unwrap_or(f64::INFINITY);
            seen.push(factor);
            factor <= MOST
        });
        let best = seen.iter().copied().fold(f64::INFINITY, f64::min);
        let (small, large) = (SMALL >> 20, SMALL >> 19);
        println!("{name}: {small} to {large} MiB in chunks of {CHUNK} bytes costs {best:.2} times");
        if !linear {
            return Err(format!("{name}: doubling the frame costs {seen:.2?} times").into());
        }
    }
    Ok(())
}

/// How often each size is decoded for one figure.
const ROUNDS: usize = 5;

/// How many figures may be bad before decoding is called not linear.
const ATTEMPTS: usize = 6;
