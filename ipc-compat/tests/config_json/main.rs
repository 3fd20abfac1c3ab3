//! A config from JSON and back: node-ipc's defaults, its odd values, and what is refused.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use ipc_codec::Delimiter;
use ipc_compat::{
    Config, ConfigError, Dialect, Encoding, Environment, Family, Platform, Profile, Retries, Tls,
};
use ipc_core::Heartbeat;
use ipc_transport::UdpLimits;
use serde_json::{Map, Value, json};

mod access;
mod files;
mod properties;
mod spin;

fn defaults(dialect: Dialect) -> Config {
    let mut environment = Environment::new(Platform::Unix);
    environment.host_name = "%host".to_owned();
    environment.user_id = Some(1000);
    match dialect {
        Dialect::V14 => Config::v14_in(&environment),
        _ => Config::classic_in(&environment),
    }
}

fn recorded() -> Map<String, Value> {
    let text = include_str!("../../testdata/defaults.json").replace("%uid", "1000");
    serde_json::from_str(&text).unwrap()
}

/// What only we have a setting for in each version, all of them because the version has none.
const MORE: [(&str, Dialect, &str); 5] = [
    (
        "8.10.3",
        Dialect::Classic,
        "access allow allowReservedEvents allowedEvents delimiter fileWatch heartbeat highWaterMark identifyPeer \
         keepAlive linger logPayloads maxEventNameLength maxMessageSize maxPendingBytes messageTimeout \
         onDenied parser peerUser rate readableAll retryPermanent secureSocketRoot spin tokenFile udpBroadcast udpLimits unlink \
         userTimeout whenDisplaced writableAll",
    ),
    ("9.2.1", Dialect::Classic, CLASSIC_MORE),
    ("10.1.0", Dialect::Classic, CLASSIC_MORE),
    ("12.0.0", Dialect::Classic, CLASSIC_MORE),
    (
        "14.0.0",
        Dialect::V14,
        "access allow fileWatch heartbeat highWaterMark keepAlive linger onDenied peerUser rate retryPermanent spin tokenFile udpBroadcast \
         udpLimits userTimeout whenDisplaced",
    ),
];
const CLASSIC_MORE: &str = "access allow allowReservedEvents allowedEvents fileWatch heartbeat highWaterMark \
     identifyPeer keepAlive linger logPayloads maxEventNameLength maxMessageSize maxPendingBytes messageTimeout \
     onDenied parser peerUser rate retryPermanent secureSocketRoot spin tokenFile udpBroadcast udpLimits userTimeout \
     whenDisplaced";

// Tests W2, W31, W41, W50
#[test]
fn defaults_are_those_of_each_version() {
    let recorded = recorded();
    assert_eq!(recorded.len(), MORE.len());
    for (version, dialect, more) in MORE {
        let ours = defaults(dialect).to_json();
        let ours = ours.as_object().unwrap();
        let theirs = recorded[version].as_object().unwrap();
        for (key, value) in theirs {
            match key.as_str() {
                // Nothing is logged unless asked for; and the host is always the same one.
                "logger" | "IPType" => assert_eq!(ours.get(key), None),
                _ => assert_eq!(ours.get(key), Some(value), "{key} of {version}"),
            }
        }
        let mut only_ours: Vec<_> =
            ours.keys().filter(|key| !theirs.contains_key(*key)).map(String::as_str).collect();
        only_ours.sort_unstable();
        assert_eq!(only_ours.join(" "), more, "{version}");
    }
}

#[test]
fn a_config_that_node_ipc_wrote_changes_nothing() {
    for (version, dialect, _) in MORE {
        let mut theirs = recorded()[version].clone();
        // `JSON.stringify` leaves functions out, and has `null` for infinity.
        theirs.as_object_mut().unwrap().remove("logger");
        theirs["maxRetries"] = Value::Null;
        let mut config = defaults(dialect);
        config.apply_json(&theirs).unwrap();
        assert_eq!(format!("{config:?}"), format!("{:?}", defaults(dialect)), "{version}");
    }
}

/// Checks that the setting, read from each of the values, becomes what `expected` makes of it.
#[track_caller]
fn check<const N: usize>(key: &str, values: [Value; N], expected: impl FnOnce(&mut Config)) {
    let mut wanted = defaults(Dialect::Classic);
    expected(&mut wanted);
    for value in values {
        let mut config = defaults(Dialect::Classic);
        config.apply_json(&json!({ key: value })).unwrap();
        assert_eq!(format!("{config:?}"), format!("{wanted:?}"), "{key}: {value}");
    }
}

