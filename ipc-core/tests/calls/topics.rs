//! Topics as a server has them: who gets what is published, and what is refused.

use ipc_core::groups::PatternLimits;
use ipc_core::protocol::builtin::Value;
use ipc_core::{
    Allow, BroadcastReport, CallError, Client, EmitError, MsgPack, OnDenied, Server, ServerBuilder,
    ServerEvent, TopicError, TopicEvent,
};

use crate::raw::RawPeer;
use crate::rig::{Notes, Pair, client, pair, pair_with, raw_client, soon, transport};

both_runtimes!(
    a_subscriber_gets_what_matches_once,
    a_plain_peer_subscribes_with_one_call,
    all_is_subscribed_to_or_nothing,
    a_peer_has_1024_patterns_and_no_more,
    all_peers_together_have_no_more_than_may,
    patterns_that_all_match_cost_one_message,
    what_is_no_topic_is_not_published,
    a_peer_that_goes_is_subscribed_to_nothing,
    a_peer_that_goes_while_it_is_published_to_disturbs_nobody,
    the_last_value_is_there_when_subscribe_returns,
    a_publisher_that_waits_outruns_nobody,
    nobody_subscribes_to_a_client,
    a_peer_subscribes_to_what_it_may_have,
);

/// Returns notes of the topics that a client hears.
fn heard(client: &Client<MsgPack>) -> Notes {
    let notes = Notes::new();
    let other = notes.clone();
    client.on_any(move |message, peer| {
        let number: u64 = peer.decode(message).unwrap();
        other.note(format!("{} {number}", message.event()));
    });
    notes
}

fn sent(report: Result<BroadcastReport, EmitError>) -> usize {
    let report = report.unwrap();
    assert!(report.failed.is_empty(), "{report:?}");
    report.sent
}

async fn subscribe(client: &Client<MsgPack>, patterns: &[&str]) -> Result<f64, CallError> {
    let value: Result<Value, _> = soon(client.call("$sub", patterns)).await;
    value.map(|value| value.get("topics").unwrap().as_number().unwrap())
}

async fn a_subscriber_gets_what_matches_once() {
    let Pair { server, client } = pair().await;
    let heard = heard(&client);
    let prices = Notes::new();
    let notes = prices.clone();
    let handler = client.on_topic("price.*", move |n: u64, _| notes.note(n)).unwrap();
    let notes = prices.clone();
    client.on_topic_message("*.EUR", move |message, _| notes.note(message.event())).unwrap();
    assert_eq!(client.on_topic("a..b", |(): (), _| {}).unwrap_err().code(), "invalid_pattern");
    assert_eq!(sent(server.publish("price.EUR", &0_u64)), 0);

    soon(client.subscribe(["price.*", "price.EUR", "news.>"])).await.unwrap();
    assert_eq!(client.subscriptions().len(), 3);
    let peer = &server.peers()[0];
    assert_eq!(peer.topics(), client.subscriptions());
    assert_eq!(server.subscribers("news.sports.football"), std::slice::from_ref(peer));
    assert_eq!(sent(server.publish("price.EUR", &1_u64)), 1);
    assert_eq!(sent(server.publish("price", &2_u64)), 0);
    assert_eq!(sent(server.publish("price.EUR.bid", &3_u64)), 0);
    assert_eq!(sent(server.publish("news.a.b", &4_u64)), 1);
    soon(client.unsubscribe(["price.EUR"])).await.unwrap();
    assert_eq!(sent(server.publish("price.EUR", &5_u64)), 1);
    soon(client.unsubscribe(["price.*", "none"])).await.unwrap();
    assert_eq!(sent(server.publish("price.EUR", &6_u64)), 0);
    assert_eq!(client.subscriptions().len(), 1);
    soon(client.unsubscribe_all()).await.unwrap();
    assert!(client.subscriptions().is_empty());
    assert_eq!(sent(server.publish("news.a", &7_u64)), 0);
    // An event of any name goes by other ways.
    peer.emit("price.>", &8_u64).unwrap();
    heard.until("price.> 8").await;
    assert_eq!(heard.lines(), ["price.EUR 1", "news.a.b 4", "price.EUR 5", "price.> 8"]);
    // The last one has a second token, whatever it is.
    prices.until_len(5).await;
    assert_eq!(prices.lines(), ["1", "price.EUR", "5", "price.EUR", "8"]);
    assert!(client.off(handler) && !client.off(handler));
}

