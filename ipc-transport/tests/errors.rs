//! Errors as programs see them: stable codes, a source that is not repeated, an `io::Error` kind.

use std::error::Error;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::time::Duration;

use ipc_transport::{Attempts, DisplacedBy, Endpoint, TransportError};

/// Every variant, with its code, whether it is permanent, its kind, and a word its text must have.
fn all() -> Vec<(TransportError, &'static str, bool, ErrorKind, &'static str)> {
    let path = || PathBuf::from("/tmp/app.world");
    let endpoint = || Endpoint::Tcp { host: "::1".into(), port: 8000 };
    let source = || io::Error::other("the system's own words");
    let parse_error = match "x:y".parse::<Endpoint>() {
        Err(error) => TransportError::from(error),
        Ok(endpoint) => TransportError::Unsupported { endpoint },
    };
    use TransportError as E;
    vec![
        (
            E::AlreadyRunning { path: path() },
            "already_running",
            false,
            ErrorKind::AddrInUse,
            "/tmp/app.world",
        ),
        (
            E::AddressInUse { endpoint: endpoint() },
            "address_in_use",
            false,
            ErrorKind::AddrInUse,
            "tcp:[::1]:8000",
        ),
        (
            E::StartInProgress { path: path(), waited_ms: 5000 },
            "start_in_progress",
            false,
            ErrorKind::TimedOut,
            "5000 ms",
        ),
        (
            E::NotASocket { path: path(), found: "directory" },
            "not_a_socket",
            false,
            ErrorKind::AlreadyExists,
            "directory",
        ),
        (
            E::NameTooLong { name: path(), limit: 107, actual: 108, unit: "bytes" },
            "name_too_long",
            true,
            ErrorKind::InvalidInput,
            "108 bytes",
        ),
        (
            E::InvalidName { name: path(), reason: "it is empty" },
            "invalid_name",
            true,
            ErrorKind::InvalidInput,
            "empty",
        ),
        (
            E::Busy { endpoint: endpoint(), waited_ms: 5000 },
            "busy",
            false,
            ErrorKind::TimedOut,
            "5000 ms",
        ),
        (
            E::MissingDirectory { directory: "/none".into() },
            "missing_directory",
            false,
            ErrorKind::NotFound,
            "/none",
        ),
        (
            E::DirectoryNotWritable { directory: "/ro".into(), source: source() },
            "directory_not_writable",
            false,
            ErrorKind::Other,
            "/ro",
        ),
        (
            E::ForeignOwner { path: path(), expected: 1, actual: 2 },
            "foreign_owner",
            false,
            ErrorKind::PermissionDenied,
            "user 2",
        ),
        (
            E::UnknownOwner { path: path(), source: source() },
            "unknown_owner",
            false,
            ErrorKind::PermissionDenied,
            "/tmp/app.world",
        ),
        (
            E::PeerRefused { endpoint: endpoint(), expected: 1, actual: Some(2) },
            "peer_refused",
            false,
            ErrorKind::PermissionDenied,
            "user 2",
        ),
        (
            E::UnknownGroup { group: "nobodies".into() },
            "unknown_group",
            false,
            ErrorKind::NotFound,
            "\"nobodies\"",
        ),
        (
            E::GroupRefused { group: "wheel".into(), source: source() },
            "group_refused",
            false,
            ErrorKind::Other,
            "\"wheel\"",
        ),
        (
            E::ModeRefused { path: path(), mode: 0o600, actual: 0o755, source: source() },
            "mode_refused",
            false,
            ErrorKind::Other,
            "/tmp/app.world has the mode 0755, and chmod to 0600 is refused",
        ),
        (
            E::Displaced { path: path(), by: DisplacedBy::Removed },
            "displaced",
            false,
            ErrorKind::NotFound,
            "/tmp/app.world was removed",
        ),
        (
            E::AlreadyTaken { endpoint: endpoint() },
            "already_taken",
            true,
            ErrorKind::AddrInUse,
            "tcp:[::1]:8000",
        ),
        (
            E::NobodyListening { endpoint: endpoint(), source: source() },
            "nobody_listening",
            false,
            ErrorKind::Other,
            "tcp:[::1]:8000",
        ),
        (
            E::HostNotFound { host: "h".into(), source: Some(source()) },
            "host_not_found",
            false,
            ErrorKind::NotFound,
            "\"h\"",
        ),
        (
            E::BroadcastOff {
                endpoint: Endpoint::Udp4 { host: "192.0.2.255".into(), port: 9 },
                remote: ([192, 0, 2, 255], 9).into(),
                source: ErrorKind::PermissionDenied.into(),
            },
            "broadcast_off",
            true,
            ErrorKind::PermissionDenied,
            "192.0.2.255:9 may not be sent to: a broadcast address needs the broadcast option",
        ),
        (
            E::ConnectTimeout {
                endpoint: endpoint(),
                limit: Duration::from_secs(5),
                attempts: Attempts::default(),
            },
            "connect_timeout",
            false,
            ErrorKind::TimedOut,
            "no connection to tcp:[::1]:8000 within 5s",
        ),
        (
            E::Unreachable { endpoint: endpoint(), attempts: attempts() },
            "unreachable",
            false,
            ErrorKind::HostUnreachable,
            "[::1]:8000 (connection refused), 127.0.0.1:8000 (host unreachable)",
        ),
        (
            E::TooManyFiles { endpoint: endpoint(), source: source() },
            "too_many_files",
            false,
            ErrorKind::Other,
            "descriptor",
        ),
        (
            E::WrongFamily {
                endpoint: Endpoint::Udp6 { host: "127.0.0.1".into(), port: 1 },
                host: "127.0.0.1".into(),
            },
            "wrong_family",
            true,
            ErrorKind::AddrNotAvailable,
            "host \"127.0.0.1\" has no IPv6 address, which udp6:127.0.0.1:1 needs",
        ),
        (
            E::Unsupported { endpoint: endpoint() },
            "unsupported",
            true,
            ErrorKind::Unsupported,
            "tcp:[::1]:8000",
        ),
        (parse_error, "invalid_endpoint", true, ErrorKind::InvalidInput, "endpoint"),
        (
            E::Io { endpoint: endpoint(), op: "bind", source: source() },
            "io",
            false,
            ErrorKind::Other,
            "bind on",
        ),
    ]
}

