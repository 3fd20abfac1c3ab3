//! Servers that let in by a token: a client shows one to a server of either driver, and a blocking server checks it
//! before anything else of a peer is handled.

use std::sync::mpsc::{Receiver, channel};
use std::thread;

use ipc_core::blocking::{Connection, Server, ServerBuilder};
use ipc_core::protocol::builtin::Value;
use ipc_core::session::ReconnectPolicy;
use ipc_core::{
    CallOptions, Error, Hello, Identity, MsgPack, PlainPeers, Proof, Refusal, ReservedEvents,
    SameIdentity, ServerOptions, TokenCheck, Tokens, WaitingLimits,
};

use super::rig::{DEADLINE, MOMENT, Sockets, both_sockets, heard};
use super::wire::Wire;

both_sockets!(
    a_client_shows_its_token_to_an_async_server,
    a_client_shows_its_token_to_a_blocking_server,
    nothing_of_a_peer_is_handled_before_it_is_let_in,
    who_is_refused_is_told_that_and_not_why,
    silent_peers_keep_no_other_out,
    a_peer_that_says_no_hello_is_refused_in_time_or_let_in,
    a_check_may_panic_take_too_long_and_want_no_answer,
    a_name_that_another_has_is_refused,
    a_server_that_no_peer_can_show_a_token_to_does_not_listen,
    options_bring_a_check_of_tokens_and_never_remove_one,
);

fn tokens() -> Tokens {
    Tokens::new([("alice", "s3cret"), ("bob", "hunter2")]).unwrap()
}

fn hello(token: &str) -> Value {
    Value::map([("v", 1.into()), ("token", token.into())])
}

/// A blocking server that accepts in a thread of its own, and what it has refused.
struct Accepting {
    connections: Receiver<Connection<MsgPack>>,
    refused: Receiver<String>,
    endpoint: ipc_transport::Endpoint,
}

impl Accepting {
    fn new(
        sockets: &Sockets,
        change: impl FnOnce(ServerBuilder<MsgPack>) -> ServerBuilder<MsgPack>,
    ) -> Self {
        let (refuse, refused) = channel();
        let mut server: Server<MsgPack> = sockets.accept_with(|server| {
            change(server.tokens(tokens())).on_refused(move |_, why| {
                let _ = refuse.send(why.to_string());
            })
        });
        let endpoint = server.endpoint();
        let (accepted, connections) = channel();
        // It ends with the test's process: nothing else ends a thread that accepts.
        thread::spawn(move || {
            while let Ok(connection) = server.accept() {
                if accepted.send(connection).is_err() {
                    return;
                }
            }
        });
        Self { connections, refused, endpoint }
    }

    fn dial(&self) -> Wire {
        Wire::dial(&self.endpoint)
    }

    #[track_caller]
    fn connection(&self) -> Connection<MsgPack> {
        self.connections.recv_timeout(DEADLINE).unwrap()
    }

    #[track_caller]
    fn why(&self) -> String {
        self.refused.recv_timeout(DEADLINE).unwrap()
    }
}

fn a_client_shows_its_token_to_an_async_server(sockets: &Sockets) {
    let server = sockets.serve_with(|server| server.tokens(tokens()));
    server.server.on("who", |(): (), peer| {
        let name = peer.proven_identity().map(|identity| identity.name.to_string());
        peer.emit("you", &name).unwrap();
    });
    let shows = |token: &str| {
        let hello = Hello::unnamed().token(token);
        server.client_with(|client| client.hello(Some(hello)))
    };
    let mut alice = shows("s3cret");
    assert_eq!(heard(&mut alice), "greeted");
    alice.emit("who", &()).unwrap();
    assert_eq!(heard(&mut alice), "you [165, 97, 108, 105, 99, 101]");
    let mut eve = shows("a guess");
    let ends = ["error hello_refused", "dismissed denied", "disconnect", "destroy"];
    assert_eq!(ends.map(|_| heard(&mut eve)), ends);
}

