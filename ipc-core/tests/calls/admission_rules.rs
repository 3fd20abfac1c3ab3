//! What else there is to being let in by a token: places, names, kicks, lists and peers that say no hello.

use std::future::pending;
use std::time::Duration;

use ipc_core::{
    Access, Allow, Bye, CallOptions, Identity, MsgPack, PlainPeers, Refusal, ReservedEvents,
    SameIdentity, Server, ServerBuilder, ServerEvent, ServerOptions,
};
use ipc_transport::UdpTransport;

use crate::admission::{hears_no, show, showing, table, tokens, visits};
use crate::raw::RawPeer;
use crate::rig::transport;

both_runtimes!(
    a_token_that_is_shown_twice_is_as_the_rule_for_identities_says,
    a_peer_may_be_kicked_at_once_and_kept_away,
    a_plain_peer_may_be_let_in_without_an_identity,
    what_a_peer_may_do_can_depend_on_who_it_is,
    a_place_is_needed_once_the_check_has_ended_too,
    who_is_refused_by_access_is_not_asked_for_a_token,
    a_server_that_no_peer_can_show_a_token_to_does_not_listen,
    options_bring_a_check_of_tokens_and_never_remove_one,
);

async fn a_token_that_is_shown_twice_is_as_the_rule_for_identities_says() {
    for rule in [SameIdentity::Allow, SameIdentity::RefuseNew, SameIdentity::ReplaceOld] {
        let transport = transport();
        let server = table(Server::builder(MsgPack::new(), transport.clone())).same_identity(rule);
        let server = server.build();
        let notes = visits(&server);
        server.listen().await.unwrap();
        let mut first = show(&transport, "alice", "s3cret").await;
        assert_eq!(first.hear().await, "answer 1 -");
        notes.until("1 says alice").await;
        let mut second = show(&transport, "alice", "s3cret").await;
        if rule == SameIdentity::RefuseNew {
            hears_no(&mut second, "identity_in_use", true).await;
            notes.until("refused identity_in_use: another connection is \"alice\"").await;
            assert_eq!(server.identity("alice")[0].id().get(), 1);
            continue;
        }
        assert_eq!(second.hear().await, "answer 1 -");
        notes.until("2 says alice").await;
        if rule == SameIdentity::ReplaceOld {
            assert_eq!(first.hear().await, "notice $bye -");
            assert_eq!(first.hear().await, "end");
        }
        let expected = if rule == SameIdentity::Allow { 2 } else { 1 };
        assert_eq!(server.identity("alice").len(), expected, "{rule:?}");
    }
}

async fn a_peer_may_be_kicked_at_once_and_kept_away() {
    let transport = transport();
    let server = table(Server::builder(MsgPack::new(), transport.clone())).build();
    let notes = visits(&server);
    server.on_lifecycle(|event| {
        if let ServerEvent::Connect(peer) = event {
            // Who it is is known already.
            assert_eq!(&*peer.identity().unwrap().name, "alice");
            peer.kick(Bye::new("limit", "not today").refuse_for(Duration::from_secs(3600)));
        }
    });
    server.listen().await.unwrap();
    let mut peer = RawPeer::dial(&transport).await;
    peer.call(1, "$hello", showing("alice", "s3cret")).await;
    assert_eq!(peer.hear().await, "answer 1 -");
    assert_eq!(peer.hear().await, "notice $bye -");
    assert_eq!(peer.hear().await, "end");
    notes.until("disconnect 1").await;
    let mut again = RawPeer::dial(&transport).await;
    again.call(1, "$hello", showing("alice", "s3cret")).await;
    hears_no(&mut again, "refused", false).await;
    notes.until_len(4).await;
    let lines = notes.lines();
    assert_eq!(lines[..3], ["connect 1", "1 is alice by Token", "disconnect 1"]);
    assert!(lines[3].starts_with("refused refused: \"alice\" is refused for another"), "{lines:?}");
}

async fn a_plain_peer_may_be_let_in_without_an_identity() {
    let transport = transport();
    let server = table(Server::builder(MsgPack::new(), transport.clone()));
    let server = server.plain_peers(PlainPeers::Admit).build();
    let notes = visits(&server);
    server.listen().await.unwrap();
    let mut plain = RawPeer::dial(&transport).await;
    plain.event("say", "hi").await;
    notes.until("1 says hi").await;
    // It cannot become somebody later.
    plain.call(1, "$hello", showing("alice", "s3cret")).await;
    assert_eq!(plain.hear().await, "failure 1 denied");
    assert_eq!((server.peers()[0].identity(), server.identity("alice").len()), (None, 0));
    // Who says hello is held to it all the same.
    hears_no(&mut show(&transport, "alice", "wrong").await, "denied", false).await;
    let _alice = show(&transport, "alice", "s3cret").await;
    notes.until("2 says alice").await;
    assert_eq!(notes.lines()[..2], ["connect 1", "1 says hi"]);
    // One that sends more than a hello may have before there is a whole frame is plain, too.
    let mut plain = RawPeer::dial(&transport).await;
    plain.event("say", "x".repeat(100_000)).await;
    notes.until("connect 3").await;
}

