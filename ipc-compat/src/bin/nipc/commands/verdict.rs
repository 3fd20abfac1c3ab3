//! `Verdict`: whether clients can use a socket file, and what to do if not.

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use ipc_transport::{Presence, TransportError};

use crate::io::lines::chain;

/// What there is to say about a socket file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// A server has it open, and clients of this user may connect.
    Live,
    /// No process has it open; this user, or only another, may remove it.
    Stale { removable_by: Option<u32> },
    /// It is another user's, in a directory where every user can make files: clients refuse it.
    ForeignOwner { owner: u32 },
    /// It is another user's, and its mode does not let this user connect.
    Forbidden { owner: u32 },
    /// The mode lets every user of the machine connect; whom the server lets in is not known. This user, or
    /// only another, may restrict it.
    OpenToOthers { restrictable_by: Option<u32> },
    /// It could not be looked at, for this reason.
    Unknown { why: String },
}

/// A socket file as `stat` shows it, and who asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts {
    pub(super) owner: u32,
    /// Its permission bits.
    pub(super) mode: u32,
    /// The user that this process runs as.
    pub(super) user: u32,
    pub(super) directory: Directory,
}

/// Who may do what in the directory of a socket.
#[derive(Debug, Clone, Copy)]
pub(super) struct Directory {
    /// Whether it lies in or below a sticky directory, such as `/tmp`.
    pub(super) is_shared: bool,
    /// Whether every user can reach what is in it.
    pub(super) is_open: bool,
}

impl Directory {
    pub(super) fn of(root: &Path) -> Self {
        // A directory that cannot be looked at is taken for the worst.
        let Ok(root) = fs::canonicalize(root) else {
            return Self { is_shared: true, is_open: true };
        };
        let modes = || root.ancestors().map(|one| fs::metadata(one).map(|found| found.mode()));
        Self {
            is_shared: modes().any(|mode| mode.map_or(true, |mode| mode & STICKY != 0)),
            is_open: modes().all(|mode| mode.map_or(true, |mode| mode & OTHERS_ENTER != 0)),
        }
    }
}

impl Verdict {
    /// Returns the verdict; `None` if the file has gone.
    pub(super) fn of(presence: Result<Presence, TransportError>, facts: Facts) -> Option<Self> {
        let Facts { owner, mode, user, directory } = facts;
        let only_by = (![ROOT, owner].contains(&user)).then_some(owner);
        Some(match presence {
            Ok(Presence::Live) if directory.is_shared && only_by.is_some() && owner != ROOT => {
                Self::ForeignOwner { owner }
            }
            Ok(Presence::Live) if directory.is_open && mode & OTHERS_CONNECT != 0 => {
                Self::OpenToOthers { restrictable_by: only_by }
            }
            Ok(Presence::Live) => Self::Live,
            Ok(Presence::Stale) => Self::Stale { removable_by: only_by },
            Ok(_) => return None,
            Err(TransportError::ForeignOwner { actual: owner, .. }) => Self::Forbidden { owner },
            Err(error) => Self::Unknown { why: chain(&error) },
        })
    }

    /// Returns its name.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Stale { .. } => "stale",
            Self::ForeignOwner { .. } | Self::Forbidden { .. } => "foreign owner",
            Self::OpenToOthers { .. } => "mode open to others",
            Self::Unknown { .. } => "unknown",
        }
    }

    /// Returns what to do about it, unless all is well.
    pub(super) fn advice(&self) -> Option<String> {
        (*self != Self::Live).then(|| self.to_string())
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Live => f.write_str("nothing to do"),
            Self::Stale { removable_by: None } => {
                f.write_str("its server is dead: remove it, or start the server, which replaces it")
            }
            Self::Stale { removable_by: Some(user) } => {
                write!(f, "its server is dead: only user {user} or root can remove it")
            }
            Self::ForeignOwner { owner } => {
                write!(
                    f,
                    "clients refuse the server of user {owner}: --peer-user {owner} accepts it"
                )
            }
            Self::Forbidden { owner } => {
                write!(f, "its mode keeps you from connecting: user {owner} can change it")
            }
            Self::OpenToOthers { restrictable_by } => {
                f.write_str(
                    "every user can connect: unless its server refuses others, as with --user, ",
                )?;
                match restrictable_by {
                    None => f.write_str("restrict its mode, such as with chmod o-w"),
                    Some(user) => write!(f, "user {user} or root should restrict its mode"),
                }
            }
            Self::Unknown { why } => f.write_str(why),
        }
    }
}