fn a_client_shows_its_token_to_a_blocking_server(sockets: &Sockets) {
    let server = Accepting::new(sockets, |server| server);
    let shows = |token: &str| {
        let transport = server.endpoint.transport().unwrap();
        let client = ipc_core::blocking::Client::builder(MsgPack::new(), transport).unwrap();
        let hello = Hello::new("alice").token(token);
        let mut client = client.reconnect(ReconnectPolicy::never()).hello(Some(hello)).build();
        client.connected().unwrap();
        assert_eq!(heard(&mut client), "connect");
        client
    };
    let mut alice = shows("s3cret");
    assert_eq!(heard(&mut alice), "greeted");
    let mut connection = server.connection();
    let identity = connection.identity().unwrap();
    assert_eq!((&*identity.name, &identity.proof), ("alice", &Proof::Token));
    alice.emit("hi", &1).unwrap();
    assert!(alice.flush());
    assert_eq!(heard(&mut connection), "hi [1]");
    connection.emit("back", &2).unwrap();
    assert!(connection.flush());
    assert_eq!(heard(&mut alice), "back [2]");
    let mut eve = shows("a guess");
    let ends = ["error hello_refused", "dismissed denied", "disconnect", "destroy"];
    assert_eq!(ends.map(|_| heard(&mut eve)), ends);
    assert_eq!(server.why(), "the token is not in the table");
}

fn nothing_of_a_peer_is_handled_before_it_is_let_in(sockets: &Sockets) {
    let server = Accepting::new(sockets, |server| server);
    let mut peer = server.dial();
    peer.event("before", 1);
    peer.call(Some(1), "$ping", &Value::Null);
    assert!(peer.is_silent());
    assert!(server.connections.try_recv().is_err());
    // One that cannot be read may be said again.
    peer.call(Some(2), "$hello", &Value::Null);
    assert_eq!(peer.hear(), "failure 2 invalid_args");
    peer.call(Some(3), "$hello", &hello("hunter2"));
    peer.event("after", 2);
    let mut connection = server.connection();
    assert_eq!(&*connection.identity().unwrap().name, "bob");
    assert_eq!(heard(&mut connection), "before [1]");
    assert_eq!(heard(&mut connection), "after [2]");
    // Who it is was decided before.
    peer.call(Some(4), "$hello", &hello("s3cret"));
    assert_eq!(connection.next_timeout(MOMENT).unwrap_err().code(), "receive_timeout");
    let heard = ["answer 3", "answer 1", "failure 4 repeated_hello"];
    assert_eq!(heard.map(|_| peer.hear()), heard);
    assert_eq!(&*connection.identity().unwrap().name, "bob");
}

fn who_is_refused_is_told_that_and_not_why(sockets: &Sockets) {
    let server = Accepting::new(sockets, |server| server);
    let mut peer = server.dial();
    peer.event("before", 1);
    peer.call(Some(1), "$hello", &hello("a guess"));
    assert_eq!(peer.hear(), "failure 1 denied");
    assert_eq!((peer.hear().as_str(), peer.said("code")), ("notice $bye", Some("denied")));
    assert_eq!(peer.said("message"), Some("the server does not let this client in"));
    assert_eq!(peer.value.get("reconnect"), Some(&false.into()));
    assert_eq!(peer.hear(), "end");
    assert_eq!(server.why(), "the token is not in the table");
    assert!(server.connections.try_recv().is_err());
}

fn silent_peers_keep_no_other_out(sockets: &Sockets) {
    let limits = WaitingLimits::default().peers(4).time(DEADLINE);
    let server = Accepting::new(sockets, |server| server.waiting_limits(limits));
    let mut silent: Vec<_> = (0..8).map(|_| server.dial()).collect();
    let mut alice = server.dial();
    alice.call(Some(1), "$hello", &hello("s3cret"));
    let connection = server.connection();
    assert_eq!(&*connection.identity().unwrap().name, "alice");
    assert_eq!(alice.hear(), "answer 1");
    // The oldest ones have had to go.
    for peer in &mut silent[..4] {
        assert_eq!(peer.hear(), "end");
        assert_eq!(server.why(), "as many peers wait to be let in as may be: 4");
    }
}