// Tests W50, W52
#[test]
fn odd_values_mean_what_they_mean_to_node_ipc() {
    let forever = [json!(null), json!("Infinity")];
    check("maxRetries", forever, |config| config.max_retries = Retries::Forever);
    let none = [json!(false), json!(0), json!(-3), json!(0.9)];
    check("maxRetries", none, |config| config.max_retries = Retries::Times(0));
    let two = [json!(2), json!(2.5)];
    check("maxRetries", two, |config| config.max_retries = Retries::Times(2));
    check("maxRetries", [json!(1e300)], |config| config.max_retries = Retries::Times(u32::MAX));
    let stop = [json!(true), json!(1), json!(-1), json!(500)];
    check("stopRetrying", stop, |config| config.stop_retrying = true);
    check("stopRetrying", [json!(false), json!(0)], |config| config.stop_retrying = false);
    let pause = [json!(1.5)];
    check("retry", pause, |config| config.retry = Duration::from_micros(1500));
    check("retry", [json!(0)], |config| config.retry = Duration::ZERO);
    let never = [json!(0), json!(null), json!("Infinity")];
    let never_probed = [json!(false), json!(0), Value::Null, json!("Infinity")];
    check("keepAlive", never_probed, |config| config.keepalive = None);
    check("keepAlive", [json!(1500)], |config| {
        config.keepalive = Some(Duration::from_millis(1500))
    });
    let never_cut = [json!(false), json!(0), Value::Null, json!("Infinity")];
    check("userTimeout", never_cut, |config| config.user_timeout = None);
    check("userTimeout", [json!(2500)], |config| {
        config.user_timeout = Some(Duration::from_millis(2500))
    });
    check("heartbeat", [json!(false), Value::Null], |config| config.heartbeat = None);
    let every = Heartbeat::every(Duration::from_millis(1500));
    let thrice = [json!({"every": 1500}), json!({"deadAfter": 4500, "every": 1500})];
    check("heartbeat", thrice, |config| config.heartbeat = Some(every));
    check("heartbeat", [json!({"every": 1500, "deadAfter": 7000})], |config| {
        config.heartbeat = Some(every.dead_after(Duration::from_secs(7)))
    });
    check("udpBroadcast", [json!(true)], |config| config.udp_broadcast = true);
    check("messageTimeout", never, |config| config.message_timeout = None);
    check("linger", [json!(2500)], |config| config.linger = Duration::from_millis(2500));
    check("linger", [json!(0)], |config| config.linger = Duration::ZERO);
    let unlimited = [json!(null), json!("Infinity")];
    check("maxConnections", unlimited, |config| config.max_connections = usize::MAX);
    let no_mark = [json!(false), json!(null), json!("Infinity")];
    check("highWaterMark", no_mark, |config| config.high_water_mark = None);
    check("highWaterMark", [json!(5)], |config| config.high_water_mark = Some(5));
    check("maxMessageSize", [json!("Infinity")], |config| {
        config.max_message_size = Some(usize::MAX);
    });
    check("maxMessageSize", [json!(1 << 20)], |config| config.max_message_size = None);
    check("maxEventNameLength", [json!(256)], |config| config.max_event_name_length = None);
    check("logDepth", [json!(null)], |config| config.log_depth = u32::MAX);
    check("id", [json!("7"), json!(7)], |config| config.id = "7".to_owned());
    check("encoding", [json!("UCS-2"), json!("utf16le")], |config| {
        config.encoding = Encoding::Utf16Le;
    });
    check("parser", [json!("raw")], |config| config.raw_buffer = true);
    check("parser", [json!("guarded")], |config| config.parser = Profile::Guarded);
    check("delimiter", [json!("\n")], |config| config.delimiter = Delimiter::new("\n").unwrap());
    check("allowedEvents", [json!(["b", "a"])], |config| {
        config.allowed_events = ["a".to_owned(), "b".to_owned()].into();
    });
    check("allowedEvents", [json!(false), json!([])], |_| ());
    check("IPType", [json!("IPv6")], |_| ());
}

#[test]
fn the_raw_parser_wins_over_a_raw_buffer_that_is_off() {
    let mut config = defaults(Dialect::V14);
    config.apply_json(&json!({"parser": "raw", "rawBuffer": false})).unwrap();
    assert!(config.raw_buffer);
}

