//! DER that no library makes: certificates of version 1, keys of odd kinds.

use ipc_transport::rustls::pki_types::CertificateDer;
use ipc_transport::rustls::pki_types::pem::PemObject;
use rcgen::{KeyPair, SigningKey};

use crate::broken_keys::base64;

pub(crate) const INTEGER: u8 = 2;
pub(crate) const BITS: u8 = 3;
pub(crate) const OCTETS: u8 = 4;
pub(crate) const OBJECT_ID: u8 = 6;
pub(crate) const SEQUENCE: u8 = 0x30;

/// Returns a value with its tag and length.
pub(crate) fn value(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = content.len().to_be_bytes();
    let digits: Vec<u8> = length.into_iter().skip_while(|digit| *digit == 0).collect();
    let length = match content.len() {
        short @ 0..128 => vec![short as u8],
        _ => [&[0x80 | digits.len() as u8], &digits[..]].concat(),
    };
    [&[tag], &length[..], &content].concat()
}

/// Returns the values within a value.
fn within(bytes: &[u8]) -> Vec<&[u8]> {
    let mut rest = &bytes[header(bytes)..];
    let mut values = Vec::new();
    while !rest.is_empty() {
        let length = match rest[1] {
            short @ 0..128 => usize::from(short),
            long => {
                let digits = &rest[2..2 + usize::from(long & 0x7f)];
                digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit))
            }
        };
        let (value, after) = rest.split_at(header(rest) + length);
        values.push(value);
        rest = after;
    }
    values
}

fn header(value: &[u8]) -> usize {
    if value[1] < 128 { 2 } else { 2 + usize::from(value[1] & 0x7f) }
}

/// Returns PEM text with this label.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let mut text = base64(der);
    text.push_str(&"=="[..(3 - der.len() % 3) % 3]);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// Returns the certificate as it would be in version 1: without extensions, signed anew by its issuer.
pub(crate) fn version_1(certificate: &str, issuer: &KeyPair) -> String {
    remade(certificate, issuer, |parts| {
        parts.remove(0);
        parts.truncate(6);
    })
}

/// Returns the certificate with other parts, signed anew by its issuer.
pub(crate) fn remade(
    certificate: &str,
    issuer: &KeyPair,
    change: impl FnOnce(&mut Vec<Vec<u8>>),
) -> String {
    let der = CertificateDer::from_pem_slice(certificate.as_bytes()).expect("a certificate");
    let outer = within(&der);
    let mut parts: Vec<Vec<u8>> = within(outer[0]).into_iter().map(<[u8]>::to_vec).collect();
    change(&mut parts);
    let told = value(SEQUENCE, &parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let signature = value(BITS, &[&[0], &issuer.sign(&told).expect("a signature")]);
    pem("CERTIFICATE", &value(SEQUENCE, &[&told, outer[1], &signature]))
}
