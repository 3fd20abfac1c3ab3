//! Who may connect and what a client may do, from JSON.

use ipc_compat::{Config, Dialect};
use ipc_core::{Access, Allow, OnDenied, OverRate, Rate};
use serde_json::{Value, json};

use crate::{check, check_refused, defaults};

#[test]
fn whom_a_server_lets_in_is_read() {
    check("access", [json!(false), Value::Null], |config| config.access = Access::any());
    check("access", [json!({"sameUser": true})], |config| config.access = Access::same_user());
    let users = [json!({"users": [1000, 1002]}), json!({"users": [1000, 1002], "groups": false})];
    check("access", users, |config| config.access = Access::users([1000, 1002]));
    check("access", [json!({"users": []})], |config| config.access = Access::users([]));
    let all = json!({"sameUser": true, "users": [5], "groups": [29]});
    let mut config = defaults(Dialect::V14);
    config.apply_json(&json!({ "access": all })).unwrap();
    let rules = format!("{:?}", config.access);
    for rule in ["SameUser", "Users([5])", "Groups([29])"] {
        assert!(rules.contains(rule), "{rules}");
    }
    if cfg!(unix) {
        check("access", [json!({"users": ["root"]})], |config| config.access = Access::users([0]));
    }
    for (value, expected) in [
        (json!(true), "access is true, not false or an object"),
        (json!({}), "access is {}, not false or an object with `sameUser`, `users` or `groups`"),
        (json!({"sameUser": "yes"}), "access.sameUser is \"yes\", not true or false"),
        (json!({"users": 0}), "access.users is 0, not false or a list"),
        (
            json!({"users": [0, "no such user"]}),
            "access.users is \"no such user\", not the number or name of a user of this machine",
        ),
        (
            json!({"groups": [-1]}),
            "access.groups is -1, not the number or name of a group of this machine",
        ),
    ] {
        check_refused(&json!({ "access": value }), expected);
    }
    check_refused(&json!({"access": {"user": [0]}}), "there is no setting access.user");
}

/// It refuses no one, and is no rule that lets everyone in either.
#[test]
fn a_rule_that_is_switched_off_is_none() {
    for off in [json!({"sameUser": false}), json!({"users": null})] {
        let expected =
            format!("access is {off}, not false or an object with `sameUser`, `users` or `groups`");
        check_refused(&json!({ "access": off }), &expected);
    }
    let open = [json!(false), Value::Null, json!({}), json!({"events": false, "calls": null})];
    check("allow", open, |config| config.allow = Allow::new());
}

#[test]
fn what_a_client_may_do_is_read() {
    let lists = json!({"events": ["app.*", "status"], "calls": [], "topics": ["price.>"]});
    check("allow", [lists], |config| {
        let allow = Allow::new().events(["app.*", "status"]).unwrap();
        config.allow = allow.calls([""; 0]).unwrap().topics(["price.>"]).unwrap();
    });
    check("onDenied", [json!("report")], |config| config.on_denied = OnDenied::Report);
    check("onDenied", [json!("close")], |config| config.on_denied = OnDenied::Close);
    for (key, value, expected) in [
        ("allow", json!(["app.*"]), "allow is [\"app.*\"], not false or an object"),
        ("allow", json!({"events": "app.*"}), "allow.events is \"app.*\", not false or a list"),
        (
            "allow",
            json!({"events": ["ok", "app.**"]}),
            "allow.events is \"app.**\", not a name or a pattern such as app.* or log.>",
        ),
        (
            "allow",
            json!({"topics": [7]}),
            "allow.topics is 7, not a name or a pattern such as app.* or log.>",
        ),
        ("onDenied", json!(true), "onDenied is true, not report or close"),
    ] {
        check_refused(&json!({ key: value }), expected);
    }
    check_refused(&json!({"allow": {"methods": []}}), "there is no setting allow.methods");
}

#[test]
fn rates_are_read_and_written() {
    check("rate", [json!(false), Value::Null], |config| config.rate = None);
    let plain = [
        json!({"messages": 10}),
        json!({"messages": 10, "burst": 10, "bytes": false, "over": "throttle"}),
    ];
    check("rate", plain, |config| config.rate = Some(Rate::messages(10)));
    let all = json!({"messages": 2000, "burst": 4000, "bytes": 1_u64 << 40, "over": "drop"});
    let rate = Rate::messages(2000).burst(4000).bytes(1 << 40).over(OverRate::Drop);
    check("rate", [all.clone()], |config| config.rate = Some(rate));
    let mut config = defaults(Dialect::Classic);
    assert_eq!(
        (&config.to_json()["rate"], &config.to_json()["onDenied"]),
        (&json!(false), &json!("report"))
    );
    (config.rate, config.on_denied) = (Some(rate), OnDenied::Close);
    let written = config.to_json();
    assert_eq!((&written["rate"], &written["onDenied"]), (&all, &json!("close")));
    for (value, expected) in [
        (json!(2000), "rate is 2000, not false or an object"),
        (json!({"burst": 5}), "rate is {\"burst\":5}, not false or an object with `messages`"),
        (json!({"messages": 0}), "rate.messages is 0, not a whole number from 1 to 4294967295"),
        (
            json!({"messages": 1, "burst": 4_294_967_296_u64}),
            "rate.burst is 4294967296, not a whole number from 1 to 4294967295",
        ),
        (json!({"messages": 1, "bytes": 0}), "rate.bytes is 0, not false or a whole number from 1"),
        (
            json!({"messages": 1, "over": "wait"}),
            "rate.over is \"wait\", not throttle, drop or close",
        ),
    ] {
        check_refused(&json!({ "rate": value }), expected);
    }
    check_refused(&json!({"rate": {"perSecond": 1}}), "there is no setting rate.perSecond");
}

#[test]
fn access_and_lists_are_written() {
    let again = |config: &Config| Config::from_json(Dialect::Classic, &config.to_json());
    let mut config = defaults(Dialect::Classic);
    let written = |config: &Config| config.to_json()["access"].clone();
    assert_eq!((written(&config), &config.to_json()["allow"]), (json!(false), &json!(false)));
    for (access, expected) in [
        (Access::same_user().or(Access::any()), json!(false)),
        (Access::same_user(), json!({"sameUser": true})),
        (Access::users([]), json!({"users": []})),
        (
            Access::users([1, 2]).or(Access::groups([5])).or(Access::users([3])),
            json!({"users": [1, 2, 3], "groups": [5]}),
        ),
    ] {
        config.access = access;
        assert_eq!(written(&config), expected);
        assert_eq!(written(&again(&config).unwrap()), expected);
    }
    config.allow = Allow::new().events(["b", "app.*"]).unwrap().calls([""; 0]).unwrap();
    assert_eq!(
        config.to_json()["allow"],
        json!({"events": ["app.*", "b"], "calls": [], "topics": false})
    );
    assert_eq!(again(&config).unwrap().allow, config.allow);
    // A function cannot be written, and no one is let in instead.
    config.access = Access::users([1]).or(Access::check(|_| Ok(())));
    let error = again(&config).unwrap_err().to_string();
    assert!(error.contains("access is \"a function of the program\""), "{error}");
}
