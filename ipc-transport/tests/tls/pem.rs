//! PEM files: all that is in one is used, or it is refused with the line and what to do.

use ipc_transport::{Pem, TlsClient, TlsError, TlsServer};

use crate::certificates::{Authority, Identity};
use crate::der::{INTEGER, OBJECT_ID, OCTETS, SEQUENCE, pem, value};
use crate::rig::{meet, server};

fn text(pem: &Pem) -> String {
    let Pem::Text(text) = pem else { panic!("no text") };
    String::from_utf8(text.expose().to_vec()).expect("text")
}

#[track_caller]
fn check(error: Option<TlsError>, code: &str, parts: &[&str]) {
    let error = error.expect("an error");
    assert_eq!(error.code(), code, "{error}");
    for part in parts {
        assert!(error.to_string().contains(part), "{error} does not say {part}");
    }
}

fn serve(chain: impl Into<String>, key: impl Into<String>) -> Option<TlsError> {
    TlsServer::builder(Pem::text(chain.into()), Pem::text(key.into())).build().err()
}

fn trust(trusted: impl Into<String>) -> Option<TlsError> {
    TlsClient::builder().trust(Pem::text(trusted.into())).build().err()
}

both_runtimes!(certificates_that_were_joined_without_a_line_end_are_all_shown);
async fn certificates_that_were_joined_without_a_line_end_are_all_shown() {
    let authority = Authority::new("ca");
    let identity = authority.local();
    let joined = format!("{}{}", identity.chain.trim_end(), text(&authority.pem()));
    assert!(joined.contains("-----END CERTIFICATE----------BEGIN CERTIFICATE-----"));
    let both = Identity { chain: joined.clone(), key: identity.key };
    let client = TlsClient::builder().trust(Pem::text(joined)).build().expect("a client");
    let (dialed, _) = meet(server(&both), client).await;
    let stream = dialed.expect("a connection");
    assert_eq!(stream.peer().tls.as_ref().expect("TLS").certificates.len(), 2);
}

#[test]
fn what_would_not_be_used_is_refused_with_its_line() {
    let authority = Authority::new("ca");
    let (identity, other) = (authority.local(), authority.local());
    let (chain, key) = (&identity.chain, &identity.key);
    let lines = chain.lines().count() + 1;
    let line = format!("line {lines}");
    // The second certificate is broken: it is cut, or none, or not text.
    let cut = |text: &str, at: usize| [&text[..at], &text[at + 4..]].concat();
    check(serve(chain.clone() + &cut(chain, 60), key), "tls_invalid_certificate", &[&line]);
    check(trust(chain.clone() + &cut(chain, 60)), "tls_invalid_certificate", &[&line]);
    check(serve(chain.clone() + &chain[..200], key), "tls_not_pem", &[&line, "no END line"]);
    let five = |text: &str| text.replacen("-----BEGIN", "----BEGIN", 1);
    check(serve(chain.clone() + &five(chain), key), "tls_not_pem", &[&line, "BEGIN line"]);
    check(serve(format!("{chain}#{chain}"), key), "tls_not_pem", &[&line, "BEGIN line"]);
    // What was not asked for.
    let section = |label| pem(label, &[0x30, 0]);
    for (label, said) in [
        ("TRUSTED CERTIFICATE", "TRUSTED CERTIFICATE"),
        ("PUBLIC KEY", "PUBLIC KEY"),
        ("CERTIFICATE REQUEST", "CERTIFICATE REQUEST"),
        ("DH PARAMETERS", "DH PARAMETERS"),
        ("X509 CRL", "revoked"),
        ("ENCRYPTED PRIVATE KEY", "an encrypted private key"),
        ("SOMETHING", "unknown kind"),
    ] {
        check(serve(chain.clone() + &section(label), key), "tls_unused", &[&line, said]);
        check(trust(chain.clone() + &section(label)), "tls_unused", &[&line, said]);
        // And alone it is said what it is.
        check(trust(section(label)), "tls_missing", &["no certificate", said]);
    }
    check(trust(chain.clone() + key), "tls_unused", &[&line, "a private key"]);
    check(serve(chain, key.clone() + &other.key), "tls_unused", &["a second private key"]);
    check(serve(chain.clone() + &other.key, key), "tls_unused", &[&line, "another private key"]);
    check(serve(chain, key.clone() + &other.chain), "tls_unused", &["not in the chain"]);
}

#[test]
fn a_chain_and_its_key_may_share_a_file() {
    let identity = Authority::new("ca").local();
    let (chain, key) = (&identity.chain, &identity.key);
    for both in
        [format!("{chain}{key}"), format!("{key}{chain}"), format!("text\n{chain}text\n{key}")]
    {
        assert!(serve(both.clone(), both.clone()).is_none());
        assert!(serve(both.clone(), key).is_none());
        assert!(serve(chain, both).is_none());
    }
    // As `openssl ecparam -genkey` writes it.
    let curve =
        pem("EC PARAMETERS", &value(OBJECT_ID, &[&[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]]));
    assert!(serve(chain, curve + key).is_none());
}

