//! `PatternLimits`: how many patterns there may be, and what they may cost.

use std::error::Error;
use std::fmt;

/// How many patterns a [`PatternTrie`](super::PatternTrie) holds, and how much they may cost.
///
/// The defaults are far from what programs use, and bound what peers can do on purpose: 65,536 patterns
/// of four tokens that no other has fit, and so do all patterns of up to four tokens of one id, wherever
/// their wildcards are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct PatternLimits {
    /// How many patterns one id may have. Default: 1,024.
    pub per_id: usize,
    /// How many all ids may have together; a pattern that two have counts twice. Default: 65,536.
    pub total: usize,
    /// About how many bytes of memory all may take together: counted are the text of each pattern with
    /// 160 bytes, and for all that begin with the same tokens once 192 bytes for each of those. Default:
    /// 64 MiB.
    pub bytes: usize,
    /// In how many ways the wildcards in the patterns of one id, and in the beginnings of those, may be
    /// arranged: `a.*` and `b.*` are one, and `a.*.c` has one more, since it begins as they do. Default:
    /// 64.
    pub shapes_per_id: usize,
    /// The same of all ids together. A match takes at most so many steps, and one for each token of the
    /// name. Default: 4,096.
    pub shapes: usize,
}

impl Default for PatternLimits {
    fn default() -> Self {
        let bytes = 64 * 1024 * 1024;
        Self { per_id: 1024, total: 65_536, bytes, shapes_per_id: 64, shapes: 4096 }
    }
}

impl PatternLimits {
    /// Sets how many patterns one id may have.
    #[must_use]
    pub const fn with_per_id(self, per_id: usize) -> Self {
        Self { per_id, ..self }
    }

    /// Sets how many patterns all ids may have together.
    #[must_use]
    pub const fn with_total(self, total: usize) -> Self {
        Self { total, ..self }
    }

    /// Sets about how many bytes of memory all may take together.
    #[must_use]
    pub const fn with_bytes(self, bytes: usize) -> Self {
        Self { bytes, ..self }
    }

    /// Sets in how many ways the wildcards of one id may be arranged.
    #[must_use]
    pub const fn with_shapes_per_id(self, shapes_per_id: usize) -> Self {
        Self { shapes_per_id, ..self }
    }

    /// Sets in how many ways the wildcards of all ids together may be arranged.
    #[must_use]
    pub const fn with_shapes(self, shapes: usize) -> Self {
        Self { shapes, ..self }
    }
}

/// A pattern was not added, since there are as many as there may be, or they cost as much as they may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TooManyPatterns {
    /// Of this id.
    PerId {
        /// How many it may have.
        limit: usize,
        /// How many it would have.
        actual: usize,
    },
    /// Of all ids together.
    Total {
        /// How many they may have.
        limit: usize,
        /// How many they would have.
        actual: usize,
    },
    /// The patterns of all ids together would take more memory than they may.
    Bytes {
        /// About how many bytes they may take.
        limit: usize,
        /// How many they would take.
        actual: usize,
    },
    /// The wildcards in the patterns of this id would be arranged in more ways than they may.
    ShapesPerId {
        /// In how many ways they may be.
        limit: usize,
        /// In how many they would be.
        actual: usize,
    },
    /// The wildcards in the patterns of all ids together would be arranged in more ways than they may.
    Shapes {
        /// In how many ways they may be.
        limit: usize,
        /// In how many they would be.
        actual: usize,
    },
}

impl TooManyPatterns {
    /// Returns the error's code, which never changes: `too_many`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "too_many"
    }
}

impl fmt::Display for TooManyPatterns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PerId { limit, actual } => {
                write!(f, "{actual} patterns of one peer, the limit is {limit}")
            }
            Self::Total { limit, actual } => {
                write!(f, "{actual} patterns of all peers, the limit is {limit}")
            }
            Self::Bytes { limit, actual } => {
                write!(f, "the patterns of all peers take {actual} bytes, the limit is {limit}")
            }
            Self::ShapesPerId { limit, actual } => write!(
                f,
                "wildcards in {actual} arrangements in the patterns of one peer, the limit is {limit}"
            ),
            Self::Shapes { limit, actual } => write!(
                f,
                "wildcards in {actual} arrangements in the patterns of all peers, the limit is {limit}"
            ),
        }
    }
}

impl Error for TooManyPatterns {}
