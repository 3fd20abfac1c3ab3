//! The settings about files: sockets', and that of tokens.

use std::time::Duration;

use ipc_transport::WhenDisplaced;
use serde_json::json;

use crate::{check, check_refused};

#[test]
fn settings_of_socket_files_are_read() {
    check("whenDisplaced", [json!("serve-on")], |_| ());
    check("whenDisplaced", [json!("remake")], |config| {
        config.when_displaced = WhenDisplaced::Remake;
    });
    check("whenDisplaced", [json!("stop")], |config| config.when_displaced = WhenDisplaced::Stop);
    check("fileWatch", [json!(0), json!(null), json!("Infinity")], |config| {
        config.file_watch = None;
    });
    check("fileWatch", [json!(50)], |config| config.file_watch = Some(Duration::from_millis(50)));
    check("peerUser", [json!(false), json!(null)], |_| ());
    check("peerUser", [json!(1000)], |config| config.peer_user = Some(1000));
    if cfg!(unix) {
        check("peerUser", [json!("root"), json!(0)], |config| config.peer_user = Some(0));
    }
    for (key, value) in [("peerUser", json!("no such user")), ("peerUser", json!(-1))] {
        let expected = format!("{key} is {value}, not false, or the number or name of a user");
        check_refused(&json!({ key: value }), &format!("{expected} of this machine"));
    }
    check("tokenFile", [json!(false), json!(null)], |_| ());
    check("tokenFile", [json!("/etc/app/tokens")], |config| {
        config.token_file = Some("/etc/app/tokens".into());
    });
    for value in [json!(""), json!(true), json!({"alice": 7})] {
        let expected = format!("tokenFile is {value}, not false or a path");
        check_refused(&json!({ "tokenFile": value }), &expected);
    }
    let dance = "whenDisplaced is \"dance\", not serve-on, remake or stop";
    check_refused(&json!({"whenDisplaced": "dance"}), dance);
}
