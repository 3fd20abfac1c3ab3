//! Certificates made for a test: a CA and whom it vouches for, and strangers.

use ipc_transport::Pem;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

/// A CA that exists as long as a test does.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate chain with its key, both in PEM.
#[derive(Clone)]
pub(crate) struct Identity {
    pub(crate) chain: String,
    pub(crate) key: String,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let mut params = params(&[]);
        params.distinguished_name.push(rcgen::DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        Self { issuer: CertifiedIssuer::self_signed(params, key).expect("a CA") }
    }

    /// Returns the CA's certificate, to be trusted.
    pub(crate) fn pem(&self) -> Pem {
        Pem::text(self.issuer.pem())
    }

    /// Returns the CA's key.
    pub(crate) fn key(&self) -> &KeyPair {
        self.issuer.key()
    }

    /// Returns a certificate for these names and addresses.
    pub(crate) fn issue(&self, names: &[&str]) -> Identity {
        self.sign(params(names))
    }

    /// Returns a certificate as `params` say.
    pub(crate) fn sign(&self, params: CertificateParams) -> Identity {
        let key = KeyPair::generate().expect("a key");
        let chain = params.signed_by(&key, &self.issuer).expect("a certificate").pem();
        Identity { chain, key: key.serialize_pem() }
    }
}

impl Identity {
    pub(crate) fn chain(&self) -> Pem {
        Pem::text(self.chain.as_str())
    }

    pub(crate) fn key(&self) -> Pem {
        Pem::text(self.key.as_str())
    }
}

/// Returns what a certificate for these names and addresses says.
pub(crate) fn params(names: &[&str]) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    CertificateParams::new(names).expect("names")
}
