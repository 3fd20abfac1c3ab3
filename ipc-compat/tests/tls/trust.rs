//! Which peers are accepted: by the server's certificate, by the client's, and without one.

use std::sync::mpsc;

use ipc_compat::{Dialect, Tls};

use crate::certificates::Authority;
use crate::rig::{Lines, config, here, refused, serve, talk, trusting, who};

// Tests W70 and W71
both_runtimes!(each_side_knows_the_other);
async fn each_side_knows_the_other() {
    let ca = Authority::new("ca");
    for dialect in [Dialect::Classic, Dialect::V14] {
        let mut of_server = config(trusting(&ca, who(&here(&ca))));
        of_server.dialect = dialect;
        let served = serve(of_server).await;
        let (shown, shows) = mpsc::channel();
        served.server.on_connect(move |socket| {
            let info = socket.info().and_then(|info| info.tls.clone()).unwrap();
            shown.send((info.verified, info.certificates.len())).unwrap();
        });
        let mut of_client = config(trusting(&ca, who(&ca.issue(&["client.example"]))));
        of_client.dialect = dialect;
        talk(served.port, of_client).await;
        assert_eq!(shows.recv(), Ok((true, 1)));
        served.server.stop().await;
    }
}

// Tests W71: in classic such a server does not ask for certificates.
both_runtimes!(whoever_trusts_certificates_wants_to_see_one);
async fn whoever_trusts_certificates_wants_to_see_one() {
    let ca = Authority::new("ca");
    let stranger = Authority::new("somebody else's");
    for dialect in [Dialect::Classic, Dialect::V14] {
        let mut of_server = config(trusting(&ca, who(&here(&ca))));
        of_server.dialect = dialect;
        let mut served = serve(of_server).await;
        let without = config(trusting(&ca, Tls::default()));
        assert_eq!(refused(served.port, without).await, "ERR_IPC_TLS_REFUSED_BY_PEER");
        let error = served.errors.recv().await;
        assert_eq!(error.as_deref(), Some("ERR_IPC_TLS_NO_CLIENT_CERTIFICATE"));
        let strange = config(trusting(&ca, who(&stranger.issue(&["client.example"]))));
        assert_eq!(refused(served.port, strange).await, "ERR_IPC_TLS_REFUSED_BY_PEER");
        let error = served.errors.recv().await;
        assert_eq!(error.as_deref(), Some("ERR_IPC_TLS_UNKNOWN_ISSUER"));
        // No other client is affected.
        talk(served.port, config(trusting(&ca, who(&ca.issue(&["client.example"]))))).await;
        served.server.stop().await;
    }
}

// Tests W71: asked is not required.
both_runtimes!(a_server_may_ask_and_take_anybody);
async fn a_server_may_ask_and_take_anybody() {
    let ca = Authority::new("ca");
    let stranger = Authority::new("somebody else's");
    let mut tls = who(&here(&ca));
    tls.request_cert = true;
    tls.reject_unauthorized = false;
    let served = serve(config(tls)).await;
    let (shown, shows) = mpsc::channel();
    served.server.on_connect(move |socket| {
        let info = socket.info().and_then(|info| info.tls.clone()).unwrap();
        shown.send((info.verified, info.certificates.len())).unwrap();
    });
    talk(served.port, config(trusting(&ca, who(&stranger.issue(&["client.example"]))))).await;
    talk(served.port, config(trusting(&ca, Tls::default()))).await;
    assert_eq!((shows.recv(), shows.recv()), (Ok((false, 1)), Ok((false, 0))));
    served.server.stop().await;
}

// Tests W70
both_runtimes!(a_client_that_checks_nothing_says_so);
async fn a_client_that_checks_nothing_says_so() {
    let stranger = Authority::new("somebody else's");
    let served = serve(config(who(&stranger.issue(&["elsewhere.example"])))).await;
    let mut tls = Tls::default();
    tls.reject_unauthorized = false;
    let lines = Lines::default();
    let mut careless = config(tls);
    careless.logger = Some(lines.logger());
    talk(served.port, careless).await;
    let said = lines.take();
    assert!(said.iter().any(|line| line.contains("no certificate is checked")), "{said:?}");
    served.server.stop().await;
}

// Tests W70
both_runtimes!(a_server_may_have_another_name);
async fn a_server_may_have_another_name() {
    let ca = Authority::new("ca");
    let served = serve(config(who(&ca.issue(&["elsewhere.example"])))).await;
    let mut tls = trusting(&ca, Tls::default());
    assert_eq!(refused(served.port, config(tls.clone())).await, "ERR_IPC_TLS_WRONG_NAME");
    tls.server_name = Some("elsewhere.example".to_owned());
    talk(served.port, config(tls)).await;
    served.server.stop().await;
}
