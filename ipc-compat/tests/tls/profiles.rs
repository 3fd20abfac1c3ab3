//! The profile `assured` on a network.

use ipc_compat::{Config, Dialect, Profile, Tls};

use crate::certificates::Authority;
use crate::rig::{config, here, refused, serve, talk, trusting, who};

fn assured(tls: Tls, dialect: Dialect) -> Config {
    let mut config = config(tls);
    config.dialect = dialect;
    config.parser = Profile::Assured;
    config.allowed_events = ["ask".to_owned(), "answer".to_owned()].into();
    config
}

// Tests W38
both_runtimes!(a_conversation_of_two_who_know_each_other_passes);
async fn a_conversation_of_two_who_know_each_other_passes() {
    let ca = Authority::new("ca");
    for dialect in [Dialect::Classic, Dialect::V14] {
        let mut served = serve(assured(trusting(&ca, who(&here(&ca))), dialect)).await;
        let identity = ca.issue(&["client.example"]);
        talk(served.port, assured(trusting(&ca, who(&identity)), dialect)).await;
        // A client of another profile has to authenticate, too.
        let nobody = config(trusting(&ca, Tls::default()));
        assert_eq!(refused(served.port, nobody).await, "ERR_IPC_TLS_REFUSED_BY_PEER");
        let error = served.errors.recv().await;
        assert_eq!(error.as_deref(), Some("ERR_IPC_TLS_NO_CLIENT_CERTIFICATE"));
        served.server.stop().await;
    }
}
