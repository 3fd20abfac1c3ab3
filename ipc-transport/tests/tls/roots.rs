//! The system's CAs, which a process finds by its environment: so the test is a process of its own.

use std::env;
use std::process::Command;

use ipc_transport::{Pem, TlsClient, TlsClientBuilder};

use crate::certificates::Authority;
use crate::rig::{both, meet, server};

#[test]
fn the_systems_cas_are_the_default_and_can_be_added() {
    const NAME: &str = "roots::the_systems_cas_are_the_default_and_can_be_added";
    if env::var_os(CHILD).is_some() {
        return both(as_the_system_trusts);
    }
    let directory = tempfile::tempdir().expect("a directory");
    let child = Command::new(env::current_exe().expect("this program"))
        .args([NAME, "--exact", "--nocapture"])
        .env(CHILD, "1")
        .env("SSL_CERT_FILE", directory.path().join("roots.pem"))
        .env_remove("SSL_CERT_DIR")
        .output()
        .expect("this program starts");
    let said = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success() && said.contains("1 passed"), "{child:?}");
}

async fn as_the_system_trusts() {
    let (system, given) = (Authority::new("system"), Authority::new("given"));
    let file = env::var_os("SSL_CERT_FILE").expect("a file");
    let Pem::Text(text) = system.pem() else { panic!("no text") };
    std::fs::write(&file, text.expose()).expect("a file");
    let new = TlsClient::builder;
    let takes = async |builder: TlsClientBuilder, authority: &Authority| {
        let client = builder.build().expect("a client");
        meet(server(&authority.local()), client).await.0.is_ok()
    };
    assert!(takes(new(), &system).await);
    assert!(!takes(new(), &given).await);
    // Who names a CA trusts that one.
    assert!(takes(new().trust(given.pem()), &given).await);
    assert!(!takes(new().trust(given.pem()), &system).await);
    let of_both = || new().trust(given.pem()).trust_system_roots();
    assert!(takes(of_both(), &given).await && takes(of_both(), &system).await);
    // What is wrong with the file is said; not what is in it.
    let identity = given.local();
    for (text, part) in [(identity.key.as_str(), "private key"), ("no PEM", "no certificate")] {
        std::fs::write(&file, text).expect("a file");
        let error = new().build().expect_err("no CA");
        assert_eq!(error.code(), "tls_no_system_roots");
        crate::broken_keys::Leak::of(&identity.key).check_error("roots", &error);
        for part in [part, "roots.pem", "SSL_CERT_FILE", "ca-certificates"] {
            assert!(error.to_string().contains(part), "{error}");
        }
    }
}

const CHILD: &str = "IPC_TRANSPORT_TEST_OF_ROOTS";
