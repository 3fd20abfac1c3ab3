//! The limits of calls, one less, exact and one more; numbers; credit and windows.

use std::time::{Duration, Instant};

use ipc_core::protocol::calls::{
    Abandoned, Admission, Answer, AnswerLimits, Answered, Answerer, AskLimits, Asker, CallNumber,
    Credit, Lost, Overrun, Sent, SharedNumbers, Window, WindowLimits,
};

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

fn asker(max_open: usize) -> Asker {
    let mut limits = AskLimits::default();
    limits.max_open = max_open;
    Asker::new(limits)
}

#[test]
fn as_many_calls_are_open_as_may_be() {
    let now = now();
    let mut asker = asker(2);
    let first = asker.ask(now).unwrap();
    asker.ask(now).unwrap();
    let refused = asker.ask(now).unwrap_err();
    assert_eq!(refused.limit, 2);
    assert_eq!(refused.to_string(), "2 calls are open, which is the limit");
    assert_eq!(asker.answer(first, Answer::Last, now), Some(Answered::Done));
    assert_eq!(asker.ask(now), Ok(3), "a number is used once");
}

#[test]
fn a_deadline_is_over_at_its_time_and_not_before() {
    let now = now();
    let mut asker = asker(4);
    let call = asker.ask_within(now, Duration::from_secs(2)).unwrap();
    asker.queued(call, 0);
    let end = now + Duration::from_secs(2);
    let before = end - Duration::from_nanos(1);
    assert_eq!(asker.time_left(call, before), Duration::from_nanos(1));
    assert_eq!(asker.expire(before), []);
    assert_eq!(asker.expire(end), [call]);
    assert_eq!(asker.next_cancel().unwrap().number, call);
    // An answer that comes now fits no call.
    assert_eq!(asker.answer(call, Answer::Last, end), None);
    assert_eq!(asker.late_answers(), 1);
}

#[test]
fn an_item_gives_a_stream_its_time_anew() {
    let now = now();
    let idle = Duration::from_secs(2);
    let mut asker = asker(4);
    let rows = asker.ask_stream(now, idle).unwrap();
    let then = now + Duration::from_secs(1);
    assert_eq!(asker.answer(rows, Answer::Item, then), Some(Answered::Item));
    assert_eq!(asker.next_deadline(), Some(then + idle));
    assert_eq!(asker.answer(rows, Answer::Last, then), Some(Answered::Done));
    assert_eq!(asker.next_deadline(), None);
}

#[test]
fn items_that_come_together_leave_one_deadline() {
    let (start, idle) = (now(), Duration::from_secs(2));
    let mut asker = asker(2);
    // Its deadline is the first, so that those of the stream are not.
    let call = asker.ask_within(start, idle).unwrap();
    let stream = asker.ask_stream(start, idle).unwrap();
    let later = start + Duration::from_secs(1);
    for _ in 0..3 {
        assert_eq!(asker.answer(stream, Answer::Item, later), Some(Answered::Item));
    }
    assert_eq!(asker.expire(later + idle), [call, stream]);
    assert_eq!(asker.next_deadline(), None);
}

#[test]
fn a_call_that_is_dropped_is_taken_back_or_cancelled() {
    let now = now();
    let mut asker = asker(4);
    for (frame, first_unsent, becomes) in [
        (5, 5, Abandoned::TakeBack { frame: 5 }),
        (5, 4, Abandoned::TakeBack { frame: 5 }),
        (5, 6, Abandoned::Cancel),
    ] {
        let call = asker.ask(now).unwrap();
        asker.queued(call, frame);
        assert_eq!(asker.abandon(call, first_unsent), becomes);
        assert_eq!(asker.abandon(call, first_unsent), Abandoned::Nothing, "it has ended");
    }
    let unqueued = asker.ask(now).unwrap();
    assert_eq!(asker.abandon(unqueued, 0), Abandoned::Nothing);
}

#[test]
fn cancels_wait_and_the_oldest_is_forgotten() {
    let mut asker = asker(2);
    for number in [1, 2, 3] {
        asker.owe_cancel(number, number);
    }
    let mut next = || asker.next_cancel().map(|owed| owed.number);
    assert_eq!([next(), next()], [Some(2), Some(3)]);
    assert_eq!(asker.next_cancel(), None);
}

#[test]
fn a_cancel_is_owed_as_long_as_the_next_connection_gets_its_call() {
    let mut asker = asker(4);
    for number in [1, 2, 3] {
        asker.owe_cancel(number, 10 + number);
    }
    assert_eq!(asker.connection_lost(12), Lost::default());
    let owed = [asker.next_cancel(), asker.next_cancel()].map(|owed| owed.unwrap());
    assert_eq!(owed.map(|owed| (owed.number, owed.frame)), [(2, 12), (3, 13)]);
    asker.owe_cancel(3, 13);
    assert!(asker.closed(12).is_empty());
    assert_eq!(asker.next_cancel(), None);
}

