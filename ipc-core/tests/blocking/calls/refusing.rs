//! What a call of a bare socket becomes.

use std::time::Duration;

use ipc_core::{CallOptions, Failure};

use super::rig::{MOMENT, Place, called, heard};

const SUM: &[u8] = b"\x92\xa5$call\x83\xa1n\x01\xa4call\xa3sum\xa4args\x92\x01\x02";
const OTHER: &[u8] = b"\x92\xa5$call\x82\xa1n\xa5other\xa4call\xa5other";
const CANCEL_SUM: &[u8] = b"\x92\xa5$call\x82\xa1n\x01\xa6cancel\xc3";
const NOTICE: &[u8] = b"\x92\xa5$call\x81\xa4call\xa3log";
const EVENT: &[u8] = b"\x92\xa5event\x05";

#[test]
fn a_number_is_echoed_as_it_came() {
    let place = Place::new();
    let (mut connection, mut bare) = place.bare_client(CallOptions::default());
    bare.send(&[SUM, OTHER]);
    let (sum, other) = (called(&mut connection), called(&mut connection));
    assert_eq!((sum.method(), sum.args().payload()), ("sum", Some(&b"\x92\x01\x02"[..])));
    assert_eq!((other.method(), other.args().payload()), ("other", None));
    // In any order.
    connection.fail(other, Failure::unknown_method("other")).unwrap();
    connection.answer(sum, &3).unwrap();
    assert!(connection.flush());
    assert_eq!(bare.heard(), "failure \"other\" unknown_method");
    assert_eq!(bare.heard(), "answer 1 [3]");
}

#[test]
fn beyond_the_limit_a_call_is_busy_at_once() {
    let place = Place::new();
    let calls = CallOptions::default().max_running(2);
    let (mut connection, mut bare) = place.bare_client(calls);
    let third = b"\x92\xa5$call\x82\xa1n\x03\xa4call\xa5third";
    bare.send(&[SUM, OTHER, third, NOTICE, EVENT]);
    let sum = called(&mut connection);
    let _other = called(&mut connection);
    // A notice is not answered, so this side says it.
    assert_eq!(heard(&mut connection), "error notice_refused");
    assert_eq!(heard(&mut connection), "event [5]");
    assert!(connection.flush());
    assert_eq!(bare.heard(), "failure 3 busy");
    // One that is answered makes room.
    connection.answer(sum, &3).unwrap();
    bare.send(&[third]);
    assert_eq!(called(&mut connection).method(), "third");
    assert!(connection.flush());
    assert_eq!(bare.heard(), "answer 1 [3]");
}

#[test]
fn a_second_call_with_a_number_in_use_is_ignored_and_reported_once() {
    let place = Place::new();
    let (mut connection, mut bare) = place.bare_client(CallOptions::default());
    bare.send(&[SUM, SUM, SUM, EVENT]);
    let sum = called(&mut connection);
    assert_eq!(heard(&mut connection), "error duplicate_call");
    assert_eq!(heard(&mut connection), "event [5]");
    connection.answer(sum, &3).unwrap();
    // The number is free again.
    bare.send(&[SUM]);
    let sum = called(&mut connection);
    connection.answer(sum, &4).unwrap();
    assert!(connection.flush());
    assert_eq!(bare.heard(), "answer 1 [3]");
    assert_eq!(bare.heard(), "answer 1 [4]");
}

#[test]
fn a_cancelled_call_is_not_answered() {
    let place = Place::new();
    let (mut connection, mut bare) = place.bare_client(CallOptions::default());
    bare.send(&[SUM, OTHER]);
    let (sum, other) = (called(&mut connection), called(&mut connection));
    bare.send(&[CANCEL_SUM, CANCEL_SUM, EVENT]);
    assert_eq!(heard(&mut connection), "event [5]");
    connection.answer(sum, &3).unwrap();
    connection.answer(other, &4).unwrap();
    assert!(connection.flush());
    assert_eq!(bare.heard(), "answer \"other\" [4]");
}

/// It came while the program waited for something else.
#[test]
fn a_call_that_is_cancelled_before_it_is_taken_is_not_seen() {
    let place = Place::new();
    let (mut client, mut bare) = place.bare_server(|builder| builder);
    bare.send(&[SUM, OTHER, CANCEL_SUM, EVENT, b"\x92\xa7$answer\x82\xa1n\x01\xa2ok\x07"]);
    assert_eq!(client.call::<_, u64>("ask", &()).unwrap(), 7);
    assert_eq!(bare.heard(), "call 1 ask [192]");
    let other = called(&mut client);
    assert_eq!(other.method(), "other");
    assert_eq!(heard(&mut client), "event [5]");
    client.answer(other, &4).unwrap();
    assert_eq!(bare.heard(), "answer \"other\" [4]");
}

