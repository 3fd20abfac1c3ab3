//! What calls make of their arguments, compared with recordings of node-ipc 9.2.1 and 14.0.0.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on panics")]

use std::path::{Path, PathBuf};

use ipc_compat::{
    Arg, Config, ConnectToArgs, ConnectToNetArgs, Environment, Ipc, IpcError, Platform, ServeArgs,
    ServeNetArgs, SortedArgs, UdpType,
};
use serde_json::{Value, json};

/// What a call means: place, port and type of UDP, id, and whether there is a callback.
#[derive(Debug, PartialEq)]
struct Meaning {
    id: String,
    place: String,
    port: Option<u64>,
    udp: Option<String>,
    callback: bool,
}

fn meaning_of(call: &str, args: Vec<Arg>, config: &Config) -> Result<Meaning, IpcError> {
    let made = match call {
        "serve" => SortedArgs::serve(args),
        "serveNet" => SortedArgs::serve_net(args),
        "connectTo" => SortedArgs::connect_to(args),
        "connectToNet" => SortedArgs::connect_to_net(args),
        other => panic!("no call {other}"),
    }?;
    let net = call.ends_with("Net");
    let path = made.path(config).into_os_string().into_string().unwrap();
    Ok(Meaning {
        id: made.id().to_owned(),
        place: if net { made.host(config) } else { path },
        port: net.then(|| made.port(config).into()),
        udp: made.udp().map(|udp| udp.to_string()),
        callback: made.has_callback(),
    })
}

fn arg(value: &Value) -> Arg {
    match value.get("callback") {
        Some(_) => Arg::callback(|_| ()),
        None => Arg::from(value.clone()),
    }
}

/// Returns what was recorded, or `None` if node-ipc cannot do anything with the arguments: it
/// throws, crashes, has no effect, or has to listen on or dial what is not a path, host or port.
fn recorded(outcome: &Value) -> Option<Meaning> {
    let text = |name: &str| outcome[name].as_str().map(str::to_owned);
    let port = match &outcome["port"] {
        Value::Null => None,
        // Node takes the digits of a number for one.
        Value::String(digits) => Some(digits.parse().ok()?),
        number => Some(number.as_u64()?),
    };
    if port.is_some_and(|port| !(1..=65_535).contains(&port)) {
        return None;
    }
    Some(Meaning {
        id: text("id").unwrap_or_default(),
        place: text("place")?,
        port,
        udp: text("udp"),
        callback: outcome.get("called").is_some(),
    })
}

/// Our reasons to differ; each is listed in `docs/deviations.md`.
#[derive(Debug, Default, PartialEq)]
struct Deviations {
    /// What is not a type of UDP, in its place: node-ipc ignores it.
    no_udp_type: usize,
    /// A type of UDP in capitals, not in the first place: node-ipc ignores it.
    capitals: usize,
    /// An id that is neither text nor a whole number.
    no_id: usize,
    /// An empty text for a callback: classic crashes on it, in all other places it is left out.
    empty_callback: usize,
}

