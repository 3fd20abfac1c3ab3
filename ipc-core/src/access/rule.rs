//! `Access`: which peers a server lets in, by what the system knows of them.

use std::fmt;
use std::sync::Arc;

use ipc_transport::{Endpoint, PeerCheck, PeerInfo, TlsInfo};

use super::Refusal;

/// Which peers a server lets in: checked once for each, when it connects, before anything is read from
/// it. One that is refused is closed and learns nothing; the server's program gets
/// [`ServerEvent::Refused`](crate::ServerEvent::Refused).
///
/// It comes after what the transport lets in: the mode of a socket file, its
/// [`PeerCheck`], the access list of a pipe, the handshake of TLS. It can refuse more, not less.
///
/// # Defaults
///
/// [`any`](Self::any): what the transport lets in. That is the server's own user and root for a socket
/// file (mode `0600`, which the system enforces), an abstract name and a pipe, and everybody for TCP and
/// UDP. A file that is opened, by its mode or by an administrator, is open.
///
/// # Examples
///
/// ```
/// use ipc_core::{Access, Refusal};
///
/// let ours = Access::same_user();
/// let ours_or_audio = Access::same_user().or(Access::groups([29]));
/// let local = Access::check(|info| match info.remote {
///     Some(remote) if !remote.ip().is_loopback() => Err(Refusal::new("not of this machine")),
///     _ => Ok(()),
/// });
/// # let _ = (ours, ours_or_audio, local);
/// ```
#[derive(Clone)]
pub struct Access {
    /// Invariant: at least one. The first that lets a peer in decides.
    rules: Arc<[Rule]>,
}

/// Whom a rule of an [`Access`] lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Admits<'a> {
    /// Everybody.
    Any,
    /// The server's own user, and root.
    SameUser,
    /// The users with these numbers.
    Users(&'a [u32]),
    /// The members of the groups with these numbers.
    Groups(&'a [u32]),
    /// Whom a function of the program takes: by the certificate, or by all that is known.
    ByFunction,
}

#[derive(Clone)]
enum Rule {
    Any,
    SameUser,
    Users(Arc<[u32]>),
    Groups(Arc<[u32]>),
    Certificates(Check<TlsInfo>),
    Check(Check<PeerInfo>),
}

type Check<T> = Arc<dyn Fn(&T) -> Result<(), Refusal> + Send + Sync>;

impl Access {
    /// Returns the access of everybody that the transport lets in.
    #[must_use]
    pub fn any() -> Self {
        Self::of(Rule::Any)
    }

    /// Returns the access of the server's own user and root, over Unix sockets and within the process
    /// ([`MemoryTransport`](ipc_transport::MemoryTransport)). Over every other kind all are
    /// refused, as the system does not say who a peer is; a Windows pipe has its access list for that.
    ///
    /// By [`PeerCheck::SameUserOrRoot`]. For a socket that is open to others for one reason and whose
    /// server is for one user all the same: one that was inherited, say.
    #[must_use]
    pub fn same_user() -> Self {
        Self::of(Rule::SameUser)
    }

    /// Returns the access of the users with these numbers, over Unix sockets, and of no
    /// others, root neither. [`user_id`](ipc_transport::user_id) finds the number of a name.
    #[must_use]
    pub fn users(uids: impl IntoIterator<Item = u32>) -> Self {
        Self::of(Rule::Users(uids.into_iter().collect()))
    }

    /// Returns the access of the members of groups with these numbers, over Unix sockets: those whose
    /// primary group it is and, on Linux, those who had it among their supplementary groups when they
    /// connected. Other systems name the primary group only.
    /// [`group_id`](ipc_transport::group_id) finds the number of a name.
    #[must_use]
    pub fn groups(gids: impl IntoIterator<Item = u32>) -> Self {
        Self::of(Rule::Groups(gids.into_iter().collect()))
    }

    /// Returns the access of those whose certificate `check` takes. It is asked only about a
    /// certificate that leads to a trusted CA and whose key the peer has proven to have; without one,
    /// and over every other kind than TLS, a peer is refused.
    #[must_use]
    pub fn certificates(
        check: impl Fn(&TlsInfo) -> Result<(), Refusal> + Send + Sync + 'static,
    ) -> Self {
        Self::of(Rule::Certificates(Arc::new(check)))
    }

    /// Returns the access of those that `check` takes, by all that is known of them. It runs while the
    /// server accepts, so it must not block. A panic in it refuses the peer.
    #[must_use]
    pub fn check(check: impl Fn(&PeerInfo) -> Result<(), Refusal> + Send + Sync + 'static) -> Self {
        Self::of(Rule::Check(Arc::new(check)))
    }

    /// Returns the access of those whom this or `other` lets in. If neither does, the reason is this
    /// one's.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self { rules: self.rules.iter().chain(&*other.rules).cloned().collect() }
    }

    /// Returns whom the rules let in, for settings that are written down: whoever one of them lets in comes
    /// in.
    ///
    /// # Examples
    ///
    /// ```
    /// use ipc_core::{Access, Admits};
    ///
    /// let access = Access::same_user().or(Access::users([1000]));
    /// let admits: Vec<_> = access.admits().collect();
    /// assert_eq!(admits, [Admits::SameUser, Admits::Users(&[1000])]);
    /// ```
    pub fn admits(&self) -> impl Iterator<Item = Admits<'_>> {
        self.rules.iter().map(|rule| match rule {
            Rule::Any => Admits::Any,
            Rule::SameUser => Admits::SameUser,
            Rule::Users(uids) => Admits::Users(uids),
            Rule::Groups(gids) => Admits::Groups(gids),
            Rule::Certificates(_) | Rule::Check(_) => Admits::ByFunction,
        })
    }

    /// Decides about a peer.
    pub(crate) fn decide(&self, info: &PeerInfo) -> Result<(), Refusal> {
        let mut first = None;
        for rule in &*self.rules {
            match rule.decide(info) {
                Ok(()) => return Ok(()),
                Err(refusal) => _ = first.get_or_insert(refusal),
            }
        }
        first.map_or(Ok(()), Err)
    }

    fn of(rule: Rule) -> Self {
        Self { rules: Arc::new([rule]) }
    }
}

