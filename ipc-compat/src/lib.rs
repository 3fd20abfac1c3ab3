//! ipc-compat