#[test]
fn interface_and_tls_are_read_whole() {
    let unset =
        json!({"localAddress": false, "localPort": 0, "family": 0, "hints": 0, "lookup": null});
    check("interface", [json!(false), json!({}), unset], |_| ());
    let given = json!({"localAddress": "127.0.0.1", "localPort": 9, "family": "IPv6"});
    check("interface", [given], |config| {
        config.interface.local_address = Some([127, 0, 0, 1].into());
        config.interface.local_port = Some(9);
        config.interface.family = Some(Family::V6);
    });
    check("tls", [json!(false), json!(null)], |_| ());
    let tls = |change: fn(&mut Tls)| {
        move |config: &mut Config| {
            let mut tls = Tls::default();
            change(&mut tls);
            config.tls = Some(tls);
        }
    };
    check("tls", [json!({})], tls(|_| ()));
    let one = json!({"private": "/k", "public": "/c", "dhparam": "/d", "trustedConnections": "/a"});
    let list =
        json!({"private": "/k", "public": "/c", "dhparam": "/d", "trustedConnections": ["/a"]});
    check(
        "tls",
        [one, list],
        tls(|tls| {
            tls.private = Some("/k".into());
            tls.public = Some("/c".into());
            tls.dhparam = Some("/d".into());
            tls.trusted_connections = vec!["/a".into()];
        }),
    );
    let text = json!({"key": "k", "cert": "c", "ca": "a", "requestCert": true,
        "rejectUnauthorized": false, "servername": "s"});
    let mut buffers = text.clone();
    buffers["key"] = json!({"type": "Buffer", "data": [107]});
    buffers["ca"] = json!(["a"]);
    check(
        "tls",
        [text, buffers],
        tls(|tls| {
            tls.key = Some(b"k".into());
            tls.cert = Some(b"c".to_vec());
            tls.ca = vec![b"a".to_vec()];
            tls.request_cert = true;
            tls.reject_unauthorized = false;
            tls.server_name = Some("s".to_owned());
        }),
    );
}

#[test]
fn limits_of_udp_are_read_and_what_is_left_out_is_the_default() {
    let all = json!({"peers": 8, "idle": 1500, "peerBytes": 70_000, "totalBytes": "Infinity",
        "amplification": 3});
    let wanted = UdpLimits::default()
        .with_peers(NonZeroUsize::new(8).unwrap())
        .with_idle(Duration::from_millis(1500))
        .with_peer_bytes(70_000)
        .with_total_bytes(usize::MAX)
        .with_amplification(NonZeroU32::new(3));
    check("udpLimits", [all.clone()], |config| config.udp_limits = wanted);
    let mut config = defaults(Dialect::Classic);
    config.udp_limits = wanted;
    assert_eq!(config.to_json()["udpLimits"], all);
    check("udpLimits", [json!(false), json!({}), json!({"amplification": false})], |_| ());
    check("udpLimits", [json!({"idle": "Infinity"})], |config| {
        config.udp_limits = UdpLimits::default().with_idle(Duration::MAX);
    });
    let never = config.udp_limits.with_idle(Duration::MAX);
    config.udp_limits = never;
    assert_eq!(config.to_json()["udpLimits"]["idle"], "Infinity");
    for (option, limits) in [
        ("udp_limits.idle", never.with_idle(Duration::ZERO)),
        ("udp_limits.peer_bytes", never.with_peer_bytes(0)),
        ("udp_limits.total_bytes", never.with_total_bytes(0)),
    ] {
        config.udp_limits = limits;
        assert_eq!(config.validate(), Err(ConfigError::Zero { option }));
    }
}

#[track_caller]
fn check_refused(json: &Value, expected: &str) {
    let mut config = defaults(Dialect::V14);
    let error = config.apply_json(json).map_err(|error: ConfigError| error.to_string());
    assert_eq!(error, Err(expected.to_owned()));
    assert_eq!(format!("{config:?}"), format!("{:?}", defaults(Dialect::V14)));
}