async fn a_plain_peer_subscribes_with_one_call() {
    let (server, mut peer, _transport) = raw_client(|server| server).await;
    peer.call(1, "$sub", ["price.*"]).await;
    assert_eq!(peer.hear().await, "answer 1 -");
    assert_eq!(sent(server.publish("price.EUR", &7_u64)), 1);
    assert_eq!(peer.hear().await, "event price.EUR 7");
    peer.call(2, "$unsub", ()).await;
    assert_eq!(peer.hear().await, "answer 2 -");
    assert_eq!(sent(server.publish("price.EUR", &8_u64)), 0);
}

async fn all_is_subscribed_to_or_nothing() {
    let Pair { server, client } = pair().await;
    assert_eq!(subscribe(&client, &["a", "a", "b"]).await.unwrap(), 2.0);
    assert_eq!(subscribe(&client, &["b", "c"]).await.unwrap(), 3.0);
    assert_eq!(subscribe(&client, &[]).await.unwrap(), 3.0);
    let errors = Notes::of_server(&server);
    for method in ["$sub", "$unsub"] {
        for (args, why) in [
            (Value::from("d"), "no list"),
            (Value::map([("d", 1.into())]), "no list"),
            (Value::List(vec!["d".into(), 1.into()]), "item 2 of the list is no text"),
            (Value::list(["d", "e..f"]), "item 2: token 2 of the pattern is empty"),
            (Value::list([&*"d.".repeat(16)]), "17 tokens, the limit is 16"),
            (Value::list([&*"d".repeat(257)]), "257 UTF-16 units, the limit is 256"),
        ] {
            let result: Result<Value, _> = soon(client.call(method, &args)).await;
            let error = result.unwrap_err();
            assert!(matches!(error, CallError::InvalidArgs(_)), "{error:?}");
            assert!(error.to_string().contains(why), "{error}");
        }
    }
    let error = soon(client.call::<_, Value>("$sub", &Value::Null)).await.unwrap_err();
    assert_eq!(error.code(), "invalid_args");
    let names: Vec<_> = server.peers()[0].topics();
    assert_eq!(names.iter().map(|name| name.as_str()).collect::<Vec<_>>(), ["a", "b", "c"]);
    assert_eq!(errors.lines(), [""; 0]);
    // Locally the same, and nothing is sent.
    let error = soon(client.subscribe(["d", "e..f"])).await.unwrap_err();
    assert_eq!(error.code(), "invalid_pattern");
    let many = (0..1025).map(|n| format!("n.{n}"));
    let error = soon(client.subscribe(many)).await.unwrap_err();
    assert_eq!(error.to_string(), "1025 patterns of one peer, the limit is 1024");
    assert_eq!(error.code(), "too_many");
    assert!(client.subscriptions().is_empty());
}

async fn a_peer_has_1024_patterns_and_no_more() {
    let Pair { server, client } = pair().await;
    let names: Vec<_> = (0..1025).map(|n| format!("topic.{n}")).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let error = subscribe(&client, &names).await.unwrap_err();
    assert_eq!(error.code(), "too_many");
    assert_eq!(error.to_string(), "1025 patterns of one peer, the limit is 1024 (too_many)");
    assert!(server.peers()[0].topics().is_empty());
    assert_eq!(subscribe(&client, &names[..1024]).await.unwrap(), 1024.0);
    // One more is too many, one of those is not.
    assert_eq!(subscribe(&client, &names[1024..]).await.unwrap_err().code(), "too_many");
    assert_eq!(subscribe(&client, &["topic.7"]).await.unwrap(), 1024.0);
    let heard = heard(&client);
    assert_eq!(sent(server.publish("topic.1024", &0_u64)), 0);
    assert_eq!(sent(server.publish("topic.1023", &1_u64)), 1);
    heard.until("topic.1023 1").await;
    assert_eq!(soon(client.call::<_, Value>("$unsub", &names[..1000])).await.unwrap(), {
        Value::map([("topics", 24.into())])
    });
    soon(client.call::<_, Value>("$unsub", &())).await.unwrap();
    assert!(server.peers()[0].topics().is_empty());
}

async fn all_peers_together_have_no_more_than_may() {
    let limits = PatternLimits::default().with_per_id(3).with_total(5);
    let transport = transport();
    let server = Server::builder(MsgPack::new(), transport.clone()).topic_limits(limits).build();
    server.listen().await.unwrap();
    let (one, other) = (client(&transport).build(), client(&transport).build());
    assert_eq!(subscribe(&one, &["a", "b", "c"]).await.unwrap(), 3.0);
    let error = subscribe(&other, &["a", "b", "c"]).await.unwrap_err();
    assert_eq!(error.to_string(), "6 patterns of all peers, the limit is 5 (too_many)");
    assert_eq!(subscribe(&other, &["a", "b"]).await.unwrap(), 2.0);
    assert_eq!(sent(server.publish("a", &1_u64)), 2);
    assert_eq!(sent(server.publish("c", &1_u64)), 1);
}