#[test]
fn byte_order_marks_do_no_harm_and_utf_16_is_named() {
    let authority = Authority::new("ca");
    let identity = authority.local();
    let marked = |text: &str| format!("\u{feff}{text}");
    assert!(serve(marked(&identity.chain), marked(&identity.key)).is_none());
    assert!(trust(marked(&identity.chain)).is_none());
    // Two such files, one behind the other.
    assert!(trust(marked(&identity.chain) + &marked(&text(&authority.pem()))).is_none());
    let utf16: Vec<u8> = identity.chain.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let chain = Pem::text([&[0xff, 0xfe][..], &utf16].concat());
    check(
        TlsServer::builder(chain, identity.key()).build().err(),
        "tls_not_pem",
        &["UTF-16", "UTF-8"],
    );
}

#[test]
fn binary_files_are_named_with_the_command_that_helps() {
    let identity = Authority::new("ca").local();
    let padding = value(OCTETS, &[&[7; 200]]);
    let version = |version: u8| value(INTEGER, &[&[version]]);
    let (list, long) = (value(SEQUENCE, &[]), value(SEQUENCE, &[&padding]));
    for (der, part) in [
        (value(SEQUENCE, &[&version(0), &list, &padding]), "openssl pkey -inform DER"),
        (value(SEQUENCE, &[&version(1), &padding]), "openssl pkey -inform DER"),
        (value(SEQUENCE, &[&list, &padding]), "encrypted"),
        (value(SEQUENCE, &[&version(3), &long]), "openssl pkcs12"),
        (value(SEQUENCE, &[&long, &list]), "openssl x509 -inform DER"),
        (value(SEQUENCE, &[&value(OBJECT_ID, &[&[1; 9]]), &padding]), "openssl pkcs7"),
    ] {
        let server = TlsServer::builder(identity.chain(), Pem::text(der.clone())).build();
        check(server.err(), "tls_not_pem", &[part]);
        check(TlsClient::builder().trust(Pem::text(der)).build().err(), "tls_not_pem", &[part]);
    }
}

/// Returns a private key of PKCS #8 that consists of its kind and nothing else.
fn key(algorithm: &[u8], parameters: &[u8], inner: &[u8]) -> String {
    let kind = value(SEQUENCE, &[&value(OBJECT_ID, &[algorithm]), parameters]);
    let der = value(SEQUENCE, &[&value(INTEGER, &[&[0]]), &kind, &value(OCTETS, &[inner])]);
    pem("PRIVATE KEY", &der)
}

#[test]
fn keys_that_cannot_be_used_are_named_with_those_that_can() {
    const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
    const PSS: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10];
    const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
    let identity = Authority::new("ca").local();
    let number = |bytes| value(INTEGER, &[&[0], &vec![0xff; bytes]]);
    let rsa = |bits: usize| value(SEQUENCE, &[&value(INTEGER, &[&[0]]), &number(bits / 8)]);
    let curve = |id: &[u8]| key(EC, &value(OBJECT_ID, &[id]), &[]);
    let huge = if cfg!(feature = "tls-aws-lc-rs") { 16_384 } else { 8192 };
    for (key, found) in [
        (key(RSA, &[], &rsa(1024)), "RSA of 1,024 bits".to_owned()),
        (key(RSA, &[], &rsa(512)), "RSA of 512 bits".to_owned()),
        (key(RSA, &[], &rsa(huge)), format!("RSA of {},{:03} bits", huge / 1000, huge % 1000)),
        (key(PSS, &[], &rsa(2048)), "RSA-PSS".to_owned()),
        (curve(&[0x2b, 0x81, 4, 0, 0x0a]), "ECDSA with secp256k1".to_owned()),
        (curve(&[0x2b, 1]), "ECDSA with a curve that is not known".to_owned()),
        (key(&[0x2b, 0x65, 0x71], &[], &[]), "Ed448".to_owned()),
        (key(&[0x2b, 0x65, 0x6e], &[], &[]), "X25519".to_owned()),
        (key(&[0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1], &[], &[]), "DSA".to_owned()),
        (key(&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 18], &[], &[]), "ML-DSA-65".to_owned()),
        (key(&[0x2b, 9, 9], &[], &[]), "of an unknown kind".to_owned()),
    ] {
        let parts = [&found, "line 1", "RSA of 2,048 to", "P-256", "P-384", "Ed25519"];
        check(serve(&identity.chain, key), "tls_unusable_key", &parts);
    }
    if !cfg!(feature = "tls-aws-lc-rs") {
        let key = curve(&[0x2b, 0x81, 4, 0, 0x23]);
        check(serve(&identity.chain, key), "tls_unusable_key", &["ECDSA with P-521", "P-384"]);
    }
    // Of a kind that can be used, and broken.
    check(
        serve(&identity.chain, key(RSA, &[], &rsa(2048))),
        "tls_unusable_key",
        &["2,048", "broken"],
    );
    // The form of the key counts, whatever it is labelled as.
    let mislabelled = identity.key.replace("PRIVATE KEY", "EC PRIVATE KEY");
    assert!(serve(&identity.chain, mislabelled).is_none());
}
