//! Fuzzes that a call or an answer is read and written again as the same, or refused.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| ipc_compat::fuzzing::control(data));
