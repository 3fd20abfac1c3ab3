//! A key is shown by no error, no config and no line of a log.

use std::fs;

use ipc_compat::{Config, Dialect, Ipc};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::broken_keys::{Leak, broken};
use crate::certificates::Authority;
use crate::rig::{Lines, here, text};

/// Makes a server and a client with these settings, and checks what can be seen of it.
fn check(leak: &Leak, what: &str, tls: &Value) {
    let lines = Lines::default();
    let mut config = match Config::from_json(Dialect::Classic, &json!({ "tls": tls })) {
        Ok(config) => config,
        Err(error) => return leak.check_error(what, &error),
    };
    config.network_port = 1;
    config.logger = Some(lines.logger());
    leak.check_debug(what, &config);
    let ipc = Ipc::new(config);
    leak.check_debug(what, &ipc);
    let errors = [
        ipc.serve_net(()).err(),
        ipc.connect_to_net("world").err(),
        ipc.transport_net(()).err(),
        ipc.transport_to_net("world").err(),
    ];
    for error in errors.iter().flatten() {
        leak.check_error(what, error);
    }
    for line in lines.take() {
        leak.check(what, &line);
    }
}

both_runtimes!(no_setting_with_a_broken_key_shows_it);
async fn no_setting_with_a_broken_key_shows_it() {
    let directory = TempDir::new().unwrap();
    let ca = Authority::new("ca");
    let identity = here(&ca);
    let leak = Leak::of(&identity.key);
    let trusted = String::from_utf8(text(&ca)).unwrap();
    for (what, bytes) in broken(&identity) {
        let path = directory.path().join("broken.pem");
        fs::write(&path, &bytes).unwrap();
        let given = String::from_utf8_lossy(&bytes).into_owned();
        let buffer = json!({"type": "Buffer", "data": bytes});
        let chain = &identity.chain;
        for tls in [
            json!({"key": given, "cert": chain, "ca": trusted}),
            json!({"key": buffer, "cert": chain, "ca": trusted}),
            json!({"private": path, "cert": chain, "ca": trusted}),
            json!({"key": [given], "cert": chain}),
            json!({"key": {"pem": given}, "cert": chain}),
            json!({"key": identity.key, "cert": given, "ca": trusted}),
            json!({"key": identity.key, "cert": buffer, "ca": trusted}),
            json!({"key": identity.key, "cert": {"pem": given}, "ca": trusted}),
            json!({"key": identity.key, "cert": chain, "ca": [given]}),
            json!({"key": identity.key, "cert": chain, "ca": buffer}),
            json!({"key": identity.key, "cert": chain, "trustedConnections": [path]}),
        ] {
            check(&leak, what, &tls);
        }
    }
}

both_runtimes!(a_key_in_the_wrong_setting_is_not_shown);
async fn a_key_in_the_wrong_setting_is_not_shown() {
    let identity = here(&Authority::new("ca"));
    let leak = Leak::of(&identity.key);
    let (chain, key) = (&identity.chain, &identity.key);
    let bare: String = key.lines().filter(|line| !line.starts_with('-')).collect();
    for key in [key, &key.replace('\n', "\\n"), &bare] {
        let buffer = json!({"type": "Buffer", "data": key.as_bytes()});
        for tls in [
            json!(key),
            json!([key]),
            buffer.clone(),
            json!({"private": key, "cert": chain}),
            json!({"private": buffer, "cert": chain}),
            json!({"private": [key], "cert": chain}),
            json!({"public": key, "key": key}),
            json!({"trustedConnections": key}),
            json!({"trustedConnections": [{"key": key}]}),
            json!({"dhparam": {"key": key}}),
            json!({"servername": key, "rejectUnauthorized": false}),
            json!({"servername": [key], "rejectUnauthorized": false}),
            json!({"rejectUnauthorized": key}),
            json!({"passphrase": key}),
        ] {
            check(&leak, "a setting of tls", &tls);
        }
        for settings in [
            json!(key),
            json!([key]),
            json!({"networkPort": key}),
            json!({"retry": key}),
            json!({"interface": {"family": key}}),
            json!({"allowedEvents": [key, 5]}),
            json!({"encoding": key}),
            json!({"networkPort": buffer}),
            json!({ key: "x" }),
        ] {
            let error = Config::from_json(Dialect::V14, &settings).unwrap_err();
            leak.check_error("a setting", &error);
        }
    }
    // Put into the program's own config, where no reader of JSON looks at it.
    let mut config = Config::classic();
    let mut tls = ipc_compat::Tls::default();
    tls.private = Some(key.into());
    tls.public = Some(key.into());
    tls.trusted_connections = vec![key.into()];
    config.tls = Some(tls);
    leak.check_debug("a config", &config);
    let ipc = Ipc::new(config);
    leak.check_error("a server", &ipc.serve_net(()).unwrap_err());
    leak.check_error("a client", &ipc.connect_to_net("world").unwrap_err());
}

#[test]
fn what_belongs_elsewhere_is_said_so() {
    let identity = here(&Authority::new("ca"));
    let settings = json!({"tls": {"private": identity.key}});
    let error = Config::from_json(Dialect::V14, &settings).unwrap_err().to_string();
    let expected =
        "tls.private is a secret, not a path (PEM text itself goes into `key`, `cert` or `ca`)";
    assert_eq!(error, expected);
    let error = Config::from_json(Dialect::V14, &json!({"tls": {"cert": {"a": 1}}})).unwrap_err();
    assert_eq!(error.to_string(), "tls.cert is an object, not PEM, as a text or a Buffer");
}
