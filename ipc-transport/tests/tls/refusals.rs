//! Everybody who is not to be let in, with the reason both sides are given.

use ipc_transport::{
    ClientAuth, HandshakeFailure, TcpTransport, TlsClient, TlsServer, TlsTransport, TlsVersion,
    Transport,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::certificates::{Authority, Identity};
use crate::rig::{client, dialer, failure, listen, meet, port, server, soon};

#[track_caller]
fn check_refused(failure: &HandshakeFailure, alert: &str) {
    assert_eq!(*failure, HandshakeFailure::Refused { alert: alert.to_owned() });
}

#[tokio::test]
async fn an_expired_certificate() {
    let authority = Authority::new("ca");
    let (dialed, accepted) = meet(server(&authority.expired()), client(&authority)).await;
    assert_eq!(failure(dialed), HandshakeFailure::Expired);
    check_refused(&failure(accepted), "CertificateExpired");
}

#[tokio::test]
async fn a_certificate_for_another_name() {
    let authority = Authority::new("ca");
    let identity = authority.issue(&["elsewhere.example"]);
    let (dialed, accepted) = meet(server(&identity), client(&authority)).await;
    assert_eq!(failure(dialed), HandshakeFailure::WrongName);
    check_refused(&failure(accepted), "BadCertificate");
    // By the name it bears it is the right one.
    let named = TlsClient::builder().trust(authority.pem()).server_name("elsewhere.example");
    let (dialed, accepted) = meet(server(&identity), named.build().expect("a client")).await;
    assert!(dialed.is_ok() && accepted.is_ok());
}

#[tokio::test]
async fn a_certificate_of_an_unknown_ca() {
    let authority = Authority::new("ca");
    let stranger = Authority::new("another");
    let (dialed, accepted) = meet(server(&stranger.local()), client(&authority)).await;
    assert_eq!(failure(dialed), HandshakeFailure::UnknownIssuer);
    check_refused(&failure(accepted), "UnknownCA");
}

#[tokio::test]
async fn a_client_without_a_certificate_where_one_is_required() {
    let authority = Authority::new("ca");
    let identity = authority.local();
    let server = TlsServer::builder(identity.chain(), identity.key()).client_ca(authority.pem());
    let (dialed, accepted) = meet(server.build().expect("a server"), client(&authority)).await;
    assert_eq!(failure(accepted), HandshakeFailure::NoClientCertificate);
    // In TLS 1.3 the client is done before the server says no; it is told all the same.
    check_refused(&failure(dialed), "CertificateRequired");
}

#[tokio::test]
async fn a_client_with_a_certificate_of_an_unknown_ca() {
    let authority = Authority::new("ca");
    let identity = authority.local();
    let stranger = Authority::new("another").issue(&["client"]);
    let server = TlsServer::builder(identity.chain(), identity.key()).client_ca(authority.pem());
    let client = TlsClient::builder()
        .trust(authority.pem())
        .identity(stranger.chain(), stranger.key())
        .build()
        .expect("a client");
    let (dialed, accepted) = meet(server.build().expect("a server"), client).await;
    assert_eq!(failure(accepted), HandshakeFailure::UnknownIssuer);
    check_refused(&failure(dialed), "UnknownCA");
}

#[tokio::test]
async fn mutual_trust_shows_both_certificates() {
    let authority = Authority::new("ca");
    let (ours, theirs) = (authority.local(), authority.issue(&["client"]));
    let server = TlsServer::builder(ours.chain(), ours.key()).client_ca(authority.pem());
    let client = TlsClient::builder()
        .trust(authority.pem())
        .identity(theirs.chain(), theirs.key())
        .build()
        .expect("a client");
    let (dialed, accepted) = meet(server.build().expect("a server"), client).await;
    for (stream, shown) in [(dialed, &ours), (accepted, &theirs)] {
        let stream = stream.expect("a connection");
        let tls = stream.peer().tls.clone().expect("TLS");
        assert!(tls.verified);
        assert_eq!(tls.version, TlsVersion::V1_3);
        let pem = rcgen_pem(&tls.certificates[0]);
        assert_eq!(pem, without_white_space(&shown.chain));
        assert!(stream.peer().remote.is_some());
    }
}

/// Returns a certificate as PEM without line ends.
fn rcgen_pem(der: &[u8]) -> String {
    use std::fmt::Write;
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::from("-----BEGINCERTIFICATE-----");
    for group in der.chunks(3) {
        let mut bits = [0_u8; 3];
        bits[..group.len()].copy_from_slice(group);
        let bits = u32::from_be_bytes([0, bits[0], bits[1], bits[2]]);
        for at in 0..4 {
            let letter = ALPHABET[(bits >> (18 - 6 * at)) as usize & 63] as char;
            let _ = write!(text, "{}", if at <= group.len() { letter } else { '=' });
        }
    }
    text + "-----ENDCERTIFICATE-----"
}

fn without_white_space(text: &str) -> String {
    text.split_whitespace().collect()
}

#[tokio::test]
async fn a_server_that_only_asks_takes_anybody_and_says_who_is_verified() {
    let authority = Authority::new("ca");
    let ours = authority.local();
    let stranger = Authority::new("another").issue(&["client"]);
    let known = authority.issue(&["client"]);
    for (identity, certificates, verified) in
        [(None, 0, false), (Some(&stranger), 1, false), (Some(&known), 1, true)]
    {
        let server = TlsServer::builder(ours.chain(), ours.key())
            .client_ca(authority.pem())
            .client_auth(ClientAuth::Asked)
            .build()
            .expect("a server");
        let mut client = TlsClient::builder().trust(authority.pem());
        if let Some(identity) = identity {
            client = client.identity(identity.chain(), identity.key());
        }
        let (dialed, accepted) = meet(server, client.build().expect("a client")).await;
        assert!(dialed.is_ok());
        let tls = accepted.expect("a connection").peer().tls.clone().expect("TLS");
        assert_eq!((tls.certificates.len(), tls.verified), (certificates, verified));
    }
}

/// As everybody does it who follows node-ipc's examples.
#[tokio::test]
async fn a_self_signed_certificate_that_is_itself_trusted() {
    let (ours, theirs) = (Identity::self_signed(&["127.0.0.1"]), Identity::self_signed(&["me"]));
    let server = TlsServer::builder(ours.chain(), ours.key()).client_ca(theirs.chain());
    let server = server.build().expect("a server");
    let client = |trusted: &Identity| {
        let builder = TlsClient::builder().trust(trusted.chain());
        builder.identity(theirs.chain(), theirs.key()).build().expect("a client")
    };
    let (dialed, accepted) = meet(server.clone(), client(&ours)).await;
    assert!(dialed.is_ok() && accepted.is_ok());
    let other = Identity::self_signed(&["127.0.0.1"]);
    let (dialed, _) = meet(server, client(&other)).await;
    assert!(matches!(
        failure(dialed),
        HandshakeFailure::BadCertificate | HandshakeFailure::UnknownIssuer
    ));
    // The name is checked of such a one, too.
    let elsewhere = Identity::self_signed(&["elsewhere.example"]);
    let server = TlsServer::builder(elsewhere.chain(), elsewhere.key()).build().expect("a server");
    let (dialed, _) = meet(server, client(&elsewhere)).await;
    assert_eq!(failure(dialed), HandshakeFailure::WrongName);
}

both_runtimes!(a_certificate_that_is_itself_trusted_needs_no_issuer);
/// Not as in Node, where its issuer has to be trusted.
async fn a_certificate_that_is_itself_trusted_needs_no_issuer() {
    let authority = Authority::new("ca");
    let client =
        |trusted: &Identity| TlsClient::builder().trust(trusted.chain()).build().expect("a client");
    let identity = authority.local();
    let (dialed, _) = meet(server(&identity), client(&identity)).await;
    assert!(dialed.expect("a connection").peer().tls.as_ref().expect("TLS").verified);
    // Dates and names count all the same, and so does which of them it is.
    let expired = authority.expired();
    let (dialed, _) = meet(server(&expired), client(&expired)).await;
    assert_eq!(failure(dialed), HandshakeFailure::Expired);
    let elsewhere = authority.issue(&["elsewhere.example"]);
    let (dialed, _) = meet(server(&elsewhere), client(&elsewhere)).await;
    assert_eq!(failure(dialed), HandshakeFailure::WrongName);
    let (dialed, _) = meet(server(&authority.local()), client(&identity)).await;
    assert_eq!(failure(dialed), HandshakeFailure::UnknownIssuer);
}

#[tokio::test]
async fn nobody_is_refused_by_who_accepts_anybody() {
    let stranger = Authority::new("another").expired();
    let client = TlsClient::builder().dangerous_accept_any_certificate().build().expect("a client");
    let (dialed, accepted) = meet(server(&stranger), client).await;
    assert!(accepted.is_ok());
    assert!(!dialed.expect("a connection").peer().tls.as_ref().expect("TLS").verified);
}

#[tokio::test]
async fn plain_text_to_a_tls_port() {
    let mut listener = listen(server(&Authority::new("ca").local())).await;
    let mut plain = TcpStream::connect(("127.0.0.1", port(&*listener))).await.expect("a socket");
    plain.write_all(b"{\"type\":\"hello\",\"data\":{}}\x0c").await.expect("a write");
    let failed = failure(soon(listener.accept()).await);
    assert!(matches!(failed, HandshakeFailure::NotTls { .. }), "{failed:?}");
    // It is closed, with at most an alert before the end.
    let mut rest = Vec::new();
    let _ = soon(plain.read_to_end(&mut rest)).await;
    assert!(rest.len() < 16);
}

#[tokio::test]
async fn tls_to_a_port_that_speaks_first_in_plain_text() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a listener");
    let port = listener.local_addr().expect("an address").port();
    let answering = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("a connection");
        socket.write_all(b"{\"type\":\"welcome\",\"data\":{}}\x0c").await.expect("a write");
        socket
    });
    let client = client(&Authority::new("ca"));
    let transport = TlsTransport::new("127.0.0.1", port).with_client(client);
    let failed = failure(soon(transport.dial()).await);
    assert!(matches!(failed, HandshakeFailure::NotTls { .. }), "{failed:?}");
    drop(answering.await);
}

