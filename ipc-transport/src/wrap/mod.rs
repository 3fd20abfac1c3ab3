//! Transports made of other transports: one that fails on purpose, one that records, one of
//! several.

mod fallback;
mod fault;
mod tap;

pub use fallback::{FallbackTransport, NobodyAnywhere};
pub use fault::{FaultSide, FaultTransport, Faults};
pub use tap::{Direction, TapEvent, TapLog, TapRecord, TapSink, TapTransport};
