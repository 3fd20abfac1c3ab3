//! The settings: defaults, their effect, and what is refused.

use std::time::Duration;

use ipc_codec::{Delimiter, Limits};
use ipc_compat::{
    Config, ConfigError, Dialect, Encoding, Environment, EventRules, Logger, Platform, Profile, Tls,
};
use ipc_core::{MessageFormat, Rate};

fn classic() -> Config {
    let mut environment = Environment::new(Platform::Unix);
    environment.host_name = "world".to_owned();
    Config::classic_in(&environment)
}

fn v14() -> Config {
    let mut environment = Environment::new(Platform::Unix);
    environment.host_name = "world".to_owned();
    environment.user_id = Some(1000);
    Config::v14_in(&environment)
}

/// Every field, so that a new one must be added here and in the table of the type's documentation.
const CLASSIC: &str = r#"Config {
    dialect: Classic,
    appspace: "app.",
    socket_root: "/tmp/",
    resolve: Own,
    id: "world",
    network_host: "127.0.0.1",
    network_port: 8000,
    encoding: Utf8,
    raw_buffer: false,
    delimiter: Delimiter(b"\x0c"),
    sync: false,
    max_connections: 100,
    retry: 500ms,
    max_retries: Forever,
    stop_retrying: false,
    retry_permanent: false,
    unlink: true,
    readable_all: false,
    writable_all: false,
    secure_socket_root: false,
    peer_user: None,
    file_watch: Some(
        2s,
    ),
    when_displaced: ServeOn,
    tls: None,
    interface: Interface {
        local_address: None,
        local_port: None,
        family: None,
    },
    keepalive: Some(
        60s,
    ),
    user_timeout: None,
    heartbeat: None,
    udp_limits: UdpLimits {
        peers: 1024,
        idle: 300s,
        peer_bytes: 1048576,
        total_bytes: 16777216,
        amplification: None,
    },
    udp_broadcast: false,
    layout: None,
    calls: CallOptions {
        deadline: 30s,
        max_open: 1024,
        max_running: 256,
        max_time: 300s,
        window: WindowLimits {
            max_bytes: 8388608,
            max_items: 65536,
            first_credit: 8,
            max_credit: 64,
        },
        fail_when_disconnected: false,
        reserved_events: Calls,
        show_info: SameUser,
    },
    access: [
        Any,
    ],
    rate: None,
    hello: None,
    when_dismissed: End,
    same_identity: Allow,
    token: None,
    token_file: None,
    waiting_limits: WaitingLimits {
        time: 5s,
        peers: 64,
        bytes: 65536,
    },
    plain_peers: Refuse,
    allow: Allow {
        events: None,
        calls: None,
        topics: None,
    },
    on_denied: Report,
    parser: Fast,
    identify_peer: false,
    max_message_size: None,
    max_pending_bytes: 8388608,
    high_water_mark: Some(
        1048576,
    ),
    max_event_name_length: None,
    message_timeout: Some(
        30s,
    ),
    linger: 1s,
    spin: None,
    allow_reserved_events: false,
    allowed_events: {},
    silent: false,
    log_payloads: false,
    logger: None,
    log_in_color: true,
    log_depth: 5,
}"#;

// Tests W2, W41
#[test]
fn classic_defaults() {
    assert_eq!(format!("{:#?}", classic()), CLASSIC);
}

#[test]
fn v14_defaults() {
    let expected = CLASSIC
        .replace("dialect: Classic", "dialect: V14")
        .replace("\"/tmp/\"", "\"/tmp/node-ipc-1000/\"")
        .replace("secure_socket_root: false", "secure_socket_root: true");
    assert_eq!(format!("{:#?}", v14()), expected);
}

#[test]
fn every_default_is_documented() {
    let source = include_str!("../src/config/mod.rs");
    let table = || source.lines().filter(|line| line.starts_with("/// | `"));
    let fields = CLASSIC.lines().filter_map(|line| line.strip_prefix("    "));
    for field in fields.filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase())) {
        let name = field.split(':').next().unwrap();
        let row = table().any(|row| row.contains(&format!("`{name}`")));
        assert!(row || name == "dialect", "{name} is not in the table");
    }
}

// Tests W17
#[test]
fn profiles_have_their_own_limits() {
    let max_frame = |parser| {
        let mut config = v14();
        config.parser = parser;
        (config.limits().max_frame(), config.event_rules())
    };
    assert_eq!(max_frame(Profile::Fast), (16 << 20, EventRules::open()));
    assert_eq!(max_frame(Profile::Guarded), (1 << 20, EventRules::guarded()));
    assert_eq!(max_frame(Profile::Assured), (1 << 20, EventRules::assured([""; 0])));
    assert_eq!(classic().limits().oversize(), Limits::default().oversize());
}

#[test]
fn limits_can_be_set_in_every_profile() {
    let mut config = classic();
    config.max_message_size = Some(5);
    config.max_event_name_length = Some(6);
    assert_eq!(config.limits().max_frame(), 5);
    assert_eq!(config.event_rules(), EventRules::open().with_max_length(6));
    config.parser = Profile::Guarded;
    config.allow_reserved_events = true;
    let expected = EventRules::guarded().with_max_length(6).with_reserved_names();
    assert_eq!(config.event_rules(), expected);
    config.parser = Profile::Assured;
    config.allowed_events = ["m".to_owned()].into();
    assert_eq!(config.event_rules(), EventRules::assured(["m"]).with_max_length(6));
}

