//! The errors of `ipc-transport`.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use ipc_compat::codes;
use ipc_core::Error;
use ipc_transport::{
    Attempts, DisplacedBy, Endpoint, FallbackTransport, MemoryHub, MemoryTransport, NobodyAnywhere,
    SendRefused, Transport, TransportError, WhenDisplaced,
};

use crate::{Case, Word};

fn path() -> PathBuf {
    "/tmp/app.world".into()
}

fn endpoint() -> Endpoint {
    Endpoint::Udp4 { host: "127.0.0.1".into(), port: 9 }
}

fn source() -> io::Error {
    io::Error::other("the system's words")
}

fn refused_before() -> io::Error {
    io::ErrorKind::InvalidInput.into()
}

fn errors() -> Vec<TransportError> {
    use TransportError as E;
    let remote = ([192, 0, 2, 255], 9).into();
    let no_name = || E::HostNotFound { host: "two words".into(), source: None };
    vec![
        E::AlreadyRunning { path: path() },
        E::AddressInUse { endpoint: endpoint() },
        E::StartInProgress { path: path(), waited_ms: 1 },
        E::NotASocket { path: path(), found: "directory" },
        E::NameTooLong { name: path(), limit: 1, actual: 2, unit: "bytes" },
        E::InvalidName { name: path(), reason: "it is empty" },
        E::Busy { endpoint: endpoint(), waited_ms: 1 },
        E::MissingDirectory { directory: path() },
        E::DirectoryNotWritable { directory: path(), source: source() },
        E::ForeignOwner { path: path(), expected: 1, actual: 2 },
        E::UnknownOwner { path: path(), source: source() },
        E::UnknownOwner { path: path(), source: io::ErrorKind::Unsupported.into() },
        E::PeerRefused { endpoint: endpoint(), expected: 1, actual: None },
        E::UnknownGroup { group: "g".into() },
        E::GroupRefused { group: "g".into(), source: source() },
        E::ModeRefused { path: path(), mode: 0o600, actual: 0o644, source: source() },
        E::Displaced { path: path(), by: DisplacedBy::Removed },
        E::AlreadyTaken { endpoint: endpoint() },
        E::NobodyListening { endpoint: endpoint(), source: source() },
        E::HostNotFound { host: "later.example".into(), source: None },
        no_name(),
        E::WrongFamily { endpoint: endpoint(), host: "later.example".into() },
        E::WrongFamily { endpoint: endpoint(), host: "::1".into() },
        E::BroadcastOff { endpoint: endpoint(), remote, source: source() },
        E::ConnectTimeout {
            endpoint: endpoint(),
            limit: Duration::ZERO,
            attempts: Attempts::default(),
        },
        E::Unreachable { endpoint: endpoint(), attempts: Attempts::default() },
        E::TooManyFiles { endpoint: endpoint(), source: source() },
        E::Unsupported { endpoint: endpoint() },
        E::InvalidEndpoint("x:y".parse::<Endpoint>().unwrap_err()),
        E::Io { endpoint: endpoint(), op: "bind", source: source() },
        E::Io { endpoint: endpoint(), op: "bind", source: refused_before() },
    ]
}

pub(crate) fn all() -> Vec<Case> {
    let mut all = Vec::new();
    for error in errors() {
        all.push(case("TransportError", error));
    }
    for text in [
        "x",
        "x:y",
        "unix:",
        "unix:a\0",
        "tcp::1",
        "tcp:a b:1",
        "tcp:::1",
        "tcp:a",
        "tcp:a:b",
        "memory:",
    ] {
        let error = text.parse::<Endpoint>().unwrap_err();
        all.push(Case::new(("transport", "ParseEndpointError"), &error, error.code()));
    }
    let to = ([127, 0, 0, 1], 9).into();
    for error in
        [SendRefused::Amplification { to, limit: 1, actual: 2 }, SendRefused::BroadcastOff { to }]
    {
        all.push(Case::new(("transport", "SendRefused"), &error, error.code()));
    }
    let error = "x".parse::<WhenDisplaced>().unwrap_err();
    all.push(Case::new(("transport", "UnknownWhenDisplaced"), &error, error.code()));
    all.push(Case::new(("transport", "Attempts"), "no attempt", Attempts::default().code()));
    all.push(Case::new(("transport", "NobodyAnywhere"), "no server", nobody_anywhere()));
    #[cfg(unix)]
    all.extend(inherited());
    #[cfg(feature = "tls-base")]
    all.extend(tls::all());
    all
}