#[tokio::test]
async fn the_listener_goes_on_after_each_of_them() {
    let authority = Authority::new("ca");
    let mut listener = listen(server(&authority.local())).await;
    let stranger = dialer(&*listener, client(&Authority::new("another")));
    let friend = dialer(&*listener, client(&authority));
    let accepting = tokio::spawn(async move {
        let refused = failure(listener.accept().await);
        (refused, listener.accept().await, listener)
    });
    assert!(soon(stranger.dial()).await.is_err());
    assert!(soon(friend.dial()).await.is_ok());
    let (refused, accepted, _listener) = soon(accepting).await.expect("no panic");
    check_refused(&refused, "UnknownCA");
    assert!(accepted.is_ok());
}

#[tokio::test]
async fn nobody_listening_and_a_port_in_use_name_the_tls_endpoint() {
    let authority = Authority::new("ca");
    let taken = TcpTransport::new("127.0.0.1", 0).listen().await.expect("a listener");
    let ipc_transport::Endpoint::Tcp { port, .. } = taken.endpoint() else { panic!("no port") };
    let transport = TlsTransport::new("127.0.0.1", port).with_server(server(&authority.local()));
    let error = transport.listen().await.expect_err("in use");
    assert_eq!(error.to_string(), format!("tls:127.0.0.1:{port} is in use"));
    drop(taken);
    let transport = TlsTransport::new("127.0.0.1", port).with_client(client(&authority));
    assert_eq!(transport.dial().await.expect_err("no server").code(), "nobody_listening");
}