// Tests W34, W40, W43, W44
#[test]
fn arguments_mean_what_they_mean_to_node_ipc() {
    let table: Value = serde_json::from_str(include_str!("../testdata/arguments.json")).unwrap();
    let mut config = Config::classic_in(&Environment::new(Platform::Unix));
    config.socket_root = table["config"]["socketRoot"].as_str().unwrap().into();
    config.id = table["config"]["id"].as_str().unwrap().into();
    config.network_host = table["config"]["networkHost"].as_str().unwrap().into();
    // How many rows are equal, are refused by both, and differ: a change of any shows.
    let expected = [("9.2.1", 338, 812, [20, 5, 20, 5]), ("14.0.0", 343, 812, [20, 5, 20, 0])];
    for (version, rows_same, rows_refused, rows_differing) in expected {
        let (mut differs, mut same, mut refused) = (Deviations::default(), 0, 0);
        for row in table["rows"].as_array().unwrap() {
            let args = row["args"].as_array().unwrap();
            let call = row["call"].as_str().unwrap();
            let ours = meaning_of(call, args.iter().map(arg).collect(), &config);
            match (recorded(&row[version]), ours) {
                (None, Err(_)) => refused += 1,
                (Some(theirs), Ok(ours)) if theirs == ours => same += 1,
                (_, Err(IpcError::Argument { expected: "`udp4` or `udp6`", .. })) => {
                    differs.no_udp_type += 1;
                }
                (Some(theirs), Ok(ours)) if theirs.udp.is_none() && ours.udp.is_some() => {
                    assert_eq!(theirs, Meaning { udp: None, ..ours }, "{row}");
                    differs.capitals += 1;
                }
                (_, Err(IpcError::Argument { expected: "an id", .. })) => differs.no_id += 1,
                (None, Ok(_)) if row[version]["throws"] == "ReferenceError" => {
                    differs.empty_callback += 1;
                }
                (theirs, ours) => panic!("{row}: {theirs:?}, but we: {ours:?}"),
            }
        }
        let [no_udp_type, capitals, no_id, empty_callback] = rows_differing;
        let differing = Deviations { no_udp_type, capitals, no_id, empty_callback };
        assert_eq!((same, refused, differs), (rows_same, rows_refused, differing), "{version}");
    }
}

/// Checks what a form that the compiler takes means.
#[track_caller]
fn check(call: &str, args: Vec<Arg>, place: &str, port: Option<u64>, udp: &str, callback: bool) {
    let mut config = Config::classic_in(&Environment::new(Platform::Unix));
    config.id = "me".to_owned();
    let meaning = meaning_of(call, args, &config).unwrap();
    let id = if call.starts_with("connect") { "world".to_owned() } else { String::new() };
    let udp = Some(udp.to_owned()).filter(|udp| !udp.is_empty());
    assert_eq!(meaning, Meaning { id, place: place.to_owned(), port, udp, callback });
}

// Tests W34
#[test]
fn local_calls_take_every_form() {
    let serve = |args: Vec<Arg>, place: &str, callback| {
        check("serve", args, place, None, "", callback);
    };
    let connect = |args: Vec<Arg>, place: &str, callback| {
        check("connectTo", args, place, None, "", callback);
    };
    let then = |_: &Ipc| ();
    serve(ServeArgs::into_args(()), "/tmp/app.me", false);
    serve(ServeArgs::into_args(then), "/tmp/app.me", true);
    serve(ServeArgs::into_args("/p"), "/p", false);
    serve(ServeArgs::into_args(("", then)), "/tmp/app.me", true);
    serve(ServeArgs::into_args((Path::new("/p"), then)), "/p", true);
    serve(ServeArgs::into_args(PathBuf::from("/p")), "/p", false);
    connect(ConnectToArgs::into_args("world"), "/tmp/app.world", false);
    connect(ConnectToArgs::into_args(("world", then)), "/tmp/app.world", true);
    connect(ConnectToArgs::into_args(("world", "/p")), "/p", false);
    connect(ConnectToArgs::into_args(("world".to_owned(), Path::new("/p"), then)), "/p", true);
}