fn case(kind: &'static str, error: TransportError) -> Case {
    let (code, permanent, shown) = (error.code(), error.is_permanent(), format!("{error:?}"));
    let error = Error::from(error);
    assert_eq!((error.code(), error.is_permanent()), (code, permanent), "{shown}");
    assert!(error.ends_connection(), "{shown}");
    let case = Case::new(("transport", kind), &shown, code).style(codes::of(&error));
    case.ends(Word::Permanent, permanent)
}

/// Returns the code of the source of a dial that found no server at either place.
fn nobody_anywhere() -> &'static str {
    let hub = MemoryHub::new();
    let [one, other] = ["a", "b"].map(|name| MemoryTransport::new(name).with_hub(hub.clone()));
    let client = FallbackTransport::new(one).or(other);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let TransportError::NobodyListening { source, .. } =
        runtime.block_on(client.dial()).unwrap_err()
    else {
        panic!("somebody listens")
    };
    source.get_ref().unwrap().downcast_ref::<NobodyAnywhere>().unwrap().code()
}

#[cfg(unix)]
fn inherited() -> Vec<Case> {
    use ipc_transport::inherited::InheritError as E;
    let errors = [
        E::InvalidVariable { name: "LISTEN_FDS", value: "x".into(), expected: "a number" },
        E::AlreadyTaken,
        E::NotOpen { descriptor: 3, source: source() },
        E::NotAListener { found: "a file" },
        E::Io { op: "look", source: source() },
    ];
    let case = |error: E| Case::new(("transport", "InheritError"), &error, error.code());
    errors.into_iter().map(case).collect()
}

#[cfg(feature = "tls-base")]
mod tls {
    use ipc_transport::{HandshakeFailure as F, TlsError as E};

    use super::*;

    fn settings() -> Vec<E> {
        let (place, line) = (|| "a file".to_owned(), 1);
        vec![
            E::Unreadable { path: path(), source: source() },
            E::NotAPath,
            E::NotPem { place: place(), line: None, reason: "no" },
            E::Missing { place: place(), wanted: "certificate", found: None },
            E::Unused { place: place(), line, found: "a key" },
            E::Encrypted { place: place(), line },
            E::InvalidCertificate { place: place(), line, reason: place() },
            E::UnusableKey { place: place(), line, found: place(), taken: None },
            E::KeyMismatch { certificate: place(), key: place() },
            E::InvalidServerName { name: place() },
            E::NoTrust,
            E::NoSystemRoots { reason: place() },
            E::NoClientTrust,
            E::NoSettings,
            E::NoClient,
            E::NoServer,
            E::Refused { reason: place() },
        ]
    }

    fn failures() -> Vec<F> {
        vec![
            F::Timeout { limit: Duration::ZERO },
            F::CrowdedOut { limit: 1 },
            F::NotTls { first: b"GET /".into() },
            F::Expired,
            F::NotYetValid,
            F::WrongName,
            F::UnknownIssuer,
            F::OldVersion,
            F::BadCertificate,
            F::NoClientCertificate,
            F::Refused { alert: "CertificateRequired".into() },
            F::Closed,
            F::Other,
        ]
    }

    pub(super) fn all() -> Vec<Case> {
        let remote = ([127, 0, 0, 1], 9).into();
        let settings = settings().into_iter().map(|error| {
            let code = error.code();
            let case = case("TlsError", TransportError::Tls(error));
            assert_eq!(case.code, code);
            case
        });
        let failures = failures().into_iter().map(|failure| {
            let code = failure.code();
            let error =
                TransportError::Handshake { endpoint: endpoint(), remote, failure, source: None };
            let case = case("HandshakeFailure", error);
            assert_eq!(case.code, code);
            case
        });
        settings.chain(failures).collect()
    }
}