#[test]
fn the_format_is_that_of_the_dialect() {
    assert_eq!(classic().format().unwrap().dialect(), Dialect::Classic);
    let mut config = v14();
    config.delimiter = Delimiter::new("\r\n").unwrap();
    let format = config.format().unwrap();
    assert_eq!((format.dialect(), format.delimiter()), (Dialect::V14, &config.delimiter));
}

// Tests W4
#[test]
fn frames_are_utf_8_whatever_the_encoding() {
    let frame = r#"{"type":"é","data":"日本"}"#;
    for encoding in [Encoding::Hex, Encoding::Latin1, Encoding::Utf16Le] {
        let mut config = classic();
        config.encoding = encoding;
        let message = config.format().unwrap().decode(frame.into()).unwrap();
        assert_eq!((message.event(), message.payload()), ("é", Some("\"日本\"".as_bytes())));
    }
}

#[track_caller]
fn check_refused(change: impl FnOnce(&mut Config), expected: &str) {
    let mut config = classic();
    assert_eq!(config.validate(), Ok(()));
    change(&mut config);
    let error = config.validate().map_err(|error: ConfigError| error.to_string());
    assert_eq!(error, Err(expected.to_owned()));
}

#[test]
fn what_cannot_be_is_refused() {
    check_refused(|config| config.max_connections = 0, "max_connections is zero");
    let rate = Rate::messages(1).burst(1).bytes(1);
    for rate in [Rate::messages(0), rate.burst(0), rate.bytes(0)] {
        check_refused(|config| config.rate = Some(rate), "rate is zero");
    }
    check_refused(|config| config.max_message_size = Some(0), "max_message_size is zero");
    check_refused(|config| config.max_pending_bytes = 0, "max_pending_bytes is zero");
    check_refused(|config| config.high_water_mark = Some(0), "high_water_mark is zero");
    check_refused(|config| config.max_event_name_length = Some(0), "max_event_name_length is zero");
    check_refused(
        |config| config.message_timeout = Some(Duration::ZERO),
        "message_timeout is zero",
    );
    check_refused(|config| config.id.push('\0'), "id contains a NUL character");
    check_refused(|config| config.appspace.push('\0'), "appspace contains a NUL character");
    check_refused(
        |config| config.socket_root = "\0".into(),
        "socket_root contains a NUL character",
    );
    check_refused(|config| config.network_host.clear(), "network_host is empty");
    check_refused(|config| config.parser = Profile::Assured, "allowed_events is empty");
    check_refused(
        |config| config.delimiter = Delimiter::new(",").unwrap(),
        "delimiter \",\" can be a part of the JSON it should end",
    );
}

#[test]
fn names_of_encodings_are_those_of_node() {
    for (name, encoding) in [
        ("utf8", Encoding::Utf8),
        ("UTF-8", Encoding::Utf8),
        ("ascii", Encoding::Ascii),
        ("latin1", Encoding::Latin1),
        ("binary", Encoding::Latin1),
        ("ucs2", Encoding::Utf16Le),
        ("utf-16le", Encoding::Utf16Le),
        ("base64", Encoding::Base64),
        ("base64url", Encoding::Base64Url),
        ("HEX", Encoding::Hex),
    ] {
        assert_eq!(name.parse(), Ok(encoding));
        assert_eq!(encoding.to_string().parse(), Ok(encoding));
    }
    let error = "utf7".parse::<Encoding>().unwrap_err();
    assert_eq!(
        error.to_string(),
        "\"utf7\" is no encoding; there are utf8, ascii, latin1 (binary), utf16le (ucs2), base64, \
         base64url, hex"
    );
}

#[test]
fn names_of_profiles_are_those_of_node() {
    for profile in [Profile::Fast, Profile::Guarded, Profile::Assured] {
        assert_eq!(profile.to_string().parse(), Ok(profile));
    }
    assert_eq!(
        "raw".parse::<Profile>().unwrap_err().to_string(),
        "\"raw\" is no profile; there are fast, guarded, assured"
    );
}

#[test]
fn keys_are_never_shown() {
    let mut config = classic();
    let mut tls = Tls::default();
    tls.key = Some(b"secret".into());
    tls.cert = Some(b"public".to_vec());
    config.tls = Some(tls);
    let shown = format!("{config:?}");
    assert!(shown.contains("key: Some(\"...\")"), "{shown}");
    assert!(!shown.contains("secret") && !shown.contains("115, 101"), "{shown}");
}

#[test]
fn a_logger_gets_the_lines() {
    let (lines, received) = std::sync::mpsc::channel();
    let logger = Logger::new(move |line| lines.send(line.to_owned()).unwrap());
    logger.clone().log("one");
    logger.log("two");
    drop(logger);
    assert_eq!(received.iter().collect::<Vec<_>>(), ["one", "two"]);
}
