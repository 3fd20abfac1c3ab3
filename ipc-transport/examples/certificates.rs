//! Makes keys and certificates for tests of TLS: good ones, and one for each reason to refuse one.
//!
//! `cargo run -p ipc-transport --example certificates -- DIR` writes them into DIR as PEM files.
//! They are new each time and good for tests only.

use std::error::Error;
use std::path::{Path, PathBuf};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, date_time_ymd,
};

type Result<T, E = Box<dyn Error>> = std::result::Result<T, E>;
type Authority = CertifiedIssuer<'static, KeyPair>;

fn main() -> Result<()> {
    let dir = std::env::args_os().nth(1).ok_or("usage: certificates DIR")?;
    let dir = PathBuf::from(dir);
    std::fs::create_dir_all(&dir)?;

    let ca = authority("ca of the tests")?;
    std::fs::write(dir.join("ca.pem"), ca.pem())?;
    let other = authority("ca that no test trusts")?;
    std::fs::write(dir.join("other-ca.pem"), other.pem())?;

    let here = ["localhost", "127.0.0.1", "::1"];
    issue(&dir, "server", &ca, &here, GOOD)?;
    issue(&dir, "expired", &ca, &here, EXPIRED)?;
    issue(&dir, "elsewhere", &ca, &["elsewhere.example"], GOOD)?;
    issue(&dir, "untrusted", &other, &here, GOOD)?;
    issue(&dir, "client", &ca, &["client.example"], GOOD)?;
    issue(&dir, "expired-client", &ca, &["client.example"], EXPIRED)?;
    issue(&dir, "untrusted-client", &other, &["client.example"], GOOD)
}

/// From the first day of one year to the first day of another.
type Years = (i32, i32);

const GOOD: Years = (2020, 2120);
const EXPIRED: Years = (2000, 2001);

fn authority(name: &str) -> Result<Authority> {
    let mut params = params(name, &[], GOOD)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(CertifiedIssuer::self_signed(params, KeyPair::generate()?)?)
}

/// Writes `NAME.pem` and `NAME.key`, a certificate of `names` and its key.
fn issue(dir: &Path, name: &str, issuer: &Authority, names: &[&str], years: Years) -> Result<()> {
    let key = KeyPair::generate()?;
    let mut params = params(name, names, years)?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages =
        vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    let certificate = params.signed_by(&key, issuer)?;
    std::fs::write(dir.join(format!("{name}.pem")), certificate.pem())?;
    std::fs::write(dir.join(format!("{name}.key")), key.serialize_pem())?;
    Ok(())
}

fn params(name: &str, names: &[&str], (from, to): Years) -> Result<CertificateParams> {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(to, 1, 1);
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}
