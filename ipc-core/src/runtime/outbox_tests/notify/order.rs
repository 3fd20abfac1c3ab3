//! The model of `Notify` between threads.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use loom::future::block_on;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread::{self, JoinHandle};

use super::super::rig::explore;
use super::Notify;

#[test]
fn a_permit_is_kept_for_who_comes_later() {
    explore(255, || {
        let notify = Arc::new(Notify::new());
        let other = Arc::clone(&notify);
        let notifier = thread::spawn(move || other.notify_one());
        block_on(notify.notified());
        notifier.join().unwrap();
    });
}

fn set_and_notify(shared: &Arc<(Notify, AtomicBool)>) -> JoinHandle<()> {
    let shared = Arc::clone(shared);
    thread::spawn(move || {
        shared.1.store(true, Ordering::Release);
        shared.0.notify_waiters();
    })
}

#[test]
fn who_registers_before_it_looks_misses_nothing() {
    explore(255, || {
        let shared = Arc::new((Notify::new(), AtomicBool::new(false)));
        let notifier = set_and_notify(&shared);
        let (notify, set) = &*shared;
        let mut notified = pin!(notify.notified());
        notified.as_mut().enable();
        if !set.load(Ordering::Acquire) {
            block_on(notified);
        }
        notifier.join().unwrap();
    });
}

/// The counterpart of the last one: a model that did not find this would find nothing.
#[test]
fn who_looks_before_it_registers_may_miss_it() {
    static MISSED: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);
    explore(255, || {
        let shared = Arc::new((Notify::new(), AtomicBool::new(false)));
        let notifier = set_and_notify(&shared);
        let (notify, set) = &*shared;
        let was_set = set.load(Ordering::Acquire);
        let mut notified = pin!(notify.notified());
        notified.as_mut().enable();
        notifier.join().unwrap();
        let waits = notified.poll(&mut Context::from_waker(Waker::noop())).is_pending();
        MISSED.fetch_or(!was_set && waits, Ordering::Relaxed);
    });
    assert!(MISSED.load(Ordering::Relaxed));
}

#[test]
fn who_is_dropped_passes_its_turn_on() {
    explore(255, || {
        let notify = Arc::new(Notify::new());
        let mut dropped = Box::pin(notify.notified());
        // It waits first, so it is reached first.
        assert!(dropped.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
        let other = Arc::clone(&notify);
        let waiter = thread::spawn(move || block_on(other.notified()));
        let other = Arc::clone(&notify);
        let notifier = thread::spawn(move || other.notify_one());
        drop(dropped);
        waiter.join().unwrap();
        notifier.join().unwrap();
    });
}
