//! Fuzzes that no cutting of a stream changes what comes out.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ipc_codec::fuzzing::cut_anywhere(data));
