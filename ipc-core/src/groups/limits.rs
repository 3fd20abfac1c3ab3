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
/// let few = GroupLimits::default().with_max_groups(100);
/// assert_eq!((few.max_groups(), few.max_groups_of_peer()), (100, 1024));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupLimits {
    max_groups: usize,
    max_groups_of_peer: usize,
}

impl GroupLimits {
    /// The greatest length of a group's name: 256 UTF-16 units, as node-ipc has it for events.
    pub const MAX_NAME: usize = 256;

    /// Returns these limits with at most so many groups that have a member (default 65,536).
    #[must_use]
    pub const fn with_max_groups(mut self, groups: usize) -> Self {
        self.max_groups = groups;
        self
    }

    /// Returns these limits with at most so many groups that one peer is in (default 1,024).
    #[must_use]
    pub const fn with_max_groups_of_peer(mut self, groups: usize) -> Self {
        self.max_groups_of_peer = groups;
        self
    }

    /// Returns how many groups there may be.
    #[must_use]
    pub const fn max_groups(&self) -> usize {
        self.max_groups
    }

    /// Returns how many groups one peer may be in.
    #[must_use]
    pub const fn max_groups_of_peer(&self) -> usize {
        self.max_groups_of_peer
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
        Self { max_groups: 65_536, max_groups_of_peer: 1024 }
    }
}
