//! The runtime, and what every subject tells the program that started it.

use std::io::Read;
use std::thread;

use ipc_benches::Outcome;
use ipc_benches::meter::say;

use crate::Result;

/// Runs a future on a runtime of one thread: client and server have a core each.
pub fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

/// In a server: tells where it listens.
pub fn ready(endpoint: &str) {
    say(&format!("ready {endpoint}"));
}

/// In a client: tells the figures, and stays until they are taken.
pub fn done(outcome: &Outcome) {
    say(&format!("done {outcome}"));
    wait_for_parent();
}

/// In a server: ends it when the parent closes its standard input, or is gone, after `last`.
pub fn end_with_parent(last: impl FnOnce() + Send + 'static) {
    thread::spawn(|| {
        wait_for_parent();
        last();
        std::process::exit(0);
    });
}

/// One turn of a loop that looks for something: now and then another thread may have the core.
pub fn spin(turn: u32) {
    if turn % 4096 == 4095 { thread::yield_now() } else { std::hint::spin_loop() }
}

fn wait_for_parent() {
    let mut rest = [0; 64];
    let mut input = std::io::stdin().lock();
    while matches!(input.read(&mut rest), Ok(n) if n > 0) {}
}
