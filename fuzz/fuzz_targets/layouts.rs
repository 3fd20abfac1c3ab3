//! Fuzzes that each layout refuses the data of an event, or writes what it read as the same.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ipc_compat::fuzzing::layouts(data));
