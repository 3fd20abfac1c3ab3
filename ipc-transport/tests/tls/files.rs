//! Files that are not what they should be: each error names the file and what is wrong.

use std::fs;
use std::path::PathBuf;

use ipc_transport::{ClientAuth, Pem, TlsClient, TlsError, TlsServer};

use crate::certificates::Authority;

/// Returns a file with this text, in a directory that lives as long as the test.
fn file(directory: &tempfile::TempDir, name: &str, text: &str) -> PathBuf {
    let path = directory.path().join(name);
    fs::write(&path, text).expect("a file");
    path
}

#[track_caller]
fn check(error: &TlsError, code: &str, named: &[&str]) {
    assert_eq!(error.code(), code, "{error}");
    for name in named {
        assert!(error.to_string().contains(name), "{error} does not name {name}");
    }
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let directory = tempfile::tempdir().expect("a directory");
    let authority = Authority::new("ca");
    let (identity, other) = (authority.local(), authority.local());
    let chain = file(&directory, "chain.pem", &identity.chain);
    let key = file(&directory, "key.pem", &identity.key);
    let other_key = file(&directory, "other-key.pem", &other.key);
    let text = file(&directory, "text.pem", "this is no PEM at all\n");
    let cut = file(&directory, "cut.pem", &identity.chain[..100]);
    let cut_text = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let nonsense = file(&directory, "nonsense.pem", cut_text);
    let missing = directory.path().join("missing.pem");

    let build = |chain: &PathBuf, key: &PathBuf| {
        TlsServer::builder(Pem::file(chain), Pem::file(key)).build().expect_err("a bad file")
    };
    assert!(TlsServer::builder(Pem::file(&chain), Pem::file(&key)).build().is_ok());
    check(&build(&missing, &key), "tls_unreadable", &["missing.pem"]);
    check(&build(&text, &key), "tls_missing", &["text.pem", "certificate"]);
    check(&build(&cut, &key), "tls_not_pem", &["cut.pem"]);
    check(&build(&nonsense, &key), "tls_invalid_certificate", &["nonsense.pem"]);
    check(&build(&chain, &text), "tls_missing", &["text.pem", "private key"]);
    check(&build(&chain, &chain), "tls_missing", &["chain.pem", "private key"]);
    check(&build(&key, &key), "tls_missing", &["key.pem", "certificate"]);
    check(&build(&chain, &other_key), "tls_key_mismatch", &["chain.pem", "other-key.pem"]);

    let trusted = |path: &PathBuf| {
        TlsClient::builder().trust(Pem::file(path)).build().expect_err("a bad file")
    };
    check(&trusted(&text), "tls_missing", &["text.pem", "certificate"]);
    check(&trusted(&nonsense), "tls_invalid_certificate", &["nonsense.pem"]);
}

#[test]
fn settings_that_contradict_each_other_are_refused() {
    let authority = Authority::new("ca");
    let identity = authority.local();
    let required = TlsServer::builder(identity.chain(), identity.key());
    let required = required.client_auth(ClientAuth::Required).build().expect_err("no CA");
    check(&required, "tls_no_client_trust", &[]);
    let named = TlsClient::builder().trust(authority.pem()).server_name("not a name");
    check(&named.build().expect_err("no name"), "tls_invalid_server_name", &["not a name"]);
}

#[test]
fn a_key_is_shown_to_nobody() {
    let identity = Authority::new("ca").local();
    let builder = TlsServer::builder(identity.chain(), identity.key());
    let shown = format!("{builder:?} {:?}", builder.clone().build());
    assert!(
        !shown.contains("PRIVATE") && !shown.contains(identity.key.lines().nth(1).expect("a line"))
    );
}
