//! Sections of PEM, whole and broken, by their lines.

use super::labels::Holds;
use super::not_text;
use super::sections::{Fault, sections};

const KEY: &str = "-----BEGIN PRIVATE KEY-----\nTUlJ\nTUlJ\n-----END PRIVATE KEY-----\n";
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----\n";

/// Returns what is in a text, with lines and decoded bytes.
fn read(text: &[u8]) -> Result<Vec<(Holds, usize, Vec<u8>)>, Fault> {
    let sections = sections(text)?;
    sections.iter().map(|one| Ok((one.holds, one.line, one.decode()?.to_vec()))).collect()
}

#[track_caller]
fn check(text: impl AsRef<[u8]>, expected: &[(Holds, usize, &[u8])]) {
    let expected = expected.iter().map(|(holds, line, bytes)| (*holds, *line, bytes.to_vec()));
    assert_eq!(read(text.as_ref()), Ok(expected.collect()));
}

#[track_caller]
fn refused(text: impl AsRef<[u8]>, line: usize, part: &str) {
    let fault = read(text.as_ref()).unwrap_err();
    assert_eq!(fault.line, line, "{fault:?}");
    assert!(fault.reason.contains(part), "{fault:?}");
}

#[test]
fn sections_are_read_with_text_between_them() {
    let key = (Holds::Key, 1, &b"MIIMII"[..]);
    check(KEY, &[key]);
    check(KEY.replace('\n', "\r\n"), &[key]);
    check(KEY.replace('\n', "\r"), &[key]);
    check(KEY.replacen('\n', "\r\n", 2), &[key]);
    check(KEY.trim_end(), &[key]);
    check(KEY.replace('\n', "  \t\n"), &[key]);
    check(KEY.replace('\n', "\n  "), &[key]);
    check(KEY.replace('\n', "\n\n"), &[key]);
    check(format!("\u{feff}{KEY}"), &[key]);
    let text = format!(
        "subject=CN = me\n    Signature: 0a:0b\n==========\n{CERTIFICATE}\nissuer=...\n\u{feff}{KEY}"
    );
    check(text, &[(Holds::Certificate, 4, b"ABC"), (Holds::Key, 9, b"MIIMII")]);
    check("", &[]);
    check("nothing of interest\n", &[]);
}

#[test]
fn two_that_were_joined_without_a_line_end_are_both_read() {
    let text = format!("{}{CERTIFICATE}", CERTIFICATE.trim_end());
    check(text, &[(Holds::Certificate, 1, b"ABC"), (Holds::Certificate, 3, b"ABC")]);
    let blank = format!("{} {CERTIFICATE}", CERTIFICATE.trim_end());
    check(blank, &[(Holds::Certificate, 1, b"ABC"), (Holds::Certificate, 3, b"ABC")]);
    refused(CERTIFICATE.trim_end().to_owned() + "junk", 3, "follows the END line");
}

