//! The model of `Notify` compared with tokio's, over sequences of operations.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};

use proptest::prelude::*;

use super::{model, plain};

/// What is done, to one of so many futures.
#[derive(Debug, Clone, Copy)]
enum Op {
    /// Makes it, in place of the one that was there.
    Make(usize),
    Enable(usize),
    Poll(usize),
    Drop(usize),
    NotifyOne,
    NotifyWaiters,
}

const FUTURES: usize = 4;

/// What an operation has shown, and how many times each future was woken so far.
type Seen = (Option<bool>, [usize; FUTURES]);

/// Counts how many times it is woken.
#[derive(Debug, Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A function of what an implementation has shown of these operations.
macro_rules! run_over {
    ($name:ident, $notify:ty, $notified:ty) => {
        fn $name(ops: &[Op]) -> Vec<Seen> {
            let notify = <$notify>::new();
            let mut futures: [Option<Pin<Box<$notified>>>; FUTURES] = Default::default();
            let woken: [Arc<Woken>; FUTURES] = Default::default();
            let mut seen = Vec::new();
            for op in ops {
                let shown = match *op {
                    Op::Make(n) => {
                        drop(futures[n].take());
                        futures[n] = Some(Box::pin(notify.notified()));
                        None
                    }
                    Op::Enable(n) => futures[n].as_mut().map(|future| future.as_mut().enable()),
                    Op::Poll(n) => {
                        let waker = Waker::from(Arc::clone(&woken[n]));
                        let mut cx = Context::from_waker(&waker);
                        futures[n].as_mut().map(|future| future.as_mut().poll(&mut cx).is_ready())
                    }
                    Op::Drop(n) => {
                        drop(futures[n].take());
                        None
                    }
                    Op::NotifyOne => {
                        notify.notify_one();
                        None
                    }
                    Op::NotifyWaiters => {
                        notify.notify_waiters();
                        None
                    }
                };
                seen.push((shown, woken.each_ref().map(|woken| woken.0.load(Ordering::Relaxed))));
            }
            seen
        }
    };
}

run_over!(of_tokio, tokio::sync::Notify, tokio::sync::futures::Notified<'_>);
run_over!(of_plain, plain::model::Notify, plain::model::Notified<'_>);
run_over!(of_loom, model::Notify, model::Notified<'_>);

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        3 => (0..FUTURES).prop_map(Op::Make),
        2 => (0..FUTURES).prop_map(Op::Enable),
        4 => (0..FUTURES).prop_map(Op::Poll),
        2 => (0..FUTURES).prop_map(Op::Drop),
        2 => Just(Op::NotifyOne),
        1 => Just(Op::NotifyWaiters),
    ];
    prop::collection::vec(op, 0..40)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn it_does_what_that_of_tokio_does(ops in ops()) {
        let expected = of_tokio(&ops);
        prop_assert_eq!(of_plain(&ops), expected);
    }

    #[test]
    fn within_loom_it_does_the_same(ops in ops()) {
        let expected = of_tokio(&ops);
        loom::model(move || assert_eq!(of_loom(&ops), expected));
    }
}
