//! The library's own methods, which a blocking side answers while it waits.

use std::thread;

use ipc_core::protocol::builtin::{About, Value};
use ipc_core::{CallError, CallOptions};

use super::rig::{Place, Sockets, async_client, both_sockets, heard};

both_sockets!(a_server_says_what_it_is_where_its_asker_is_known);

const INFO: &[u8] = b"\x92\xa5$call\x82\xa1n\x01\xa4call\xa5$info";
const NONE: &[u8] = b"\x92\xa5$call\x82\xa1n\x02\xa4call\xa5$none";
const NOTICE: &[u8] = b"\x92\xa5$call\x81\xa4call\xa5$none";
const EVENT: &[u8] = b"\x92\xa5event\x05";

#[test]
fn builtin_methods_are_not_the_programs() {
    let place = Place::new();
    let (mut connection, mut bare) = place.bare_client(CallOptions::default());
    bare.send(&[INFO, NONE, NOTICE, EVENT]);
    assert_eq!(heard(&mut connection), "event [5]");
    assert!(connection.flush());
    assert!(bare.heard().starts_with("answer 1 ["));
    assert_eq!(bare.heard(), "failure 2 unknown_method");
}

fn a_server_says_what_it_is_where_its_asker_is_known(sockets: &Sockets) {
    let mut server = sockets.accept();
    let (runtime, client) = async_client(&server.endpoint());
    let serving = thread::spawn(move || {
        let mut connection = server.accept().unwrap();
        // No call of the program's comes.
        (0..2).map(|_| heard(&mut connection)).collect::<Vec<_>>()
    });
    let about = runtime.block_on(async {
        let about = client.about().await;
        client.emit("event", &5).unwrap();
        client.close().await;
        about
    });
    assert_eq!(serving.join().unwrap(), ["event [5]", "disconnect"]);
    match sockets {
        Sockets::Unix(_) => {
            let about = about.unwrap();
            assert_eq!(about.pid, Some(std::process::id().into()));
            assert_eq!((about.methods, about.features), (None, vec!["identities".into()]));
        }
        Sockets::Tcp => {
            let error = about.unwrap_err();
            assert!(matches!(error, CallError::Denied(_)), "{error:?}");
        }
    }
}

#[test]
fn a_client_reads_what_its_server_is() {
    let sockets = Sockets::unix();
    let server = sockets.serve();
    server.server.on_call("sum", |n: u64, _| async move { Ok::<_, ipc_core::Failure>(n) });
    let mut client = server.client();
    let value: Value = client.call("$info", &()).unwrap();
    let methods = About::from_value(&value).unwrap().methods.unwrap();
    assert_eq!((methods.len(), &*methods[0].name), (1, "sum"));
}
