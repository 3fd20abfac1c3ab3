//! Fuzzes that what the encoder accepts comes back from the decoder.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ipc_codec::fuzzing::roundtrip(data));
