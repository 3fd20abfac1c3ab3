//! Files that are not PEM text at all: binary forms, other encodings, PEM wrapped in something.

use super::super::certificate::der::{INTEGER, OBJECT_ID, OCTET_STRING, SEQUENCE, Value, Values};

/// Returns what the bytes are and what to do, if they are recognised and not PEM text.
pub(super) fn what(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Some(UTF16);
    }
    if let [0, b'-' | b' ' | b'\r' | b'\n', ..] | [b'-' | b' ' | b'\r' | b'\n', 0, ..] = bytes {
        return Some(UTF16);
    }
    if bytes.starts_with(&[0xfe, 0xed, 0xfe, 0xed]) {
        return Some(JKS);
    }
    // The beginning of a short key may be ASCII by chance, or always.
    let is_text = || bytes.get(1..16).unwrap_or(&[0]).is_ascii();
    if bytes.starts_with(&[0x30]) && (Value::sequence(bytes).is_some() || !is_text()) {
        return Some(binary(bytes));
    }
    let text = bytes.trim_ascii_start();
    if text.is_empty() {
        return Some("it is empty");
    }
    let holds = |part: &[u8]| text.windows(part.len()).any(|window| window == part);
    match text.first() {
        Some(b'{' | b'[') if holds(b"-----BEGIN") => Some(JSON),
        Some(b'"' | b'\'' | b'`') if holds(b"-----BEGIN") => Some(QUOTED),
        // "-----BEGIN" in base64.
        _ if text.starts_with(b"LS0tLS1CRUdJTi") => Some(TWICE),
        _ => None,
    }
}

/// Returns what DER holds, by its first values.
fn binary(der: &[u8]) -> &'static str {
    let Some(values) = Value::sequence(der) else { return "it is binary and no text" };
    let begins = |tags: &[u8]| {
        let mut values: Values<'_> = values;
        tags.iter().all(|tag| values.take(*tag).is_some())
    };
    if begins(&[INTEGER, SEQUENCE, OCTET_STRING])
        || begins(&[INTEGER, OCTET_STRING])
        || begins(&[INTEGER, INTEGER])
    {
        return "it is a private key in DER, the binary form \
                (`openssl pkey -inform DER -in FILE -out NEW` writes PEM)";
    }
    if begins(&[INTEGER, SEQUENCE]) {
        return "it is PKCS #12, a .p12 or .pfx file (`openssl pkcs12 -in FILE -nodes -out NEW` writes PEM)";
    }
    if begins(&[OBJECT_ID]) {
        return "it is PKCS #7 in DER (`openssl pkcs7 -inform DER -print_certs -in FILE -out NEW` \
                writes its certificates as PEM)";
    }
    if begins(&[SEQUENCE, OCTET_STRING]) {
        return "it is an encrypted private key in DER \
                (`openssl pkey -inform DER -in FILE -out NEW` decrypts it and writes PEM)";
    }
    "it is DER, the binary form (`openssl x509 -inform DER -in FILE -out NEW` writes a certificate as PEM)"
}

const UTF16: &str = "it is UTF-16: save it as UTF-8 or ASCII";
const JKS: &str = "it is a Java key store (`keytool -importkeystore` makes PKCS #12 of it, and \
                   `openssl pkcs12 -nodes` PEM of that)";
const JSON: &str = "it is JSON: give the PEM text that is in it, its line ends unescaped";
const QUOTED: &str = "it is in quotes: give the PEM text that is in them, its line ends unescaped";
const TWICE: &str = "it is base64 of PEM text: decode it once";