async fn patterns_that_all_match_cost_one_message() {
    let (server, mut peer, _transport) = raw_client(|server| server).await;
    // Each of five tokens is a wildcard or not: with their beginnings 57 arrangements of wildcards.
    let pattern = |n: u32| {
        let tokens = (0..5).map(|bit| if n & (1 << bit) != 0 { "*" } else { "a" });
        tokens.collect::<Vec<_>>().join(".")
    };
    peer.call(1, "$sub", (0..32).map(pattern).collect::<Vec<_>>()).await;
    assert_eq!(peer.hear().await, "answer 1 -");
    let topic = ["a"; 5].join(".");
    for n in 0..100_u64 {
        assert_eq!(sent(server.publish(&topic, &n)), 1);
        assert_eq!(peer.hear().await, format!("event {topic} {n}"));
    }
    // What would cost more than a peer may is refused as a whole.
    let bomb = (0..32).map(|n| pattern(n) + ".*").collect::<Vec<_>>();
    peer.call(5, "$sub", bomb).await;
    assert_eq!(peer.hear().await, "failure 5 too_many");
    assert_eq!(sent(server.publish(&format!("{topic}.a"), &0_u64)), 0);
    // What is nested too deeply, or is too much, is not read to its end.
    let mut deep = Value::Null;
    for _ in 0..40 {
        deep = Value::List(vec![deep]);
    }
    peer.call(2, "$sub", &deep).await;
    assert_eq!(peer.hear().await, "failure 2 invalid_args");
    peer.call(3, "$sub", vec!["a"; 20_000]).await;
    assert_eq!(peer.hear().await, "failure 3 invalid_args");
    peer.call(4, "$sub", vec!["a"; 2_000]).await;
    assert_eq!(peer.hear().await, "failure 4 too_many");
}

async fn what_is_no_topic_is_not_published() {
    let Pair { server, client } = pair().await;
    soon(client.subscribe([">"])).await.unwrap();
    for (topic, error) in
        [("price.*", TopicError::Wildcard { number: 2 }), (">", TopicError::Wildcard { number: 1 })]
    {
        let refused = server.publish(topic, &1_u64).unwrap_err();
        assert!(matches!(refused, EmitError::Topic(actual) if actual == error), "{refused:?}");
        assert_eq!(refused.code(), "invalid_topic");
    }
    for topic in ["", "a.", "a*b", &"a.".repeat(17), &"a".repeat(257)] {
        let refused = soon(server.publish_send(topic, &1_u64)).await.unwrap_err();
        assert!(matches!(refused, EmitError::Topic(TopicError::Pattern(_))), "{refused:?}");
    }
    assert_eq!(sent(server.publish(&"a".repeat(256), &1_u64)), 1);
}

async fn a_peer_that_goes_is_subscribed_to_nothing() {
    let (server, mut peer, _transport) = raw_client(|server| server).await;
    let notes = Notes::new();
    let other = notes.clone();
    server.on_subscription(move |event| match event {
        TopicEvent::Subscribed { pattern, .. } => other.note(format!("+{pattern}")),
        TopicEvent::Unsubscribed { pattern, .. } => other.note(format!("-{pattern}")),
        other => panic!("{other:?}"),
    });
    let other = notes.clone();
    server.on_lifecycle(move |event| {
        if let ServerEvent::Disconnect { .. } = event {
            other.note("gone");
        }
    });
    peer.call(1, "$sub", ["b", "a"]).await;
    peer.call(2, "$sub", ["c", "a"]).await;
    peer.call(3, "$unsub", ["c", "d"]).await;
    for n in 1..=3 {
        assert_eq!(peer.hear().await, format!("answer {n} -"));
    }
    let kept = server.peers()[0].clone();
    drop(peer);
    notes.until("gone").await;
    assert_eq!(notes.lines(), ["+a", "+b", "+c", "-c", "-a", "-b", "gone"]);
    assert!(kept.topics().is_empty() && server.subscribers("a").is_empty());
    assert_eq!(sent(server.publish("a", &1_u64)), 0);
}

