#![doc = include_str!("../README.md")]

mod cpu;
pub mod linearity;
mod sample;

pub use cpu::cpu_time;
pub use sample::{Body, FIRST_SEQ, OwnedBody, frame};
