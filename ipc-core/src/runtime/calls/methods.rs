//! `Methods`: what a client or server answers calls with.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::Semaphore;

use super::Call;
use super::run::Running;
use crate::calls::MethodOptions;
use crate::protocol::calls::{EncodeCall, Failure};
use crate::{DecodePayload, FormatError, Message, MessageFormat};

/// The methods of one client or server, by their names.
pub(crate) struct Methods<F> {
    table: RwLock<HashMap<Box<str>, Arc<Method<F>>>>,
    /// How many calls run in tasks, of all peers.
    tasks: Arc<AtomicUsize>,
}

/// One method.
pub(super) struct Method<F> {
    pub(super) name: Box<str>,
    pub(super) options: MethodOptions,
    pub(super) tasks: Arc<AtomicUsize>,
    start: Box<Start<F>>,
}

/// Reads the arguments and returns the future that answers the call.
type Start<F> = dyn Fn(&Message, Call<F>) -> Result<Running, FormatError> + Send + Sync;

/// Counts a call that runs in a task, while it does.
pub(super) struct Task(Arc<AtomicUsize>);

impl<F: MessageFormat> Methods<F> {
    /// Sets the method with this name.
    pub(crate) fn set<T, R, E, Fut>(
        &self,
        options: MethodOptions,
        name: &str,
        answer: impl Fn(T, Call<F>) -> Fut + Send + Sync + 'static,
    ) where
        F: DecodePayload<T> + EncodeCall<R>,
        T: Send + 'static,
        R: Send + 'static,
        E: Into<Failure>,
        Fut: Future<Output = Result<R, E>> + Send + 'static,
    {
        let answer = Arc::new(answer);
        let permits = options.concurrency.map(|calls| Arc::new(Semaphore::new(calls)));
        let start = move |args: &Message, call: Call<F>| {
            let args: T = call.peer().decode(args)?;
            let (answer, permits) = (Arc::clone(&answer), permits.clone());
            Ok(Box::pin(async move {
                let _permit = match permits {
                    Some(permits) => permits.acquire_owned().await.ok(),
                    None => None,
                };
                let result = answer(args, call.clone()).await;
                call.answer(result.map_err(E::into)).await;
            }) as Running)
        };
        let tasks = Arc::clone(&self.tasks);
        let method = Method { name: name.into(), options, tasks, start: Box::new(start) };
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let old = table.insert(name.into(), Arc::new(method));
        // Dropping a method drops what it captured, which may come back here.
        drop(table);
        drop(old);
    }

    /// Removes a method; `false` if there is none with this name. Calls of it that run go on.
    pub(crate) fn remove(&self, name: &str) -> bool {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        let old = table.remove(name);
        drop(table);
        old.is_some()
    }

    pub(super) fn get(&self, name: &str) -> Option<Arc<Method<F>>> {
        self.table.read().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Returns whether as many calls run in tasks as may.
    pub(super) fn is_busy(&self) -> bool {
        self.tasks.load(Ordering::Relaxed) >= MAX_TASKS
    }
}

impl<F: MessageFormat> Method<F> {
    /// Returns the future that answers a call of the method with these arguments.
    pub(super) fn start(&self, args: &Message, call: Call<F>) -> Result<Running, FormatError> {
        (self.start)(args, call)
    }
}

impl Task {
    pub(super) fn new(tasks: &Arc<AtomicUsize>) -> Self {
        tasks.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(tasks))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl<F> Default for Methods<F> {
    fn default() -> Self {
        Self { table: RwLock::default(), tasks: Arc::default() }
    }
}

impl<F> fmt::Debug for Methods<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Methods").finish_non_exhaustive()
    }
}

/// How many calls run in tasks at a time, of all peers of a server; beyond it calls are answered
/// `busy`.
pub(super) const MAX_TASKS: usize = 4096;