fn a_peer_that_says_no_hello_is_refused_in_time_or_let_in(sockets: &Sockets) {
    let limits = WaitingLimits::default().time(MOMENT).bytes(100);
    let server = Accepting::new(sockets, |server| server.waiting_limits(limits));
    assert_eq!(server.dial().hear(), "end");
    assert!(server.why().contains("20ms"));
    let another = sockets.another();
    let admits = |server: ServerBuilder<MsgPack>| server.plain_peers(PlainPeers::Admit);
    let server = Accepting::new(&another, admits);
    let mut peer = server.dial();
    peer.event("plain", 1);
    let mut connection = server.connection();
    assert!(connection.identity().is_none());
    assert_eq!(heard(&mut connection), "plain [1]");
    peer.call(Some(1), "$hello", &hello("s3cret"));
    assert_eq!(connection.next_timeout(MOMENT).unwrap_err().code(), "receive_timeout");
    assert_eq!(peer.hear(), "failure 1 denied");
}

fn a_check_may_panic_take_too_long_and_want_no_answer(sockets: &Sockets) {
    let check = TokenCheck::new(|claim, _| async move {
        match claim.token {
            Some(token) if token.verify("panic") => panic!("as the test wants it"),
            Some(token) if token.verify("wait") => std::future::pending().await,
            Some(token) if token.verify("s3cret") => Ok(Identity::by_token("alice")),
            _ => Err(Refusal::new("wrong")),
        }
    });
    let limits = WaitingLimits::default().time(MOMENT);
    let server =
        Accepting::new(sockets, |server| server.token_check(Some(check)).waiting_limits(limits));
    for token in ["panic", "wait"] {
        let mut peer = server.dial();
        peer.call(Some(1), "$hello", &hello(token));
        assert_eq!(peer.hear(), "failure 1 denied");
        assert_eq!(peer.hear(), "notice $bye");
        // It is not the peer's fault.
        assert_eq!(peer.value.get("reconnect"), Some(&true.into()));
        server.why();
    }
    // A notice is not answered.
    let mut peer = server.dial();
    peer.call(None, "$hello", &hello("s3cret"));
    peer.event("hi", 1);
    let mut connection = server.connection();
    assert_eq!(heard(&mut connection), "hi [1]");
    connection.emit("first", &1).unwrap();
    assert_eq!(peer.hear(), "event first 1");
}

fn a_name_that_another_has_is_refused(sockets: &Sockets) {
    let server = Accepting::new(sockets, |server| {
        server.same_identity(SameIdentity::RefuseNew).max_connections(2)
    });
    let enter = |number| {
        let mut peer = server.dial();
        peer.call(Some(number), "$hello", &hello("s3cret"));
        peer
    };
    let (mut first, connection) = (enter(1), server.connection());
    assert_eq!(first.hear(), "answer 1");
    let mut second = enter(2);
    assert_eq!(second.hear(), "failure 2 identity_in_use");
    assert_eq!((second.hear().as_str(), second.hear().as_str()), ("notice $bye", "end"));
    assert_eq!(server.why(), r#"another connection is "alice""#);
    drop(connection);
    let (mut third, _connection) = (enter(3), server.connection());
    assert_eq!(third.hear(), "answer 3");
}

fn a_server_that_no_peer_can_show_a_token_to_does_not_listen(sockets: &Sockets) {
    let ordinary = CallOptions::default().reserved_events(ReservedEvents::Ordinary);
    let listened = sockets.builder().tokens(tokens()).calls(ordinary).listen();
    assert!(matches!(listened, Err(Error::TokensUnsupported(_))));
}

fn options_bring_a_check_of_tokens_and_never_remove_one(sockets: &Sockets) {
    let stays = Accepting::new(sockets, |server| server.options(ServerOptions::default()));
    let others = sockets.another();
    let comes = Accepting::new(&others, |server| {
        server.token_check(None).options(ServerOptions::default().tokens(tokens()))
    });
    for server in [stays, comes] {
        let mut eve = server.dial();
        eve.call(Some(1), "$hello", &hello("a guess"));
        assert_eq!(eve.hear(), "failure 1 denied");
        let mut alice = server.dial();
        alice.call(Some(1), "$hello", &hello("s3cret"));
        assert_eq!(alice.hear(), "answer 1");
        assert_eq!(&*server.connection().identity().unwrap().name, "alice");
    }
}
