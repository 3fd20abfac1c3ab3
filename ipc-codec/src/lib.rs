//! ipc-codec
