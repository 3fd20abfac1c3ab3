//! Invalid settings: refused when a server or client is created, with what is missing or broken.

use std::error::Error;

use ipc_compat::{Ipc, IpcError, Tls, UdpType, codes};
use ipc_transport::TlsError;
use tempfile::TempDir;

use crate::certificates::Authority;
use crate::rig::{client, config, here, trusting, who};

#[track_caller]
fn check(error: IpcError, parts: &[&str]) {
    assert_eq!(error.code(), codes::TLS_CONFIGURATION);
    let source = error.source().map(|source| format!(": {source}")).unwrap_or_default();
    let text = format!("{error}{source}");
    assert!(parts.iter().all(|part| text.contains(part)), "{text}");
}

fn serve_net(tls: Tls) -> IpcError {
    Ipc::new(config(tls)).serve_net(()).unwrap_err()
}

// Tests W71: 9.x serves with a public key and certificate then.
#[test]
fn a_server_has_no_key_unless_it_is_given_one() {
    let identity = here(&Authority::new("ca"));
    check(serve_net(Tls::default()), &["a private key", "`private`", "`key`"]);
    let mut tls = who(&identity);
    tls.key = None;
    check(serve_net(tls), &["a private key"]);
    let mut tls = who(&identity);
    tls.cert = None;
    check(serve_net(tls.clone()), &["a certificate", "`public`", "`cert`"]);
    check(Ipc::new(config(tls)).transport_net(()).unwrap_err(), &["a certificate"]);
}

// Tests W70
both_runtimes!(a_client_has_to_be_told_whom_to_trust);
async fn a_client_has_to_be_told_whom_to_trust() {
    // With the system's CAs no other need be named; `nipc_cli/tls_roots` has the rest.
    if !cfg!(feature = "tls-native-roots") {
        check(client(1, config(Tls::default())).unwrap_err(), &["certificates to trust", "Node"]);
    }
    let ca = Authority::new("ca");
    for (cert, key) in [(true, false), (false, true)] {
        let mut tls = trusting(&ca, who(&here(&ca)));
        tls.cert = tls.cert.filter(|_| cert);
        tls.key = tls.key.filter(|_| key);
        let missing = if key { "a certificate" } else { "a private key" };
        check(client(1, config(tls)).unwrap_err(), &[missing]);
    }
    let mut tls = trusting(&ca, Tls::default());
    tls.server_name = Some("no name".to_owned());
    check(client(1, config(tls)).unwrap_err(), &["\"no name\""]);
}

#[test]
fn what_cannot_be_read_is_named() {
    let directory = TempDir::new().unwrap();
    let ca = Authority::new("ca");
    let missing = directory.path().join("missing.key");
    let mut tls = who(&here(&ca));
    tls.private = Some(missing.clone());
    let error = serve_net(tls);
    let IpcError::Tls(problem) = &error else { panic!("{error:?}") };
    assert!(matches!(&**problem, TlsError::Unreadable { path, .. } if *path == missing));
    check(error, &["cannot read", "missing.key"]);

    let broken = directory.path().join("broken.crt");
    std::fs::write(&broken, "no certificate").unwrap();
    let mut tls = who(&here(&ca));
    tls.public = Some(broken.clone());
    check(serve_net(tls), &["broken.crt", "certificate"]);
    let mut tls = who(&here(&ca));
    tls.trusted_connections = vec![broken];
    check(serve_net(tls), &["broken.crt"]);

    let mut tls = who(&here(&ca));
    tls.key = Some(here(&ca).key.into());
    check(serve_net(tls), &["is not that of the certificate"]);
}

#[test]
fn nobody_can_be_trusted_without_a_certificate_to_trust() {
    let mut tls = who(&here(&Authority::new("ca")));
    tls.request_cert = true;
    check(serve_net(tls), &["no CA for them is given"]);
}

#[test]
fn datagrams_cannot_be_encrypted() {
    let ipc = Ipc::new(config(who(&here(&Authority::new("ca")))));
    for refused in [ipc.serve_net(UdpType::Udp4), ipc.serve_net("udp6")] {
        assert_eq!(refused.unwrap_err(), IpcError::UdpWithTls);
    }
    check(ipc.transport_net("udp4").unwrap_err(), &["UDP cannot be encrypted"]);
}
