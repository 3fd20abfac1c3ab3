//! The ways people use node-ipc, each from its beginning to its end, with the public API only.
//!
//! Every pattern runs between Rust programs, in both dialects. With real node-ipc on the other side
//! it runs where the environment says where that is: `cargo xtask patterns` fetches 9.2.1 and 14.0.0
//! and does so. Without it those tests say SKIPPED.
//!
//! What each pattern takes from the library, where programs in JavaScript have code of their own:
//!
//! | pattern | uses | in place of |
//! |---|---|---|
//! | P1 `p1_one_shot` | `next` | a handler for one answer, which is removed after it |
//! | P2 `p2_child` | `on_events`, `emit_event`, `next` | a handler for each event of a child |
//! | P3 `p3_calls` | `on_call`, `call`, the layout `json`, `all().notice` | a table of open calls, and pushes put together by hand |
//! | P4 `p4_workers` | `on_call`, `call`, the layout `done`, `on_async`, `stream`, `attach` | open questions by worker, and dropping those of one that is gone |
//! | P5 `p5_hub` | `hello`, `join`, `to`, `only` | a map from names to sockets, which outlives them, and registering after each connection |
//! | P6 `p6_tools` | `access`, `allow`, `stream` | a check of who connects, and of what each message asks for |
//! | P7 `p7_foreign` | `delimiter`, `raw_buffer`, `next` | |
//! | P8 `p8_udp` | `stream` | |
//! | calls beside them: `js_calls`, `rust_calls`, `layouts` | `on_call`, `on_stream`, `call`, `call_stream`, `notice`, layouts | |
//!
//! Topics, surveys, kicks and the heartbeat replace nothing in these eight; `cargo xtask interop` and the
//! examples have them.
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