#[test]
fn wrong_values_are_refused_with_key_value_and_what_is_allowed() {
    check_refused(&json!({"id": "x", "maxRetry": 3}), "there is no setting maxRetry");
    check_refused(&json!({"interface": {"port": 3}}), "there is no setting interface.port");
    check_refused(&json!({"tls": {"keys": 3}}), "there is no setting tls.keys");
    check_refused(&json!({"udpLimits": {"max": 3}}), "there is no setting udpLimits.max");
    check_refused(&json!([]), "config is [], not an object");
    for (key, value, expected) in [
        ("id", json!(true), "id is true, not a text"),
        ("appspace", json!(null), "appspace is null, not a text"),
        ("networkPort", json!(65_536), "networkPort is 65536, not a number from 0 to 65535"),
        ("networkPort", json!("80"), "networkPort is \"80\", not a number from 0 to 65535"),
        ("silent", json!(1), "silent is 1, not true or false"),
        ("stopRetrying", json!("no"), "stopRetrying is \"no\", not true, false or a number"),
        ("retry", json!(-1), "retry is -1, not a number of milliseconds from 0"),
        ("retry", json!(1e300), "retry is 1e+300, not a number of milliseconds from 0"),
        ("maxRetries", json!(true), "maxRetries is true, not a number, false or \"Infinity\""),
        (
            "maxConnections",
            json!(0),
            "maxConnections is 0, not a whole number from 1, or \"Infinity\"",
        ),
        (
            "encoding",
            json!("utf7"),
            "encoding is \"utf7\", not utf8, ascii, latin1, utf16le, ucs2, base64, base64url or hex",
        ),
        ("delimiter", json!(""), "delimiter is \"\", not a text of 1 to 64 bytes"),
        ("parser", json!("fats"), "parser is \"fats\", not fast, guarded, assured or raw"),
        (
            "allowedEvents",
            json!(["a", 5]),
            "allowedEvents is [\"a\",5], not false or a list of texts",
        ),
        (
            "logger",
            json!("log"),
            "logger is \"log\", not in a config of text: set `Config::logger` in the program",
        ),
        ("tls", json!(true), "tls is true, not false or an object"),
        ("tls", json!({"private": 5}), "tls.private is 5, not a text"),
        ("tls", json!({"ca": []}), "tls.ca is [], not false or at least one"),
        (
            "tls",
            json!({"trustedConnections": []}),
            "tls.trustedConnections is [], not false or at least one",
        ),
        ("tls", json!({"key": ["secret"]}), "tls.key is a secret, not PEM, as a text or a Buffer"),
        (
            "keepAlive",
            json!("often"),
            "keepAlive is \"often\", not false or a number of milliseconds",
        ),
        ("keepAlive", json!(true), "keepAlive is true, not false or a number of milliseconds"),
        ("heartbeat", json!(15), "heartbeat is 15, not false or an object"),
        ("heartbeat", json!({}), "heartbeat is {}, not false or an object with `every`"),
        (
            "heartbeat",
            json!({"every": 0}),
            "heartbeat.every is 0, not a number of milliseconds above 0",
        ),
        (
            "heartbeat",
            json!({"every": 1, "deadAfter": "late"}),
            "heartbeat.deadAfter is \"late\", not a number of milliseconds above 0",
        ),
        ("udpBroadcast", json!(1), "udpBroadcast is 1, not true or false"),
        ("udpLimits", json!(5), "udpLimits is 5, not false or an object"),
        (
            "udpLimits",
            json!({"peers": 0}),
            "udpLimits.peers is 0, not a whole number from 1, or \"Infinity\"",
        ),
        (
            "udpLimits",
            json!({"idle": 0}),
            "udpLimits.idle is 0, not a number of milliseconds above 0, or \"Infinity\"",
        ),
        (
            "udpLimits",
            json!({"peerBytes": -1}),
            "udpLimits.peerBytes is -1, not a whole number from 1, or \"Infinity\"",
        ),
        (
            "udpLimits",
            json!({"amplification": 0.5}),
            "udpLimits.amplification is 0.5, not false or a whole number from 1",
        ),
        ("interface", json!({"family": 5}), "interface.family is 5, not false, 4 or 6"),
        (
            "interface",
            json!({"localAddress": "lo"}),
            "interface.localAddress is \"lo\", not false or an IP address",
        ),
        (
            "interface",
            json!({"lookup": "x"}),
            "interface.lookup is \"x\", not false: there is no such setting here",
        ),
    ] {
        check_refused(&json!({ key: value }), expected);
    }
    let long = format!("id is [\"{}..., not a text", "x".repeat(58));
    check_refused(&json!({"id": ["x".repeat(1000)]}), &long);
}
