//! Certificates of X.509 version 1, as they stand in the tests of many Node projects: taken by whoever
//! checks nothing, and refused by name where certificates are verified.

use std::error::Error;
use std::sync::Arc;

use ipc_transport::rustls::crypto::CryptoProvider;
use ipc_transport::rustls::pki_types::pem::PemObject;
use ipc_transport::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use ipc_transport::rustls::sign::{CertifiedKey, SingleCertAndKey};
use ipc_transport::rustls::version::{TLS12, TLS13};
use ipc_transport::rustls::{ServerConfig, SupportedProtocolVersion};
use ipc_transport::{
    ClientAuth, HandshakeFailure, Pem, Stream, TlsClient, TlsClientBuilder, TlsInfo, TlsServer,
    TlsVersion, TransportError,
};

use crate::certificates::{Authority, Identity};
use crate::der::{INTEGER, remade, value, version_1};
use crate::rig::{client, failure, meet, server};

fn provider() -> CryptoProvider {
    #[cfg(feature = "tls-aws-lc-rs")]
    return ipc_transport::rustls::crypto::aws_lc_rs::default_provider();
    #[cfg(not(feature = "tls-aws-lc-rs"))]
    ipc_transport::rustls::crypto::ring::default_provider()
}

/// Returns a server of one version of TLS that shows a certificate, and signs with a key.
fn bare_server(chain: &str, key: &str, version: &'static SupportedProtocolVersion) -> TlsServer {
    let provider = Arc::new(provider());
    let chain =
        CertificateDer::pem_slice_iter(chain.as_bytes()).map(|one| one.expect("a certificate"));
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("a key");
    let key = provider.key_provider.load_private_key(key).expect("a key");
    let shown = SingleCertAndKey::from(CertifiedKey::new(chain.collect(), key));
    let config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .expect("a version")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(shown));
    TlsServer::from_config(Arc::new(config))
}

fn anybody() -> TlsClientBuilder {
    TlsClient::builder().dangerous_accept_any_certificate()
}

#[track_caller]
fn tls(stream: Result<Stream, TransportError>) -> Arc<TlsInfo> {
    stream.expect("a connection").peer().tls.clone().expect("TLS")
}

/// Returns the whole text of an error.
#[track_caller]
fn chain(result: Result<Stream, TransportError>) -> String {
    let error = result.expect_err("a refusal");
    let source = error.source().map(|source| format!(": {source}")).unwrap_or_default();
    format!("{error}{source}")
}

both_runtimes!(whoever_checks_nothing_takes_them);
async fn whoever_checks_nothing_takes_them() {
    for identity in [Authority::new("ca").old(), Identity::old_self_signed()] {
        // Its own server starts with such a one, too.
        let (dialed, accepted) =
            meet(server(&identity), anybody().build().expect("a client")).await;
        assert!(accepted.is_ok());
        let shown = tls(dialed);
        assert!(!shown.verified && shown.proven);
        assert_eq!(shown.certificates.len(), 1);
        for (version, expected) in [(&TLS12, TlsVersion::V1_2), (&TLS13, TlsVersion::V1_3)] {
            let server = bare_server(&identity.chain, &identity.key, version);
            let (dialed, _) = meet(server, anybody().build().expect("a client")).await;
            assert_eq!(tls(dialed).version, expected);
        }
    }
}

both_runtimes!(whoever_shows_one_has_to_have_its_key);
/// That nothing is verified is no reason to take a certificate of somebody else.
async fn whoever_shows_one_has_to_have_its_key() {
    let authority = Authority::new("ca");
    for theirs in [authority.old(), authority.local()] {
        let stranger = authority.local();
        for version in [&TLS12, &TLS13] {
            let server = bare_server(&theirs.chain, &stranger.key, version);
            let (dialed, _) = meet(server, anybody().build().expect("a client")).await;
            assert_eq!(failure(dialed), HandshakeFailure::BadCertificate);
        }
    }
}

both_runtimes!(a_server_that_only_asks_takes_them_of_clients);
async fn a_server_that_only_asks_takes_them_of_clients() {
    let authority = Authority::new("ca");
    let (ours, theirs) = (authority.local(), authority.old());
    for trusts in [true, false] {
        let server = TlsServer::builder(ours.chain(), ours.key()).client_auth(ClientAuth::Asked);
        let server = if trusts { server.client_ca(authority.pem()) } else { server };
        let client = TlsClient::builder().trust(authority.pem());
        let client = client.identity(theirs.chain(), theirs.key()).build().expect("a client");
        let (dialed, accepted) = meet(server.build().expect("a server"), client).await;
        assert!(dialed.is_ok());
        let shown = tls(accepted);
        assert_eq!((shown.certificates.len(), shown.verified, shown.proven), (1, false, true));
    }
}

both_runtimes!(whoever_verifies_refuses_them_by_name);
async fn whoever_verifies_refuses_them_by_name() {
    let authority = Authority::new("ca");
    let pinned = Identity::old_self_signed();
    let of_pinned = TlsClient::builder().trust(pinned.chain()).build().expect("a client");
    for (identity, client) in [(authority.old(), client(&authority)), (pinned, of_pinned)] {
        let (dialed, accepted) = meet(server(&identity), client).await;
        assert!(accepted.is_err());
        let text = chain(dialed);
        for part in ["version 1", "make it again with extensions", "subjectAltName"] {
            assert!(text.contains(part), "{text}");
        }
    }
    // And of a client.
    let (ours, theirs) = (authority.local(), authority.old());
    let server = TlsServer::builder(ours.chain(), ours.key()).client_ca(authority.pem());
    let client = TlsClient::builder().trust(authority.pem());
    let client = client.identity(theirs.chain(), theirs.key()).build().expect("a client");
    let (dialed, accepted) = meet(server.build().expect("a server"), client).await;
    assert!(matches!(failure(dialed), HandshakeFailure::Refused { .. }));
    assert_eq!(failure(accepted), HandshakeFailure::OldVersion);
}

both_runtimes!(a_ca_of_version_1_that_is_trusted_vouches_for_others);
/// A root is trusted for what it is, not for what it says.
async fn a_ca_of_version_1_that_is_trusted_vouches_for_others() {
    let authority = Authority::new("ca");
    let Pem::Text(ca) = authority.pem() else { panic!("no text") };
    let ca = std::str::from_utf8(ca.expose()).expect("text").to_owned();
    let old = Pem::text(version_1(&ca, authority.key()));
    let client = TlsClient::builder().trust(old).build().expect("a client");
    let (dialed, _) = meet(server(&authority.local()), client).await;
    assert!(tls(dialed).verified);
}

both_runtimes!(odd_certificates_are_taken_by_whoever_checks_nothing);
/// Other things that webpki cannot read are no matter either where nothing is verified.
async fn odd_certificates_are_taken_by_whoever_checks_nothing() {
    let authority = Authority::new("ca");
    let identity = authority.local();
    // A number of 30 bytes, below zero.
    let serial = value(INTEGER, &[&[0xff; 30]]);
    let odd = remade(&identity.chain, authority.key(), |parts| parts[1] = serial);
    let server = bare_server(&odd, &identity.key, &TLS13);
    let (dialed, _) = meet(server, anybody().build().expect("a client")).await;
    assert!(tls(dialed).proven);
}
