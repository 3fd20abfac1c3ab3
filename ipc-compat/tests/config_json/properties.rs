//! Any config survives the way to JSON and back.

use ipc_compat::Dialect;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::defaults;

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,9}".prop_map(Value::from),
        Just(Value::from("Infinity")),
    ];
    leaf.prop_recursive(2, 8, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::hash_map(
                "type|data|family|key|ca|localPort|hints|peers|idle|messages|bytes|over",
                inner,
                0..3
            )
            .prop_map(|members| members.into_iter().collect()),
        ]
    })
}

fn settings() -> impl Strategy<Value = Map<String, Value>> {
    let keys: Vec<_> =
        defaults(Dialect::V14).to_json().as_object().unwrap().keys().cloned().collect();
    prop::collection::vec((prop::sample::select(keys), any_json()), 0..6)
        .prop_map(|members| members.into_iter().collect())
}

proptest! {
    /// What is not refused makes the same config again when it is written and read.
    #[test]
    fn a_config_survives_the_way_to_json_and_back(settings in settings()) {
        let mut config = defaults(Dialect::V14);
        for (key, value) in settings {
            // Most of them are refused, one by one.
            let _ = config.apply_json(&json!({ key: value }));
        }
        let mut again = defaults(Dialect::V14);
        again.apply_json(&config.to_json()).unwrap();
        prop_assert_eq!(format!("{again:?}"), format!("{config:?}"));
        prop_assert_eq!(again.to_json(), config.to_json());
    }
}
