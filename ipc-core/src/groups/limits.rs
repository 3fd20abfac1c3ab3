//! `GroupLimits`: how many groups there may be.

use super::error::GroupError;

/// How many groups a server may have.
///
/// # Defaults
///
/// 65,536 groups, and 1,024 that one peer is in: programs tend to name groups after what peers ask
/// for, and a name costs some hundred bytes.
///
/// # Examples
///
/// ```
/// use ipc_core::GroupLimits;
///
/// let few = GroupLimits::default().with_total(100);
/// assert_eq!((few.total, few.per_peer), (100, 1024));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct GroupLimits {
    /// How many groups one peer may be in. Default: 1,024.
    pub per_peer: usize,
    /// How many groups that have a member there may be. Default: 65,536.
    pub total: usize,
}

impl GroupLimits {
    /// The greatest length of a group's name: 256 UTF-16 units, as node-ipc has it for events.
    pub const MAX_NAME: usize = 256;

    /// Returns these limits with at most so many groups that have a member (default 65,536).
    #[must_use]
    pub const fn with_total(mut self, groups: usize) -> Self {
        self.total = groups;
        self
    }

    /// Returns these limits with at most so many groups that one peer is in (default 1,024).
    #[must_use]
    pub const fn with_per_peer(mut self, groups: usize) -> Self {
        self.per_peer = groups;
        self
    }

    /// Checks the length of a name.
    pub(super) fn check_name(name: &str) -> Result<(), GroupError> {
        // A text has no more units than bytes.
        if name.len() <= Self::MAX_NAME {
            return Ok(());
        }
        let actual = name.encode_utf16().count();
        if actual <= Self::MAX_NAME {
            return Ok(());
        }
        Err(GroupError::NameTooLong { limit: Self::MAX_NAME, actual })
    }
}

impl Default for GroupLimits {
    fn default() -> Self {
        Self { total: 65_536, per_peer: 1024 }
    }
}