#[test]
fn what_is_broken_is_refused_with_its_line() {
    refused(KEY.replace('\n', "\\n"), 1, "line ends are missing");
    refused(KEY.replace('\n', "\\r\\n"), 1, "line ends are missing");
    refused(format!("KEY={}", KEY.replace('\n', "\\n")), 1, "line ends are missing");
    refused(KEY.replace('\n', " "), 1, "line ends are missing");
    refused(KEY.replace('\n', ""), 1, "line ends are missing");
    refused(KEY.replacen("TUlJ\nTUlJ\n", "TUlJ\\nTUlJ\n", 1), 2, "line ends are missing");
    refused(KEY.replace("TUlJ\n-", "TUlJ-"), 3, "END line");
    refused(KEY.replace("END PRIVATE", "END PUBLIC"), 4, "another kind");
    refused(KEY.replace("KEY-----\nT", "KEY---\nT"), 1, "five dashes");
    refused(&KEY[..40], 1, "no END line");
    refused(format!("{}{KEY}", &KEY[..38]), 1, "no END line");
    refused("\n-----END PRIVATE KEY-----\n", 2, "without its BEGIN");
    refused(KEY.replacen("TUlJ", "TU-J", 1), 2, "base64url");
    refused(KEY.replacen("TUlJ", "TU_J", 1), 2, "base64url");
    refused(KEY.replacen("TUlJ", "TU!J", 1), 2, "not base64");
    refused(KEY.replacen("TUlJ", "TU J", 1), 2, "not base64");
    refused(KEY.replacen("TUlJ", "TUl\u{e4}", 1), 2, "not base64");
    refused(KEY.replacen("TUlJ", "TUl", 1), 1, "incomplete");
    refused(KEY.replacen("TUlJ", "TU==", 1), 1, "incomplete");
    refused("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", 1, "nothing is between");
    refused(format!("{CERTIFICATE}#{KEY}"), 4, "looks like a BEGIN line");
    refused(format!("{CERTIFICATE}----{KEY}"), 4, "looks like a BEGIN line");
    refused(KEY.replace("-----BEGIN", "---- BEGIN"), 1, "looks like a BEGIN line");
    refused(KEY.replace("-----BEGIN", "-----begin"), 1, "looks like a BEGIN line");
    refused(format!("{CERTIFICATE}{}\n", "QUJD".repeat(16)), 4, "outside of BEGIN and END");
}

#[test]
fn sections_are_what_their_labels_say() {
    let body = "\nTUlJ\n";
    let one = |label: &str| {
        let text = format!("-----BEGIN {label}-----{body}-----END {label}-----\n");
        sections(text.as_bytes()).unwrap()[0].holds
    };
    assert_eq!(one("RSA PRIVATE KEY"), Holds::Key);
    assert_eq!(one("X509 CERTIFICATE"), Holds::Certificate);
    assert_eq!(one("ENCRYPTED PRIVATE KEY"), Holds::EncryptedKey);
    assert_eq!(one("EC PARAMETERS"), Holds::Curve);
    for label in [
        "TRUSTED CERTIFICATE",
        "PUBLIC KEY",
        "CERTIFICATE REQUEST",
        "X509 CRL",
        "PKCS7",
        "DH PARAMETERS",
        "OPENSSH PRIVATE KEY",
    ] {
        assert!(one(label).text().contains(label), "{:?}", one(label));
    }
    // The label of an unknown one may be anything, so it is not said.
    assert_eq!(one("c2VjcmV0").text(), "a section of an unknown kind");
    let old = KEY.replacen('\n', "\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n", 1);
    assert_eq!(sections(old.as_bytes()).unwrap()[0].holds, Holds::EncryptedKey);
}

#[test]
fn what_is_no_text_at_all_is_named() {
    for (bytes, part) in [
        (utf16_le(&format!("\u{feff}{KEY}")), "UTF-16"),
        (utf16_le(KEY), "UTF-16"),
        (utf16_le(KEY).split_off(1), "UTF-16"),
        (b"\xfe\xff\0-".to_vec(), "UTF-16"),
        (b"\xfe\xed\xfe\xed\0".to_vec(), "Java key store"),
        (format!("{{\"key\": \"{}\"}}", KEY.replace('\n', "\\n")).into(), "JSON"),
        (format!("\"{}\"", KEY.replace('\n', "\\n")).into(), "quotes"),
        (b"LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0t".to_vec(), "base64 of PEM"),
        // Keys whose first bytes are ASCII, as those of Ed25519 always are.
        (
            b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20"
                .iter()
                .copied()
                .chain([0x41; 32])
                .collect(),
            "private key in DER",
        ),
        (
            b"\x30\x25\x02\x01\x01\x04\x20".iter().copied().chain([0x41; 32]).collect(),
            "private key in DER",
        ),
    ] {
        let found = not_text::what(&bytes);
        assert!(found.is_some_and(|found| found.contains(part)), "{part}: {found:?}");
    }
    assert_eq!(not_text::what(KEY.as_bytes()), None);
    assert_eq!(not_text::what(b"0 is a digit, and no DER"), None);
    assert_eq!(not_text::what(b"\n"), Some("it is empty"));
}

fn utf16_le(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}