// Tests W40, W43, W44
#[test]
fn network_calls_take_every_form() {
    let serve = |args: Vec<Arg>, host: &str, port, udp: &str, callback| {
        check("serveNet", args, host, Some(port), udp, callback);
    };
    let connect = |args: Vec<Arg>, host: &str, port, callback| {
        check("connectToNet", args, host, Some(port), "", callback);
    };
    let (nh, then) = ("127.0.0.1", |_: &Ipc| ());
    let (udp4, udp6) = (UdpType::Udp4, UdpType::Udp6);
    serve(ServeNetArgs::into_args(()), nh, 8000, "", false);
    serve(ServeNetArgs::into_args(then), nh, 8000, "", true);
    serve(ServeNetArgs::into_args("udp4"), nh, 8000, "udp4", false);
    serve(ServeNetArgs::into_args(udp4), nh, 8000, "udp4", false);
    serve(ServeNetArgs::into_args(("udp4", then)), nh, 8000, "udp4", true);
    serve(ServeNetArgs::into_args((udp6, then)), nh, 8000, "udp6", true);
    serve(ServeNetArgs::into_args("UDP4"), nh, 8000, "udp4", false);
    serve(ServeNetArgs::into_args(3435), nh, 3435, "", false);
    serve(ServeNetArgs::into_args((3435_u16, then)), nh, 3435, "", true);
    serve(ServeNetArgs::into_args((3435, "udp4")), nh, 3435, "udp4", false);
    serve(ServeNetArgs::into_args((3435, udp4, then)), nh, 3435, "udp4", true);
    serve(ServeNetArgs::into_args("h.com"), "h.com", 8000, "", false);
    serve(ServeNetArgs::into_args(("h.com".to_owned(), then)), "h.com", 8000, "", true);
    serve(ServeNetArgs::into_args(("h.com", 3435)), "h.com", 3435, "", false);
    serve(ServeNetArgs::into_args(("h.com", 3435, then)), "h.com", 3435, "", true);
    serve(ServeNetArgs::into_args(("h.com", udp4)), "h.com", 8000, "udp4", false);
    serve(ServeNetArgs::into_args(("h.com", "udp4", then)), "h.com", 8000, "udp4", true);
    serve(ServeNetArgs::into_args(("h.com", 3435, "udp4")), "h.com", 3435, "udp4", false);
    serve(ServeNetArgs::into_args(("h.com", 3435, udp4, then)), "h.com", 3435, "udp4", true);
    serve(ServeNetArgs::into_args(("::1", udp4)), nh, 8000, "udp4", false);
    serve(ServeNetArgs::into_args(("::1", udp6)), "::1", 8000, "udp6", false);
    serve(ServeNetArgs::into_args(0), nh, 8000, "", false);
    serve(ServeNetArgs::into_args(("h.com", 0)), "h.com", 8000, "", false);
    connect(ConnectToNetArgs::into_args("world"), nh, 8000, false);
    connect(ConnectToNetArgs::into_args(("world", then)), nh, 8000, true);
    connect(ConnectToNetArgs::into_args(("world", 3435)), nh, 3435, false);
    connect(ConnectToNetArgs::into_args(("world", 3435, then)), nh, 3435, true);
    connect(ConnectToNetArgs::into_args(("world", "h.com")), "h.com", 8000, false);
    connect(ConnectToNetArgs::into_args(("world", "h.com", then)), "h.com", 8000, true);
    connect(ConnectToNetArgs::into_args(("world", "h.com", 3435)), "h.com", 3435, false);
    connect(ConnectToNetArgs::into_args(("world", "h.com", 3435, then)), "h.com", 3435, true);
}

#[test]
fn what_cannot_stand_there_is_refused_with_its_value() {
    let refused = |args: &[Value]| {
        let args = args.iter().map(arg).collect();
        SortedArgs::serve_net(args).map(drop).map_err(|error| error.to_string())
    };
    let because = |text: &str| Err(text.to_owned());
    assert_eq!(refused(&[json!("h"), json!("80")]), because("\"80\" is not `udp4` or `udp6`"));
    assert_eq!(refused(&[json!("udp4"), json!(80)]), because("80 is not a callback"));
    assert_eq!(refused(&[json!({"port": 80})]), because("{\"port\":80} is not a host"));
    assert_eq!(refused(&[json!(80.5)]), because("80.5 is not a port"));
    assert_eq!(refused(&[json!(70_000)]), because("port 70000 is not between 1 and 65535"));
    assert_eq!(refused(&[json!(-1)]), because("port -1 is not between 1 and 65535"));
    let callback = json!({"callback": 0});
    assert_eq!(refused(&[callback.clone(), callback]), Ok(()));
}
