//! Endpoints as text: what parses, what does not and why, and that printing loses nothing.

use std::path::PathBuf;

use ipc_transport::{Endpoint, ParseEndpointError as Reason};
use proptest::prelude::*;

#[track_caller]
fn check(text: &str, expected: Result<Endpoint, Reason>) {
    assert_eq!(text.parse::<Endpoint>(), expected, "{text:?}");
    if let Ok(endpoint) = expected {
        assert_eq!(endpoint.to_string(), text);
    }
}

fn unix(path: &str) -> Result<Endpoint, Reason> {
    Ok(Endpoint::Unix(PathBuf::from(path)))
}

fn tcp(host: &str, port: u16) -> Result<Endpoint, Reason> {
    Ok(Endpoint::Tcp { host: host.to_owned(), port })
}

#[test]
fn what_is_an_endpoint() {
    check("unix:/tmp/app.world", unix("/tmp/app.world"));
    check("unix:relative", unix("relative"));
    check("unix:/tmp/with:colon and space", unix("/tmp/with:colon and space"));
    check("tcp:127.0.0.1:8000", tcp("127.0.0.1", 8000));
    check("tcp:localhost:0", tcp("localhost", 0));
    check("tcp:host.example:65535", tcp("host.example", 65535));
    check("tcp:[::1]:8000", tcp("::1", 8000));
    check("tcp:[fe80::1%eth0]:1", tcp("fe80::1%eth0", 1));
    check("tls:[::1]:8000", Ok(Endpoint::Tls { host: "::1".into(), port: 8000 }));
    check("udp4:127.0.0.1:1", Ok(Endpoint::Udp4 { host: "127.0.0.1".into(), port: 1 }));
    check("udp6:[::1]:1", Ok(Endpoint::Udp6 { host: "::1".into(), port: 1 }));
    check("abstract:app.world", Ok(Endpoint::Abstract("app.world".into())));
    check(r"pipe:\\.\pipe\app", Ok(Endpoint::Pipe(r"\\.\pipe\app".into())));
    check("memory:name", Ok(Endpoint::Memory("name".into())));
    check("memory:a:b", Ok(Endpoint::Memory("a:b".into())));
}

#[test]
fn what_is_not_an_endpoint_says_why() {
    check("", Err(Reason::MissingScheme { input: String::new() }));
    check("/tmp/x", Err(Reason::MissingScheme { input: "/tmp/x".into() }));
    check("udp:host:1", Err(Reason::UnknownScheme { scheme: "udp".into() }));
    check("TCP:host:1", Err(Reason::UnknownScheme { scheme: "TCP".into() }));
    check("unix:", Err(Reason::EmptyPath));
    check("unix:/a\0b", Err(Reason::NulInPath { at: 2 }));
    check("abstract:", Err(Reason::EmptyName));
    check("pipe:", Err(Reason::EmptyName));
    check("udp4:", Err(Reason::EmptyHost));
    check("memory:", Err(Reason::EmptyName));
    check("tcp:", Err(Reason::EmptyHost));
    check("tcp::80", Err(Reason::EmptyHost));
    check("tcp:[]:80", Err(Reason::EmptyHost));
    check("tcp:host", Err(Reason::MissingPort { host: "host".into() }));
    check("tcp:[::1]", Err(Reason::MissingPort { host: "::1".into() }));
    check("tcp:[::1]80", Err(Reason::MissingPort { host: "::1".into() }));
    check("tcp:::1:80", Err(Reason::UnbracketedIpv6 { host: "::1".into() }));
    check("tcp:[::1:80", Err(Reason::InvalidHost { host: "[::1:80".into() }));
    check("tcp:[name]:80", Err(Reason::InvalidHost { host: "name".into() }));
    check("tcp:a b:80", Err(Reason::InvalidHost { host: "a b".into() }));
    check("tcp://host:80", Err(Reason::InvalidHost { host: "//host".into() }));
    for port in ["", "x", "65536", "-1", "+1", " 1", "99999999999"] {
        check(&format!("tcp:host:{port}"), Err(Reason::InvalidPort { port: port.into() }));
    }
}

#[test]
fn a_reason_names_what_is_wrong() {
    for (text, named) in [
        ("udp:x", "\"udp\""),
        ("/tmp/x", "\"/tmp/x\""),
        ("tcp:host:65536", "\"65536\""),
        ("tcp:::1:80", "[address]:port"),
        ("unix:/a\0b", "offset 2"),
    ] {
        let reason = text.parse::<Endpoint>().map_err(|reason| reason.to_string());
        assert!(reason.as_ref().is_err_and(|reason| reason.contains(named)), "{reason:?}");
    }
}

proptest! {
    #[test]
    fn what_parses_prints_back_the_same(text in "(unix|abstract|pipe|tcp|tls|udp4|udp6|memory):[a-z0-9:\\[\\]%/. ]{0,12}(:[0-9]{0,6})?") {
        if let Ok(endpoint) = text.parse::<Endpoint>() {
            let printed = endpoint.to_string();
            prop_assert_eq!(printed.parse::<Endpoint>(), Ok(endpoint));
        }
    }

    #[test]
    fn what_prints_parses_back_the_same(
        host in "[a-z][a-z0-9.-]{0,20}|[0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9a-f]{0,4}(:[0-9a-f]{0,4}){2,7}",
        path in "[^\0]{1,40}",
        port: u16,
    ) {
        for endpoint in [
            Endpoint::Tcp { host: host.clone(), port },
            Endpoint::Tls { host: host.clone(), port },
            Endpoint::Udp4 { host: host.clone(), port },
            Endpoint::Udp6 { host: host.clone(), port },
            Endpoint::Unix(PathBuf::from(&path)),
            Endpoint::Abstract(path.clone()),
            Endpoint::Pipe(path.clone()),
            Endpoint::Memory(path.clone()),
        ] {
            prop_assert_eq!(endpoint.to_string().parse::<Endpoint>(), Ok(endpoint));
        }
    }

    #[test]
    fn no_text_makes_parsing_panic(text in ".{0,60}") {
        let _ = text.parse::<Endpoint>();
    }
}
