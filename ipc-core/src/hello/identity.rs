//! `Identity`: who a peer says it is.

use std::sync::Arc;

use ipc_transport::PeerInfo;

/// Who a peer is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Identity {
    /// Its name: 1 to 256 UTF-16 units of any text.
    pub name: Arc<str>,
    /// What stands behind the name.
    pub proof: Proof,
}

/// What stands behind a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Proof {
    /// Nothing but the peer's word.
    Claimed,
    /// A token that the server's program has checked, before it let the peer in.
    Token,
    /// A certificate that a trusted CA has signed and whose key the peer has.
    Certificate,
    /// What the system says of the user.
    User,
}

impl Identity {
    /// Returns an identity behind which there is nothing but the peer's word.
    #[must_use]
    pub fn claimed(name: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), proof: Proof::Claimed }
    }

    /// Returns an identity whose token was checked.
    #[must_use]
    pub fn by_token(name: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), proof: Proof::Token }
    }

    /// Returns an identity that was taken from a peer's certificate, or `None` if the peer has shown none
    /// that a trusted CA has signed and whose key it has.
    #[must_use]
    pub fn by_certificate(name: impl Into<Arc<str>>, info: &PeerInfo) -> Option<Self> {
        let tls = info.tls.as_ref()?;
        let stands = tls.verified && tls.proven && !tls.certificates.is_empty();
        stands.then(|| Self { name: name.into(), proof: Proof::Certificate })
    }

    /// Returns an identity that was taken from the user whose process the peer is, or `None` if the system
    /// does not say which one that is.
    #[must_use]
    pub fn by_user(name: impl Into<Arc<str>>, info: &PeerInfo) -> Option<Self> {
        info.credentials.map(|_| Self { name: name.into(), proof: Proof::User })
    }

    /// Returns whether there is more behind it than the peer's word.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.proof != Proof::Claimed
    }
}

/// What a server does when a peer says hello with the name of another that is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum SameIdentity {
    /// Both have it: an identity may have several connections. The default.
    #[default]
    Allow,
    /// The new peer is answered `identity_in_use` and stays connected without an identity. A client that
    /// comes back before the server has noticed the end of its old connection is such a peer.
    RefuseNew,
    /// The old peer is sent away with the code `replaced`. Whoever can connect can do that to another, as
    /// long as names are only claimed; a claimed name never replaces a proven one, and is refused as with
    /// [`RefuseNew`](Self::RefuseNew).
    ReplaceOld,
}

#[cfg(test)]
mod tests {
    use ipc_transport::{Credentials, Endpoint};

    use super::*;

    #[test]
    fn a_proof_needs_what_the_system_knows() {
        let plain = PeerInfo::new(Endpoint::Unix("/x".into()));
        assert_eq!(Identity::by_user("alice", &plain), None);
        assert_eq!(Identity::by_certificate("alice", &plain), None);
        let known = plain.with_credentials(Credentials::new(7, 7, None));
        assert_eq!(Identity::by_user("alice", &known).unwrap().proof, Proof::User);
        assert_eq!(Identity::by_certificate("alice", &known), None);
        let proven = [Identity::by_token("a"), Identity::by_user("a", &known).unwrap()];
        assert!(proven.iter().all(Identity::is_proven));
        assert!(!Identity::claimed("a").is_proven());
    }
}