#[test]
fn calls_that_are_bound_to_the_connection_end_with_it() {
    let now = now();
    let mut asker = asker(6);
    let calls = [(); 6].map(|()| asker.ask(now).unwrap());
    for (frame, &call) in (0..5).zip(&calls) {
        asker.queued(call, frame);
    }
    // One was written, one was not, and the last one waits for room.
    for bound in [0, 2, 5] {
        asker.bind(calls[bound]);
    }
    let lost = asker.connection_lost(2);
    let (maybe, no) = (Sent::Maybe, Sent::No);
    assert_eq!(lost.calls, [(calls[0], maybe), (calls[1], maybe), (calls[2], no), (calls[5], no)]);
    assert_eq!(lost.frames, [2]);
    // What was behind that frame moves up.
    asker.taken_out(&lost.frames);
    assert_eq!(asker.abandon(calls[3], 0), Abandoned::TakeBack { frame: 2 });
    assert_eq!(asker.abandon(calls[4], 0), Abandoned::TakeBack { frame: 3 });
    assert!(asker.is_empty());
}

#[test]
fn numbers_are_those_that_javascript_can_tell_apart() {
    let now = now();
    let last = (1 << 53) - 1;
    let own = (1 << 52) - 1;
    let mut asker = Asker::starting_at(AskLimits::default(), own);
    assert_eq!((asker.ask(now), asker.ask(now)), (Ok(own), Ok(1)));
    // No call of one peer has the number of a call of many.
    let shared = SharedNumbers::starting_at(own);
    assert_eq!((shared.take(), shared.take()), (last, own + 1));
    assert!(CallNumber::integer(0).is_none() && CallNumber::integer(last + 1).is_none());
    assert!(CallNumber::integer(1).is_some() && CallNumber::integer(last).is_some());
    assert!(CallNumber::text("").is_none() && CallNumber::text(&"x".repeat(65)).is_none());
    assert!(CallNumber::text("x").is_some() && CallNumber::text(&"x".repeat(64)).is_some());
}

#[test]
fn a_peer_runs_as_many_calls_as_it_may_and_no_longer_than_it_may() {
    let now = now();
    let mut limits = AnswerLimits::default();
    (limits.max_running, limits.max_time) = (2, Duration::from_secs(9));
    let mut answerer = Answerer::new(limits);
    let number = |n| CallNumber::integer(n).unwrap();
    let short = Some(Duration::from_secs(3));
    let Admission::Run { id, deadline } = answerer.call(now, Some(number(7)), short) else {
        panic!("it runs");
    };
    assert_eq!((answerer.running(&number(7)), deadline), (Some(id), now + Duration::from_secs(3)));
    // A notice has no number, and counts.
    let long = Some(Duration::from_secs(60));
    let notice = answerer.call(now, None, long);
    assert_eq!(notice, Admission::Run { id: 1, deadline: now + Duration::from_secs(9) });
    assert_eq!(answerer.call(now, Some(number(7)), None), Admission::Duplicate);
    assert_eq!(answerer.duplicates(), 1);
    assert_eq!(answerer.call(now, Some(number(8)), None), Admission::Busy { limit: 2 });
    assert_eq!(answerer.done(1), None, "a notice is not answered");
    assert_eq!(answerer.cancel(&number(7)), Some(id));
    assert_eq!((answerer.cancel(&number(7)), answerer.done(id)), (None, None));
    assert!(answerer.is_empty() && answerer.next_deadline().is_none());
}

#[test]
fn credit_is_spent_an_item_at_a_time() {
    let mut credit = Credit::new(1);
    assert!(credit.take() && !credit.take());
    credit.add(u32::MAX);
    credit.add(1);
    assert_eq!(credit.left(), u32::MAX);
}

#[test]
fn a_window_never_lets_more_wait_than_its_budget() {
    let mut limits = WindowLimits::default();
    (limits.max_bytes, limits.max_items) = (10, 3);
    let mut window = Window::new(limits);
    window.received(9).unwrap();
    window.received(1).unwrap();
    assert_eq!(window.received(1), Err(Overrun::Bytes { limit: 10, actual: 11 }));
    window.received(0).unwrap();
    assert_eq!(window.received(0), Err(Overrun::Items { limit: 3, actual: 4 }));
    assert_eq!((window.unread(), window.unread_bytes()), (3, 10));
}

#[test]
fn an_obedient_peer_never_stops_and_never_has_too_much_outstanding() {
    for (size, most) in [(1, 64), (1024, 64), (1024 * 1024, 8), (8 * 1024 * 1024, 1)] {
        let mut limits = WindowLimits::default();
        limits.first_credit = limits.first_credit.min(most);
        let mut window = Window::new(limits);
        let mut credit = Credit::new(window.outstanding());
        let mut waiting = 0;
        for _ in 0..1000 {
            while waiting < most && credit.take() {
                window.received(size).unwrap();
                waiting += 1;
            }
            assert!(waiting > 0, "neither side can go on with items of {size} bytes");
            credit.add(window.read());
            waiting -= 1;
            assert!(window.outstanding() <= 64);
        }
        assert!(window.outstanding() + waiting <= most, "{size}");
    }
}

#[test]
fn items_of_one_moment_leave_one_deadline() {
    let now = now();
    let mut asker = asker(2);
    let stream = asker.ask_stream(now, Duration::from_secs(1)).unwrap();
    for _ in 0..3 {
        assert_eq!(asker.answer(stream, Answer::Item, now), Some(Answered::Item));
    }
    assert_eq!(asker.expire(now + Duration::from_secs(1)), [stream]);
}
