//! The standard streams as they were inherited: non-blocking, or a terminal that other jobs use too.
//!
//! Whether a descriptor blocks belongs to the open file, which the process that started this one
//! may share: a stream without a byte or without room is waited for, and its mode is left alone. One
//! that is closed is `/dev/null` by the time `main` begins; Rust's library sees to that.

mod bom;
#[cfg(not(unix))]
mod other;
#[cfg(unix)]
mod unix;

pub(crate) use bom::SkipBom;
#[cfg(not(unix))]
pub(crate) use other::{Stderr, Stdin, Stdout, keep_running_in_background};
#[cfg(unix)]
pub(crate) use unix::{Stderr, Stdin, Stdout, keep_running_in_background};
