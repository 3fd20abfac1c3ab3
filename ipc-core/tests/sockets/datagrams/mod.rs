//! The same over UDP: whole frames out, frames of any cut in, peers that cost little.

mod frames;
mod limits;
mod peers;
mod raw;
pub(crate) mod rig;