const ROOT: u32 = 0;
const STICKY: u32 = 0o1000;
/// Connecting needs the right to write.
const OTHERS_CONNECT: u32 = 0o002;
const OTHERS_ENTER: u32 = 0o001;

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    const US: u32 = 1000;
    const THEM: u32 = 1001;
    const TMP: Directory = Directory { is_shared: true, is_open: true };
    const RUN: Directory = Directory { is_shared: false, is_open: true };
    const PRIVATE: Directory = Directory { is_shared: false, is_open: false };

    #[track_caller]
    fn check(presence: Presence, of: (u32, u32, u32), directory: Directory, expected: Verdict) {
        let (user, owner, mode) = of;
        let facts = Facts { owner, mode, user, directory };
        assert_eq!(Verdict::of(Ok(presence), facts), Some(expected), "{presence:?} {facts:?}");
    }

    #[test]
    fn a_live_socket_is_judged_by_its_owner_and_then_its_mode() {
        let open = |restrictable_by| Verdict::OpenToOthers { restrictable_by };
        check(Presence::Live, (US, US, 0o600), TMP, Verdict::Live);
        check(Presence::Live, (US, US, 0o775), TMP, Verdict::Live);
        check(Presence::Live, (US, US, 0o777), TMP, open(None));
        check(Presence::Live, (US, US, 0o602), TMP, open(None));
        check(Presence::Live, (US, US, 0o777), RUN, open(None));
        check(Presence::Live, (US, US, 0o777), PRIVATE, Verdict::Live);
        check(Presence::Live, (US, THEM, 0o777), TMP, Verdict::ForeignOwner { owner: THEM });
        check(Presence::Live, (US, THEM, 0o775), RUN, Verdict::Live);
        check(Presence::Live, (US, ROOT, 0o775), TMP, Verdict::Live);
        check(Presence::Live, (US, ROOT, 0o622), TMP, open(Some(ROOT)));
        check(Presence::Live, (ROOT, THEM, 0o622), TMP, open(None));
        check(Presence::Live, (US, THEM, 0o622), RUN, open(Some(THEM)));
        check(Presence::Live, (ROOT, THEM, 0o700), TMP, Verdict::Live);
    }

    #[test]
    fn a_stale_socket_is_removed_by_its_owner_or_root() {
        let stale = |removable_by| Verdict::Stale { removable_by };
        check(Presence::Stale, (US, US, 0o777), TMP, stale(None));
        check(Presence::Stale, (ROOT, THEM, 0o777), TMP, stale(None));
        check(Presence::Stale, (US, THEM, 0o777), RUN, stale(Some(THEM)));
        assert!(stale(Some(THEM)).advice().unwrap().contains("only user 1001"));
    }

    #[test]
    fn what_cannot_be_looked_at_says_why_and_what_has_gone_nothing() {
        let facts = Facts { owner: THEM, mode: 0o700, user: US, directory: RUN };
        assert_eq!(Verdict::of(Ok(Presence::Absent), facts), None);
        let path = "/run/x".into();
        let error = TransportError::ForeignOwner { path, expected: US, actual: THEM };
        assert_eq!(Verdict::of(Err(error), facts), Some(Verdict::Forbidden { owner: THEM }));
        let error = TransportError::UnknownOwner {
            path: "/run/x".into(),
            source: io::ErrorKind::TimedOut.into(),
        };
        let why = chain(&error);
        let verdict = Verdict::of(Err(error), facts).unwrap();
        assert_eq!((verdict.name(), verdict.advice()), ("unknown", Some(why)));
    }
}
