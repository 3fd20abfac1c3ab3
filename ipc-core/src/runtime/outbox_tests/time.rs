//! The time and the tasks of a model. Time passes when the model says so.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use loom::sync::{Mutex, MutexGuard};
use loom::thread::{self, JoinHandle};

use crate::runtime::clock;

loom::lazy_static! {
    /// How many milliseconds have passed. None of loom's: whoever looks at a clock sees the same time.
    static ref PASSED: AtomicU64 = AtomicU64::new(0);
    static ref WAITING: Mutex<Vec<Waker>> = Mutex::new(Vec::new());
    static ref TASKS: Mutex<Vec<JoinHandle<()>>> = Mutex::new(Vec::new());
}

/// When every run begins.
static BEGAN: OnceLock<Instant> = OnceLock::new();

pub(super) fn now() -> Instant {
    let passed = PASSED.load(Ordering::Relaxed);
    *BEGAN.get_or_init(clock::now) + Duration::from_millis(passed)
}

/// Lets so much time pass, and wakes all who sleep.
pub(super) fn pass(time: Duration) {
    let mut waiting = lock(&WAITING);
    PASSED.fetch_add(time.as_millis() as u64, Ordering::Relaxed);
    let wakers = std::mem::take(&mut *waiting);
    drop(waiting);
    wakers.into_iter().for_each(Waker::wake);
}

/// A timer.
#[derive(Debug)]
pub(super) struct Sleep(Instant);

pub(super) fn sleep_until(deadline: tokio::time::Instant) -> Sleep {
    Sleep(deadline.into_std())
}

impl Sleep {
    pub(super) fn reset(mut self: Pin<&mut Self>, deadline: tokio::time::Instant) {
        self.0 = deadline.into_std();
    }
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut waiting = lock(&WAITING);
        if now() >= self.0 {
            return Poll::Ready(());
        }
        waiting.push(cx.waker().clone());
        Poll::Pending
    }
}

/// Returns what the future does, or `Err` if its time is over before.
pub(super) async fn timeout_at<F: Future>(
    deadline: tokio::time::Instant,
    future: F,
) -> Result<F::Output, Overdue> {
    let (mut future, mut sleep) = (pin!(future), sleep_until(deadline));
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Ok(output)),
        Poll::Pending => Pin::new(&mut sleep).poll(cx).map(|()| Err(Overdue)),
    })
    .await
}

/// The time was over.
#[derive(Debug)]
pub(super) struct Overdue;

/// Runs a task in a thread of its own.
pub(super) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    let task = thread::spawn(|| loom::future::block_on(task));
    lock(&TASKS).push(task);
}

/// Waits until every task has ended.
pub(super) fn join_tasks() {
    loop {
        let task = lock(&TASKS).pop();
        let Some(task) = task else { return };
        task.join().unwrap();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
