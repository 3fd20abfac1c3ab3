//! `spin` in JSON: a time that is mostly a fraction of a millisecond, and has a limit.

use std::time::Duration;

use ipc_compat::{Config, Dialect};
use ipc_core::Spin;
use serde_json::{Value, json};

use crate::{check, check_refused, defaults};

#[test]
fn spin_is_a_number_of_milliseconds() {
    let never = [json!(false), json!(0), Value::Null, json!("Infinity")];
    check("spin", never, |config| config.spin = None);
    let fifty = Spin::for_up_to(Duration::from_micros(50)).ok();
    check("spin", [json!(0.05)], |config| config.spin = fifty);
    let longest = Spin::for_up_to(Spin::MAX).ok();
    check("spin", [json!(10), json!(10.0)], |config| config.spin = longest);
    for value in [json!(10.001), json!(1e300), json!(-1), json!(true), json!("soon")] {
        let expected = format!("spin is {value}, not false or a number of milliseconds up to 10");
        check_refused(&json!({ "spin": value }), &expected);
    }
}

#[test]
fn it_is_written_as_it_is_read_and_reaches_both_sides() {
    let mut config = defaults(Dialect::Classic);
    assert_eq!(config.to_json()["spin"], json!(false));
    config.spin = Spin::for_up_to(Duration::from_micros(50)).ok();
    assert_eq!(config.to_json()["spin"], json!(0.05));
    let again = Config::from_json(Dialect::Classic, &config.to_json()).unwrap();
    assert_eq!(again.spin, config.spin);
    assert_eq!(config.client_options().unwrap().connection.spin, config.spin);
    assert_eq!(config.server_options().unwrap().connection.spin, config.spin);
}
