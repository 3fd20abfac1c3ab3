//! ipc-transport