async fn a_peer_that_goes_while_it_is_published_to_disturbs_nobody() {
    let (server, first, transport) = raw_client(|server| server).await;
    drop(first);
    let stays = client(&transport).build();
    let heard = heard(&stays);
    soon(stays.subscribe(["tick"])).await.unwrap();
    let id = server.subscribers("tick")[0].id();
    let publisher = server.clone();
    let publishing = tokio::spawn(async move {
        let (mut number, mut most) = (0_u64, 0);
        // Until peers have come and gone in all ways.
        while number < 1000 || most < 2 {
            let report = publisher.publish("tick", &number).unwrap();
            // Whoever fails is one that has gone.
            assert!(report.failed.iter().all(|(failed, _)| *failed != id), "{report:?}");
            most = most.max(report.sent);
            number += 1;
            tokio::task::yield_now().await;
        }
        number
    });
    let mut ways = 0;
    while !publishing.is_finished() {
        let mut peer = RawPeer::dial(&transport).await;
        peer.call(1, "$sub", ["tick", "*"]).await;
        while ways % 3 > 0 && peer.hear().await != "answer 1 -" {}
        ways += 1;
    }
    let number = publishing.await.unwrap();
    heard.until_len(usize::try_from(number).unwrap()).await;
    let all: Vec<_> = (0..number).map(|n| format!("tick {n}")).collect();
    assert_eq!(heard.lines(), all);
}

async fn the_last_value_is_there_when_subscribe_returns() {
    let Pair { server, client } = pair().await;
    let told = server.clone();
    server.on_subscription(move |event| {
        if let TopicEvent::Subscribed { peer, pattern } = event {
            if pattern.matches("price.EUR") {
                told.emit(*peer, "price.EUR", &7_u64).unwrap();
            }
        }
    });
    let heard = heard(&client);
    soon(client.subscribe(["news"])).await.unwrap();
    assert_eq!(heard.lines(), [""; 0]);
    soon(client.subscribe(["price.*"])).await.unwrap();
    assert_eq!(heard.lines(), ["price.EUR 7"]);
    // It is new only once.
    soon(client.subscribe(["price.*"])).await.unwrap();
    assert_eq!(heard.lines(), ["price.EUR 7"]);
}

async fn a_publisher_that_waits_outruns_nobody() {
    let queue = ipc_core::queue::QueueLimits::default().with_max_messages(20);
    let Pair { server, client } = pair_with(|client| client, |server| server.queue(queue)).await;
    let heard = heard(&client);
    soon(client.subscribe(["n"])).await.unwrap();
    for n in 0..1000_u64 {
        assert_eq!(sent(soon(server.publish_send("n", &n)).await), 1);
    }
    heard.until("n 999").await;
    assert_eq!(heard.lines().len(), 1000);
}

async fn nobody_subscribes_to_a_client() {
    let Pair { server, client } = pair().await;
    soon(client.subscribe(["a"])).await.unwrap();
    let peer = &server.peers()[0];
    for method in ["$sub", "$unsub"] {
        let error = soon(peer.call::<_, Value>(method, &["a"])).await.unwrap_err();
        assert!(matches!(error, CallError::UnknownMethod(_)), "{error:?}");
    }
    assert!(client.peer().topics().is_empty());
}

async fn a_peer_subscribes_to_what_it_may_have() {
    for then in [OnDenied::Report, OnDenied::Close] {
        let allow = Allow::nothing().topics(["price.>", "news"]).unwrap();
        let pair = |server: ServerBuilder<MsgPack>| server.allow(allow).on_denied(then);
        let (server, mut peer, _transport) = raw_client(pair).await;
        let errors = Notes::of_server(&server);
        peer.call(1, "$sub", ["price.*", "news"]).await;
        assert_eq!(peer.hear().await, "answer 1 -");
        peer.call(2, "$sub", ["price.EUR", "news.sports"]).await;
        // One that is cut at once may not get the answer.
        let heard = peer.hear().await;
        assert!(
            heard == "failure 2 denied" || then == OnDenied::Close && heard == "end",
            "{heard}"
        );
        errors.until_len(1).await;
        assert_eq!(errors.lines(), [r#"the peer may not subscribe to "news.sports""#]);
        if then == OnDenied::Close {
            while peer.hear().await != "end" {}
            continue;
        }
        peer.call(3, "$sub", [">"]).await;
        assert_eq!(peer.hear().await, "failure 3 denied");
        assert_eq!(server.peers()[0].topics().len(), 2);
        assert_eq!(server.peers()[0].limited().denied, 2);
        peer.call(4, "$unsub", ["price.*", "other"]).await;
        assert_eq!(peer.hear().await, "answer 4 -");
        assert_eq!(server.peers()[0].topics().len(), 1);
    }
}
