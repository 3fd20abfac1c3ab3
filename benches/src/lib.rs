#![doc = include_str!("../README.md")]

pub mod calls;
mod cpu;
pub mod linearity;
pub mod lossy;
pub mod meter;
mod outcome;
pub mod pace;
mod path;
mod sample;
mod shapes;
mod task;

pub use cpu::cpu_time;
pub use meter::{Latencies, Meter};
pub use outcome::Outcome;
pub use path::taken;
pub use sample::{Body, FIRST_SEQ, OwnedBody, frame, frame_with, text};
pub use shapes::{Shape, shapes};
pub use task::{Task, Work};

/// The code of the project's README, which no published crate can hold, compiled as a test.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
