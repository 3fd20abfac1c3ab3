//! The certificates of a round over TLS: made anew, good for an hour or so, known to no other program.

use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};

use super::Result;

/// Writes what a server and its clients need into a directory: `ca.pem`, `server.pem` and `server.key`.
pub(super) fn write(directory: &Path) -> Result<()> {
    let mut params = CertificateParams::new(Vec::new())?;
    // Two names: OpenSSL takes a certificate whose issuer has its own for one that is signed by itself.
    params.distinguished_name.push(DnType::CommonName, "ca of a round");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec!["localhost".to_owned(), "127.0.0.1".to_owned()])?;
    params.distinguished_name.push(DnType::CommonName, "server of a round");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let certificate = params.signed_by(&key, &ca)?;
    std::fs::write(directory.join("ca.pem"), ca.pem())?;
    std::fs::write(directory.join("server.pem"), certificate.pem())?;
    std::fs::write(directory.join("server.key"), key.serialize_pem())?;
    Ok(())
}