impl Rule {
    fn decide(&self, info: &PeerInfo) -> Result<(), Refusal> {
        let user_if = |taken: &dyn Fn(u32, u32) -> bool| match info.credentials {
            Some(user) if taken(user.uid, user.gid) => Ok(()),
            Some(user) => Err(Refusal::User { uid: user.uid, gid: user.gid }),
            None => Err(Refusal::UnknownUser),
        };
        match self {
            Self::Any => Ok(()),
            // The same process.
            Self::SameUser if matches!(info.endpoint, Endpoint::Memory(_)) => Ok(()),
            Self::SameUser => user_if(&|_, _| PeerCheck::SameUserOrRoot.check_client(info).is_ok()),
            Self::Users(uids) => user_if(&|uid, _| uids.contains(&uid)),
            Self::Groups(gids) => user_if(&|_, gid| {
                gids.contains(&gid) || info.groups.iter().any(|group| gids.contains(group))
            }),
            Self::Certificates(check) => match &info.tls {
                Some(tls) if tls.verified && tls.proven && !tls.certificates.is_empty() => {
                    guarded(check, tls)
                }
                _ => Err(Refusal::NoCertificate),
            },
            Self::Check(check) => guarded(check, info),
        }
    }
}

/// Asks the program. A panic must not end the server, nor let anybody in.
fn guarded<T>(check: &Check<T>, of: &T) -> Result<(), Refusal> {
    let asked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check(of)));
    asked.unwrap_or_else(|_| Err(Refusal::new("the check of the peer panicked")))
}

/// [`any`](Self::any).
impl Default for Access {
    fn default() -> Self {
        Self::any()
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&*self.rules).finish()
    }
}

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("Any"),
            Self::SameUser => f.write_str("SameUser"),
            Self::Users(uids) => f.debug_tuple("Users").field(uids).finish(),
            Self::Groups(gids) => f.debug_tuple("Groups").field(gids).finish(),
            Self::Certificates(_) => f.write_str("Certificates(..)"),
            Self::Check(_) => f.write_str("Check(..)"),
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use ipc_transport::Credentials;

    use super::*;

    fn unix() -> PeerInfo {
        PeerInfo::new(Endpoint::Unix("/x".into()))
    }

    fn user(uid: u32, gid: u32, groups: &[u32]) -> PeerInfo {
        unix().with_credentials(Credentials::new(uid, gid, None)).with_groups(groups)
    }

    #[track_caller]
    fn check(access: &Access, info: &PeerInfo, expected: &str) {
        let said = access.decide(info).map_or_else(|why| why.to_string(), |()| "in".to_owned());
        assert_eq!(said, expected, "{access:?} {info:?}");
    }

    #[test]
    fn users_are_those_of_the_list() {
        let access = Access::users([1000, 1002]);
        check(&access, &user(1000, 1, &[]), "in");
        check(&access, &user(1002, 1, &[]), "in");
        check(&access, &user(0, 0, &[1000]), "user 0 of group 0 is not let in");
        check(&access, &unix(), "the user is not known");
    }

    #[test]
    fn groups_are_the_primary_one_and_the_others() {
        let access = Access::groups([29]);
        check(&access, &user(1000, 29, &[]), "in");
        check(&access, &user(1000, 100, &[4, 29]), "in");
        check(&access, &user(29, 100, &[4]), "user 29 of group 100 is not let in");
        check(&access, &unix(), "the user is not known");
    }

    #[test]
    fn the_same_user_is_root_and_this_process_too() {
        let access = Access::same_user();
        check(&access, &user(0, 0, &[]), "in");
        // No process runs as this one.
        let other = u32::MAX - 1;
        check(&access, &user(other, 7, &[]), &format!("user {other} of group 7 is not let in"));
        check(&access, &PeerInfo::new(Endpoint::Memory("m".into())), "in");
        check(&access, &unix(), "the user is not known");
    }

    #[test]
    fn any_one_of_several_is_enough_and_the_first_says_why() {
        let access = Access::users([1]).or(Access::groups([2])).or(Access::check(|info| {
            if info.endpoint == Endpoint::Memory("m".into()) { Ok(()) } else { Err("never".into()) }
        }));
        check(&access, &user(1, 0, &[]), "in");
        check(&access, &user(0, 2, &[]), "in");
        check(&access, &PeerInfo::new(Endpoint::Memory("m".into())), "in");
        check(&access, &user(0, 0, &[]), "user 0 of group 0 is not let in");
    }

    #[test]
    fn a_check_that_panics_refuses() {
        let access = Access::check(|_| panic!("a check panics"));
        check(&access, &unix(), "the check of the peer panicked");
    }
}
