//! Fuzzes that a frame of node-ipc is understood, or refused, as an oracle does.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ipc_compat::fuzzing::envelope(data));