async fn what_a_peer_may_do_can_depend_on_who_it_is() {
    let transport = transport();
    let server = table(Server::builder(MsgPack::new(), transport.clone()));
    let server = server.plain_peers(PlainPeers::Admit).build();
    server.allow_by(|peer| match peer.proven_identity() {
        Some(identity) if &*identity.name == "alice" => Allow::new(),
        Some(_) => Allow::new().events(["say"]).unwrap(),
        None => Allow::nothing(),
    });
    let notes = visits(&server);
    let other = notes.clone();
    server.on("stop", move |(): (), peer| other.note(format!("{} stops it", peer.id())));
    server.listen().await.unwrap();
    let mut plain = RawPeer::dial(&transport).await;
    plain.event("say", "hi").await;
    notes.until("connect 1").await;
    let mut bob = show(&transport, "bob", "hunter2").await;
    bob.event("stop", ()).await;
    notes.until("2 says bob").await;
    let mut alice = show(&transport, "alice", "s3cret").await;
    alice.event("stop", ()).await;
    notes.until("3 stops it").await;
    let lines = notes.lines();
    assert!(
        !lines.iter().any(|line| line.starts_with("1 says") || line == "2 stops it"),
        "{lines:?}"
    );
}

async fn a_place_is_needed_once_the_check_has_ended_too() {
    let transport = transport();
    let server = table(Server::builder(MsgPack::new(), transport.clone())).max_connections(1);
    let server = server.build();
    let notes = visits(&server);
    server.listen().await.unwrap();
    // Both are there before one of them is let in.
    let mut first = RawPeer::dial(&transport).await;
    let mut second = RawPeer::dial(&transport).await;
    for peer in [&mut first, &mut second] {
        peer.event("say", "waiting").await;
    }
    first.call(1, "$hello", showing("alice", "s3cret")).await;
    assert_eq!(first.hear().await, "answer 1 -");
    second.call(1, "$hello", showing("bob", "hunter2")).await;
    hears_no(&mut second, "denied", true).await;
    notes.until("refused too_many_peers: as many peers are connected as may be: 1").await;
    // It has left no trace of its name.
    assert_eq!((server.peers().len(), server.identity("bob").len()), (1, 0));
    drop(first);
    notes.until("disconnect 1").await;
    let mut third = show(&transport, "bob", "hunter2").await;
    assert_eq!(third.hear().await, "answer 1 -");
}

async fn who_is_refused_by_access_is_not_asked_for_a_token() {
    let transport = transport();
    let server = Server::builder(MsgPack::new(), transport.clone())
        .access(Access::check(|_| Err("not today".into())))
        .token(|_, _| -> std::future::Pending<Result<Identity, Refusal>> { panic!("it is asked") })
        .build();
    let notes = visits(&server);
    server.listen().await.unwrap();
    let mut peer = RawPeer::dial(&transport).await;
    assert_eq!(peer.hear().await, "end");
    notes.until("refused denied: not today").await;
}

async fn a_server_that_no_peer_can_show_a_token_to_does_not_listen() {
    let udp = UdpTransport::udp4("127.0.0.1", 0);
    let server = Server::builder(MsgPack::new(), udp).token(|_, _| pending()).build();
    let error = server.listen().await.unwrap_err();
    assert_eq!(error.code(), "tokens_unsupported");
    let words = "no peer can show its token: datagrams have no connection to say hello on";
    assert_eq!(error.to_string(), words);
    let events = CallOptions::default().reserved_events(ReservedEvents::Ordinary);
    let server = table(Server::builder(MsgPack::new(), transport())).calls(events).build();
    let error = server.listen().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "no peer can show its token: calls are switched off, or the format has none"
    );
}

async fn options_bring_a_check_of_tokens_and_never_remove_one() {
    let stays = |server| table(server).options(ServerOptions::default());
    let comes =
        |server: ServerBuilder<MsgPack>| server.options(ServerOptions::default().tokens(tokens()));
    for change in [stays as fn(_) -> _, comes] {
        let transport = transport();
        let server = change(Server::builder(MsgPack::new(), transport.clone())).build();
        let notes = visits(&server);
        server.listen().await.unwrap();
        hears_no(&mut show(&transport, "alice", "wrong").await, "denied", false).await;
        let _alice = show(&transport, "alice", "s3cret").await;
        notes.until("1 says alice").await;
    }
    // Only who says so has none.
    let transport = transport();
    let server =
        table(Server::builder(MsgPack::new(), transport.clone())).token_check(None).build();
    let notes = visits(&server);
    server.listen().await.unwrap();
    let mut plain = RawPeer::dial(&transport).await;
    plain.event("say", "hi").await;
    notes.until("1 says hi").await;
}
