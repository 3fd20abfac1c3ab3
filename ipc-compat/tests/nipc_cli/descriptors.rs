//! Hardly any descriptors: each command says that it cannot start, and never panics.

use std::process::Command;

use crate::process::{Nipc, Place};

/// With 3 the system's own loader lacks the one it needs for the C library.
const FEWEST: u32 = 4;

#[test]
fn too_few_descriptors_are_told_by_every_command() {
    let place = Place::new();
    let _server = place.serve("--echo");
    let other = Place::new();
    let (there, free) = (place.socket(), other.socket());
    let commands = [
        format!("emit --path {there} w m 1"),
        format!("emit --path {there} w m -"),
        format!("request --path {there} w m 1"),
        "request --tcp localhost:1 w m 1".to_owned(),
        format!("connect --path {there} --timeout 1"),
        "connect --tcp localhost:1 --max-retries 0".to_owned(),
        format!("serve --path {free} --timeout 1"),
        "serve --tcp localhost:0 --timeout 1".to_owned(),
        "serve --udp4 0 --timeout 1".to_owned(),
        format!("bench --path {there} w --count 1"),
        format!("ls --socket-root {}", place.root()),
    ];
    for command in commands {
        let mut began = false;
        for limit in FEWEST..=16 {
            let nipc = env!("CARGO_BIN_EXE_nipc");
            let script = format!("ulimit -n {limit}; exec {nipc} {command}");
            let mut running = Nipc::spawn(Command::new("sh").args(["-c", &script]));
            running.say("1");
            running.hang_up();
            let ended = running.end();
            let context = format!("{limit} {command}: {} {}", ended.status, ended.errors);
            assert!([0, 2, 3].contains(&ended.status), "{context}");
            assert!(!ended.errors.contains("panicked"), "{context}");
            let told = ended.errors.contains("cannot start: ");
            assert!(!(told && began), "what began with fewer begins with more: {context}");
            began |= !told;
            if told {
                assert_eq!(ended.status, 2, "{context}");
            }
            assert!(told || limit > 8, "{context}");
        }
        assert!(began, "16 are enough: {command}");
    }
}