fn attempts() -> Attempts {
    Attempts::new(vec![
        (([0, 0, 0, 0, 0, 0, 0, 1], 8000).into(), ErrorKind::ConnectionRefused.into()),
        (([127, 0, 0, 1], 8000).into(), ErrorKind::HostUnreachable.into()),
    ])
}

#[test]
fn a_host_with_several_addresses_has_a_reason_for_each() {
    let (endpoint, limit) = (Endpoint::Memory("m".into()), Duration::from_secs(5));
    let text = "[::1]:8000 (connection refused), 127.0.0.1:8000 (host unreachable)";
    let error = TransportError::ConnectTimeout { endpoint, limit, attempts: attempts() };
    assert_eq!(error.to_string(), format!("no connection to memory:m within 5s: tried {text}"));
    let attempts = attempts();
    assert_eq!(attempts.to_string(), text);
    let kinds: Vec<_> = attempts.iter().map(|(_, error)| error.kind()).collect();
    assert_eq!(kinds, [ErrorKind::ConnectionRefused, ErrorKind::HostUnreachable]);
}

#[test]
fn codes_kinds_and_texts_are_as_promised() {
    for (error, code, permanent, kind, word) in all() {
        assert_eq!(
            (error.code(), error.is_permanent(), error.kind()),
            (code, permanent, kind),
            "{error}"
        );
        assert!(error.to_string().contains(word), "{error}");
        assert_eq!(io::Error::from(error).kind(), kind);
    }
}

#[test]
fn codes_are_unique() {
    let mut codes: Vec<_> = all().iter().map(|row| row.1).collect();
    codes.sort_unstable();
    let count = codes.len();
    codes.dedup();
    assert_eq!(codes.len(), count);
}

#[test]
fn the_text_never_repeats_the_source() {
    let mut sources = 0;
    for (error, ..) in all() {
        if let Some(source) = error.source() {
            sources += 1;
            assert!(!error.to_string().contains(&source.to_string()), "{error}");
        }
    }
    assert_eq!(sources, 10);
}

#[test]
fn only_a_refused_client_leaves_the_listener_ready_at_once() {
    for (error, code, ..) in all() {
        assert_eq!(error.is_refusal(), code == "peer_refused", "{error}");
    }
}

#[test]
fn the_number_of_the_system_is_kept() {
    let endpoint = Endpoint::Memory("m".into());
    let source = io::Error::from_raw_os_error(13);
    let error = TransportError::Io { endpoint, op: "bind", source };
    assert_eq!(error.raw_os_error(), Some(13));
    assert_eq!(TransportError::AlreadyRunning { path: "/x".into() }.raw_os_error(), None);
}
