//! The light half of `cargo xtask`: `tidy`, `ci`, `bench` and `fuzz`, and what `xtask-interop` shares with them.
#![forbid(unsafe_code)]
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command-line program: it prints, measures time, reads its environment and waits for processes"
)]
#![allow(
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    reason = "never published: both its users are in this workspace"
)]

pub mod apt;
pub mod args;
mod bench;
mod ci;
pub mod cli;
pub mod delegate;
pub mod error;
mod fuzz;
pub mod mingw;
pub mod node;
pub mod npm;
pub mod proc;
pub mod repo;
pub mod test_log;
mod tests_there;
mod tidy;
pub mod tools;
