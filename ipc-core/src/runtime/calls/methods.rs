//! `Methods`: what a client or server answers calls with.

use std::collections::HashMap;
use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::run::Running;
use super::{Call, Sink};
use crate::calls::MethodOptions;
use crate::protocol::builtin::is_builtin;
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
    pub(super) answers: Answers,
    pub(super) options: MethodOptions,
    pub(super) tasks: Arc<AtomicUsize>,
    start: Box<Start<F>>,
}

/// What a method answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answers {
    Once,
    Items,
}

/// A place among the calls of a method that run at a time, to be waited for.
struct Permit(Option<Arc<Semaphore>>);

impl Permit {
    async fn get(self) -> Option<OwnedSemaphorePermit> {
        self.0?.acquire_owned().await.ok()
    }
}

/// Reads the arguments and returns the future that answers the call.
type Start<F> = dyn Fn(&Message, Call<F>) -> Result<Running, FormatError> + Send + Sync;

/// Counts a call that runs in a task, while it does.
pub(super) struct Task(Arc<AtomicUsize>);

impl<F: MessageFormat> Methods<F> {
    /// Sets the method with this name, which answers once.
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
        self.insert(Answers::Once, options, name, move |args: T, call, permit| {
            let answer = Arc::clone(&answer);
            Box::pin(async move {
                let _permit = permit.get().await;
                let result = answer(args, call.clone()).await;
                call.answer(result.map_err(E::into)).await;
            })
        });
    }

    /// Sets the method with this name, which answers with items.
    pub(crate) fn set_stream<T, R, E, Fut>(
        &self,
        options: MethodOptions,
        name: &str,
        answer: impl Fn(T, Sink<F, R>) -> Fut + Send + Sync + 'static,
    ) where
        F: DecodePayload<T> + EncodeCall<R>,
        T: Send + 'static,
        R: ?Sized + 'static,
        E: Into<Failure>,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
    {
        let answer = Arc::new(answer);
        self.insert(Answers::Items, options, name, move |args: T, call, permit| {
            let answer = Arc::clone(&answer);
            Box::pin(async move {
                let _permit = permit.get().await;
                let result = answer(args, Sink::new(call.clone())).await;
                call.end_stream(result.map_err(E::into)).await;
            })
        });
    }

    fn insert<T>(
        &self,
        answers: Answers,
        options: MethodOptions,
        name: &str,
        run: impl Fn(T, Call<F>, Permit) -> Running + Send + Sync + 'static,
    ) where
        F: DecodePayload<T>,
    {
        let permits = options.concurrency.map(|calls| Arc::new(Semaphore::new(calls)));
        let start = move |args: &Message, call: Call<F>| {
            let args: T = call.peer().decode(args)?;
            Ok(run(args, call, Permit(permits.clone())))
        };
        let tasks = Arc::clone(&self.tasks);
        let method = Method { name: name.into(), answers, options, tasks, start: Box::new(start) };
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

    /// Returns the names of the methods, and whether they answer with streams.
    pub(super) fn list(&self) -> Vec<(Box<str>, bool)> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let methods = table.values().filter(|method| !is_builtin(&method.name));
        methods.map(|method| (method.name.clone(), method.answers == Answers::Items)).collect()
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
