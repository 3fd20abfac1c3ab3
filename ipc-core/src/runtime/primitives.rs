//! What the outbox and the calls of a peer share between threads, and what they wait for. The models
//! of their interleavings give them others of the same names.

pub(crate) use std::sync::atomic::{AtomicU8, AtomicUsize};
pub(crate) use std::sync::{Mutex, MutexGuard};

pub(crate) use ipc_transport::WriteHalf;
pub(crate) use tokio::spawn;
pub(crate) use tokio::sync::Notify;
pub(crate) use tokio::time::{Sleep, sleep_until, timeout_at};

pub(crate) use super::clock::now;
