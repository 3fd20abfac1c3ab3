//! A key is shown by nothing: not by the errors about files that are broken, nor by what holds them.

use std::fs;

use ipc_transport::{Pem, Secret, TlsClient, TlsServer, TransportError};

use crate::broken_keys::{Leak, broken};
use crate::certificates::Authority;

#[test]
fn broken_key_files_are_refused_without_a_byte_of_the_key() {
    let directory = tempfile::tempdir().expect("a directory");
    let authority = Authority::new("ca");
    let identity = authority.local();
    let leak = Leak::of(&identity.key);
    for (what, bytes) in broken(&identity) {
        let path = directory.path().join("broken.pem");
        fs::write(&path, &bytes).expect("a file");
        for pem in [Pem::file(&path), Pem::text(bytes)] {
            let server = TlsServer::builder(identity.chain(), pem.clone());
            leak.check_debug(what, &server);
            let client = TlsClient::builder().trust(authority.pem());
            let client = client.identity(identity.chain(), pem.clone());
            leak.check_debug(what, &client);
            for error in [server.build().err(), client.build().err()] {
                let error = error.unwrap_or_else(|| panic!("{what} is taken"));
                let named = if matches!(pem, Pem::File(_)) { "broken.pem" } else { "given text" };
                assert!(error.to_string().contains(named), "{what}: {error}");
                leak.check_error(what, &error);
                leak.check_error(what, &TransportError::from(error));
            }
            // Where no key belongs at all.
            let misplaced = [
                TlsServer::builder(pem.clone(), identity.key()).build().err(),
                TlsClient::builder().trust(pem.clone()).build().err(),
            ];
            for error in misplaced.into_iter().flatten() {
                leak.check_error(what, &error);
            }
        }
    }
}

#[test]
fn a_key_in_the_place_of_a_name_is_not_shown() {
    let authority = Authority::new("ca");
    let identity = authority.local();
    let leak = Leak::of(&identity.key);
    let bare: String = identity.key.lines().filter(|line| !line.starts_with('-')).collect();
    let escaped = identity.key.replace('\n', "\\n");
    for text in [&identity.key, &escaped, &bare, &escaped[escaped.find("MI").expect("a key")..]] {
        leak.check_debug("a path", &Pem::file(text));
        leak.check("a path", &Pem::file(text).to_string());
        let error =
            TlsServer::builder(identity.chain(), Pem::file(text)).build().expect_err("no path");
        assert_eq!(error.code(), "tls_not_a_path");
        leak.check_error("a path", &error);
        let named = TlsClient::builder().trust(authority.pem()).server_name(text);
        leak.check_error("a name", &named.build().expect_err("no name"));
    }
}

#[test]
fn what_holds_a_key_does_not_show_it() {
    let authority = Authority::new("ca");
    let identity = authority.local();
    let leak = Leak::of(&identity.key);
    let server = TlsServer::builder(identity.chain(), identity.key());
    leak.check_debug("a builder", &server);
    leak.check_debug("a server", &server.client_ca(authority.pem()).build().expect("a server"));
    let client = TlsClient::builder().trust(authority.pem());
    let client = client.identity(identity.chain(), identity.key());
    leak.check_debug("a builder", &client);
    leak.check_debug("a client", &client.build().expect("a client"));
    leak.check_debug("a secret", &Secret::from(identity.key.clone()));
    leak.check_debug("a text", &identity.key());
}

/// The search has to find what it searches for.
#[test]
fn a_leak_would_be_found() {
    let identity = Authority::new("ca").local();
    let leak = Leak::of(&identity.key);
    let line = identity.key.lines().nth(1).expect("a line");
    let hex =
        |between: &str| line.bytes().map(|byte| format!("{byte:02x}{between}")).collect::<String>();
    for shown in [
        line.to_owned(),
        line[3..12].to_owned(),
        format!("{:?}", line.as_bytes()),
        format!("{:#?}", line.as_bytes()),
        format!("{:x?}", line.as_bytes()),
        hex(""),
        hex(":"),
        hex(" 0x"),
        crate::broken_keys::base64(line.as_bytes()),
        crate::broken_keys::base64(format!("x{line}").as_bytes()),
    ] {
        let found = std::panic::catch_unwind(|| leak.check("a leak", &shown));
        assert!(found.is_err(), "{shown} passes");
    }
}
