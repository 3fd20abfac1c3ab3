//! What the outbox shares between threads. The model of its interleavings gives it others of the
//! same names.

pub(crate) use std::sync::atomic::AtomicU8;
pub(crate) use std::sync::{Mutex, MutexGuard};

pub(crate) use ipc_transport::WriteHalf;
