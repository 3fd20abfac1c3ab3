//! Certificates of a particular kind.

use rcgen::{BasicConstraints, IsCa, KeyPair, date_time_ymd};

use crate::certificates::{Authority, Identity, params};

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

impl Identity {
    /// Returns a certificate that vouches for itself, as `openssl req -x509` makes it: a CA.
    pub(crate) fn self_signed(names: &[&str]) -> Self {
        let mut params = params(names);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let chain = params.self_signed(&key).expect("a certificate").pem();
        Self { chain, key: key.serialize_pem() }
    }
}