#[test]
fn a_call_whose_time_is_over_is_answered_while_this_side_waits() {
    let place = Place::new();
    let (mut connection, mut bare) = place.bare_client(CallOptions::default());
    bare.send(&[b"\x92\xa5$call\x83\xa1n\x01\xa4call\xa3sum\xa2ms\x0a"]);
    let sum = called(&mut connection);
    assert!(sum.time_left() <= Duration::from_millis(10));
    let waiting = std::thread::spawn(move || {
        assert_eq!(heard(&mut connection), "event [5]");
        connection
    });
    assert_eq!(bare.heard(), "failure 1 deadline");
    bare.send(&[EVENT]);
    let mut connection = waiting.join().unwrap();
    connection.answer(sum, &3).unwrap();
    connection.emit("after", &1).unwrap();
    assert_eq!(bare.heard(), "after [1]");
}

#[test]
fn this_side_bounds_how_long_a_call_may_take() {
    let place = Place::new();
    let (mut connection, mut bare) = place.bare_client(CallOptions::default().max_time(MOMENT));
    bare.send(&[SUM]);
    let sum = called(&mut connection);
    assert!(sum.time_left() <= MOMENT);
    assert!(connection.next_timeout(4 * MOMENT).is_err());
    assert_eq!(bare.heard(), "failure 1 deadline");
    drop(sum);
}

#[test]
fn a_dropped_call_is_cancelled_when_this_side_waits() {
    let place = Place::new();
    let (mut connection, mut bare) = place.bare_client(CallOptions::default());
    bare.send(&[SUM, NOTICE, OTHER]);
    let sum = called(&mut connection);
    let notice = called(&mut connection);
    assert!(notice.is_notice());
    let clone = sum.clone();
    drop((sum, notice));
    let other = called(&mut connection);
    assert!(connection.next_timeout(MOMENT).is_err());
    // The clone still holds it.
    connection.emit("before", &1).unwrap();
    assert_eq!(bare.heard(), "before [1]");
    drop(clone);
    assert!(connection.next_timeout(MOMENT).is_err());
    assert_eq!(bare.heard(), "failure 1 cancelled");
    connection.answer(other, &4).unwrap();
    assert_eq!(bare.heard(), "answer \"other\" [4]");
}

#[test]
fn a_notice_is_not_answered() {
    let place = Place::new();
    let (mut connection, mut bare) = place.bare_client(CallOptions::default());
    bare.send(&[NOTICE, NOTICE]);
    let (first, second) = (called(&mut connection), called(&mut connection));
    connection.answer(first, &3).unwrap();
    connection.fail(second, "no").unwrap();
    connection.emit("after", &1).unwrap();
    assert_eq!(bare.heard(), "after [1]");
}

#[test]
fn a_call_that_cannot_be_read_is_answered_and_reported() {
    let place = Place::new();
    let (mut connection, mut bare) = place.bare_client(CallOptions::default());
    bare.send(&[b"\x92\xa5$call\x82\xa1n\x07\xa6cancel\x05", EVENT]);
    assert!(heard(&mut connection).starts_with("error "));
    assert_eq!(heard(&mut connection), "event [5]");
    assert!(connection.flush());
    assert_eq!(bare.heard(), "failure 7 invalid_call");
}

#[test]
fn calls_that_were_not_taken_are_refused_by_a_close() {
    let place = Place::new();
    let (mut client, mut bare) = place.bare_server(|builder| builder);
    bare.send(&[SUM, b"\x92\xa7$answer\x82\xa1n\x01\xa2ok\x07", OTHER]);
    assert_eq!(client.call::<_, u64>("ask", &()).unwrap(), 7);
    // The first waits to be taken. The second is received after the end of what this side sends.
    bare.end();
    assert!(client.close().undelivered.is_empty());
    assert_eq!(bare.heard(), "call 1 ask [192]");
    assert_eq!(bare.heard(), "failure 1 closing");
    assert!(bare.is_at_end());
    assert_eq!(heard(&mut client), "disconnect");
}

#[test]
fn a_call_of_another_connection_is_not_answered() {
    let (place, other) = (Place::new(), Place::new());
    let (mut connection, mut bare) = place.bare_client(CallOptions::default());
    let (mut elsewhere, mut bare_elsewhere) = other.bare_client(CallOptions::default());
    bare.send(&[SUM]);
    bare_elsewhere.send(&[SUM]);
    let sum = called(&mut connection);
    let its_own = called(&mut elsewhere);
    elsewhere.answer(sum.clone(), &1).unwrap();
    elsewhere.answer(its_own, &2).unwrap();
    assert_eq!(bare_elsewhere.heard(), "answer 1 [2]");
    connection.answer(sum, &3).unwrap();
    assert_eq!(bare.heard(), "answer 1 [3]");
}
