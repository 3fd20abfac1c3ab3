//! Whom a server lets in by what sockets show, and what rates do over each kind of them.

use std::time::Duration;

use ipc_core::session::ReconnectPolicy;
use ipc_core::{Access, Client, Identity, OverRate, Rate, Refusal};
use ipc_transport::{Endpoint, TlsClient, TlsInfo, TlsTransport};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::datagrams::rig::{Rig as Datagrams, Somebody, udp};
use crate::rig::{KINDS, Kind, Rig, eventually};
use crate::support::{Lines, Log, Raw, soon};

/// Takes the certificate for this name.
fn named(name: &'static str) -> Access {
    Access::certificates(move |tls: &TlsInfo| {
        let own = tls.certificates.first().map(Vec::as_slice).unwrap_or_default();
        let found = own.windows(name.len()).any(|part| part == name.as_bytes());
        if found { Ok(()) } else { Err(Refusal::new(format!("not {name}"))) }
    })
}

both_runtimes!(certificates_say_who_may_come_in);
async fn certificates_say_who_may_come_in() {
    let rig = Rig::new(Kind::Tls, |builder| builder.access(named("client.example"))).await;
    let known = rig.client();
    let log = Log::of_client(&known);
    known.emit("say", "hello").unwrap();
    log.until("echo hello").await;
    // Its name is as good as its certificate; the system does not say which user it is.
    let info = rig.server.peers()[0].info().unwrap();
    assert!(Identity::by_certificate("client.example", &info).unwrap().is_proven());
    assert_eq!(Identity::by_user("root", &info), None);

    // The same CA vouches for it: the handshake succeeds, and then it is closed.
    let Endpoint::Tls { port, .. } = rig.server.endpoint().unwrap() else { panic!("not TLS") };
    let other = rig.trust().ca.issue(&["other.example"]);
    let tls = TlsClient::builder().trust(rig.trust().ca.pem()).identity(other.chain(), other.key());
    let transport = TlsTransport::new("127.0.0.1", port).with_client(tls.build().unwrap());
    let stranger = Client::builder(Lines, transport).reconnect(ReconnectPolicy::never()).build();
    let strange = Log::of_client(&stranger);
    stranger.emit("say", "secret").unwrap();
    stranger.start().unwrap();
    strange.until("destroy").await;
    rig.log.until("refused denied").await;
    assert_eq!(rig.server.peers().len(), 1);
    assert!(!rig.log.lines().iter().any(|line| line.contains("secret")));
}

both_runtimes!(where_there_are_no_certificates_or_users_everybody_is_refused);
async fn where_there_are_no_certificates_or_users_everybody_is_refused() {
    for (kind, access) in [
        (Kind::Tcp, named("client.example")),
        (Kind::Unix, named("client.example")),
        (Kind::Tcp, Access::same_user()),
        (Kind::Tls, Access::users([0])),
        (Kind::Tcp, Access::groups([0])),
    ] {
        let rig = Rig::new(kind, |builder| builder.access(access.clone())).await;
        // With TLS the end may come within the handshake.
        if let Ok(mut peer) = soon(rig.transport().dial()).await {
            let _ = peer.write_all(b"say hello\n").await;
            // A reset is an end, too.
            let _ = soon(peer.read_to_end(&mut Vec::new())).await;
        }
        rig.log.until("refused denied").await;
        assert_eq!(rig.log.lines(), ["refused denied"], "{kind:?} {access:?}");
    }
}

both_runtimes!(the_same_user_is_let_in);
async fn the_same_user_is_let_in() {
    let rig = Rig::new(Kind::Unix, |builder| builder.access(Access::same_user())).await;
    let mut peer = Raw::dial(&rig.transport()).await;
    peer.write("say hello\n").await;
    assert_eq!(peer.line().await, "echo hello");
}

both_runtimes!(a_throttled_peer_loses_nothing_over_any_socket);
async fn a_throttled_peer_loses_nothing_over_any_socket() {
    for kind in KINDS {
        let rate = Rate::messages(5_000).burst(50).bytes(1 << 20);
        let rig = Rig::new(kind, |builder| builder.rate(Some(rate))).await;
        let client = rig.client();
        let log = Log::of_client(&client);
        for n in 0..1_000 {
            client.send("say", n.to_string().as_str()).await.unwrap();
        }
        log.until("echo 999").await;
        let heard = log.lines().into_iter().filter(|line| line.starts_with("echo"));
        assert!(heard.eq((0..1_000).map(|n| format!("echo {n}"))), "{kind:?}");
        let limited = rig.server.peers()[0].limited();
        assert!(limited.throttled > 0 && limited.dropped == 0, "{kind:?} {limited:?}");
        soon(client.close()).await;
    }
}

both_runtimes!(datagrams_over_the_rate_are_dropped_whatever_the_rate_says);
async fn datagrams_over_the_rate_are_dropped_whatever_the_rate_says() {
    for over in [OverRate::Throttle, OverRate::Drop, OverRate::Close] {
        let rate = Rate::messages(1).burst(5).over(over);
        let rig = Datagrams::with(udp(), |builder| builder.rate(Some(rate))).await;
        let (flooder, other) = (Somebody::new(), Somebody::new());
        flooder.send("hello 0\n", rig.address);
        rig.log.until("1 hello 0").await;
        for n in 1..100 {
            flooder.send(format!("hello {n}\n"), rig.address);
        }
        other.send("say hello\n", rig.address);
        assert_eq!(other.hear().await.0, "echo hello\n");
        let peer = rig.server.peers().into_iter().next().unwrap();
        // The system may drop some itself.
        eventually(|| peer.limited().dropped > 50).await;
        let handled = rig.log.lines().iter().filter(|line| line.starts_with("1 hello")).count();
        assert!((5..50).contains(&handled), "{handled} {:?}", peer.limited());
        assert_eq!(peer.limited().throttled, 0);
        // It has lost nothing but those: it is known by its address.
        assert_eq!(rig.server.peers().len(), 2);
        rig.log.until("1 error rate_exceeded").await;
    }
}

both_runtimes!(a_sender_of_datagrams_is_let_in_by_its_address);
async fn a_sender_of_datagrams_is_let_in_by_its_address() {
    let known = Somebody::new();
    let address = known.address();
    let access = Access::check(move |info| match info.remote {
        Some(remote) if remote == address => Ok(()),
        _ => Err(Refusal::new("another address")),
    });
    let rig = Datagrams::with(udp(), |builder| builder.access(access)).await;
    Somebody::new().send("say stranger\n", rig.address);
    rig.log.until("refused denied").await;
    known.send("say hello\n", rig.address);
    assert_eq!(known.hear().await.0, "echo hello\n");
    assert!(!rig.log.lines().iter().any(|line| line.contains("stranger")));
    soon(rig.server.shutdown(Duration::from_secs(5))).await;
}
