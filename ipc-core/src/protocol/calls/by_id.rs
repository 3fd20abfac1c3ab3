//! `ById`: a table by numbers that this side counts itself.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// A table by numbers that this side counts itself, one after the other.
///
/// Such numbers need no hash that others cannot foresee, since no one else chooses which of them are in
/// the table. **What a peer chooses is no key here.**
pub(crate) type ById<T> = HashMap<u64, T, BuildHasherDefault<Multiplied>>;

/// A hash of one number: a product with an odd constant, so that neighbours differ in the lowest bits,
/// by which a table places them, and in the highest, by which it compares them.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Multiplied(u64);

impl Hasher for Multiplied {
    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.0 = number.wrapping_mul(GOLDEN);
    }

    fn write(&mut self, bytes: &[u8]) {
        // Not used by numbers.
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(GOLDEN);
        }
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

/// 2^64 by the golden ratio.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
