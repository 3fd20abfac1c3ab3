//! Certificates of a particular kind.

use rcgen::{BasicConstraints, IsCa, KeyPair, date_time_ymd};

use crate::certificates::{Authority, Identity, params};
use crate::der::version_1;

impl Authority {
    /// Returns a certificate for the loopback.
    pub(crate) fn local(&self) -> Identity {
        self.issue(&["localhost", "127.0.0.1", "::1"])
    }

    pub(crate) fn expired(&self) -> Identity {
        let mut params = params(&["localhost", "127.0.0.1"]);
        params.not_before = date_time_ymd(2001, 1, 1);
        params.not_after = date_time_ymd(2002, 1, 1);
        self.sign(params)
    }
}

impl Authority {
    /// Returns a certificate of version 1.
    pub(crate) fn old(&self) -> Identity {
        let identity = self.local();
        Identity { chain: version_1(&identity.chain, self.key()), key: identity.key }
    }
}

impl Identity {
    /// Returns one of version 1 that vouches for itself, as `openssl x509 -req -signkey` makes it.
    pub(crate) fn old_self_signed() -> Self {
        let identity = Self::self_signed(&["127.0.0.1"]);
        let key = KeyPair::from_pem(&identity.key).expect("a key");
        Self { chain: version_1(&identity.chain, &key), key: identity.key }
    }

    /// Returns a certificate that vouches for itself, as `openssl req -x509` makes it: a CA.
    pub(crate) fn self_signed(names: &[&str]) -> Self {
        let mut params = params(names);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let chain = params.self_signed(&key).expect("a certificate").pem();
        Self { chain, key: key.serialize_pem() }
    }
}
