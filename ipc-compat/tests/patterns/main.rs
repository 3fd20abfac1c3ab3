//! The ways people use node-ipc, each from its beginning to its end, with the public API only.
//!
//! Every pattern runs between Rust programs, in both dialects. With real node-ipc on the other side
//! it runs where the environment says where that is: `cargo xtask patterns` fetches 9.2.1 and 14.0.0
//! and does so. Without it those tests say SKIPPED.
//!
//! Nothing here sleeps. What is waited for is an event; the deadline in `kit` only ends a test that
//! hangs.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on panics, and programs that play a part speak by stdout"
)]

#[macro_use]
#[path = "../../../ipc-core/tests/support/runtimes.rs"]
mod runtimes;

mod blocking;
mod js_calls;
mod kit;
mod layouts;
mod p1_one_shot;
mod p2_child;
mod p3_calls;
mod p4_workers;
mod p5_hub;
mod p6_tools;
mod p7_foreign;
mod p8_udp;
mod program;
mod rust_calls;
