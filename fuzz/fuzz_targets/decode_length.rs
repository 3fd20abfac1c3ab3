//! Fuzzes decoding of length-prefixed streams against the reference.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ipc_codec::fuzzing::decode_length(data));
