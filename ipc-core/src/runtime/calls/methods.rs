//! `Methods`: what a client or server answers calls with.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock, Weak};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::run::Running;
use super::{Call, Sink};
use crate::calls::MethodOptions;
use crate::protocol::builtin::is_builtin;
use crate::protocol::calls::{EncodeCall, Failure};
use crate::runtime::lanes::report::Report;
use crate::{DecodeEvent, DecodePayload, EventNames, FormatError, Message, MessageFormat};

/// The methods of one client or server, by their names.
pub(crate) struct Methods<F> {
    table: RwLock<Table<F>>,
    /// How many calls run in tasks, of all peers.
    tasks: Arc<AtomicUsize>,
    /// What reports the errors of those tasks.
    report: Weak<dyn Report<F>>,
}

struct Table<F> {
    /// By bytes: whether a name that arrives is UTF-8 need not be looked at again. In order, since that
    /// finds one of a few names sooner than a hash does, and peers choose none of them.
    by_name: BTreeMap<Box<[u8]>, Arc<Method<F>>>,
    /// What answers calls of all other names.
    others: Option<Arc<Method<F>>>,
}

/// One method.
pub(super) struct Method<F> {
    pub(super) name: Box<str>,
    pub(super) answers: Answers,
    pub(super) options: MethodOptions,
    pub(super) tasks: Arc<AtomicUsize>,
    pub(super) report: Weak<dyn Report<F>>,
    start: Start<F>,
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
    /// Waits for the place, if one is needed.
    async fn get(self) -> Option<OwnedSemaphorePermit> {
        match self.0 {
            None => None,
            // Rare, and large.
            Some(permits) => Box::pin(permits.acquire_owned()).await.ok(),
        }
    }
}

/// How a call of a method begins.
struct Start<F> {
    /// Whether reading the arguments looks at all of them, so that they are sound if they can be read.
    reads_all: bool,
    read: Arc<Read<F>>,
}

/// Reads the arguments, before anything else, and returns the future that answers the call.
type Read<F> = dyn Fn(&Message, Call<F>) -> Result<Running, FormatError> + Send + Sync;

impl<F> Clone for Start<F> {
    fn clone(&self) -> Self {
        Self { reads_all: self.reads_all, read: Arc::clone(&self.read) }
    }
}

/// Counts a call that runs in a task, while it does.
pub(super) struct Task(Arc<AtomicUsize>);

impl<F> Methods<F> {
    pub(crate) fn new(report: Weak<dyn Report<F>>) -> Self {
        let table = Table { by_name: BTreeMap::new(), others: None };
        Self { table: RwLock::new(table), tasks: Arc::default(), report }
    }
}

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
        self.insert(
            Answers::Once,
            options,
            name,
            starting(
                options,
                <F as DecodePayload<T>>::reads_all(),
                F::decode_payload,
                once(answer),
            ),
        );
    }

    /// Sets all methods of an enum with these names, which answer once.
    pub(crate) fn set_enum<M, R, E, Fut>(
        &self,
        options: MethodOptions,
        names: &EventNames,
        answer: impl Fn(M, Call<F>) -> Fut + Send + Sync + 'static,
    ) where
        F: DecodeEvent<M> + EncodeCall<R>,
        M: Send + 'static,
        R: Send + 'static,
        E: Into<Failure>,
        Fut: Future<Output = Result<R, E>> + Send + 'static,
    {
        let start =
            starting(options, <F as DecodeEvent<M>>::reads_all(), F::decode_event, once(answer));
        for name in names.iter() {
            self.insert(Answers::Once, options, name, start.clone());
        }
        if names.takes_others() {
            let others = self.method(Answers::Once, options, "", start);
            drop(self.change(|table| table.others.replace(others)));
        }
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
        let run = move |args: T, call: Call<F>, permit: Permit| {
            let answer = Arc::clone(&answer);
            Box::pin(async move {
                let _permit = permit.get().await;
                let result = answer(args, Sink::new(call.clone())).await;
                if let Some(frame) = call.end_stream(result.map_err(E::into)) {
                    call.answer_later(frame).await;
                }
            }) as Running
        };
        let reads_all = <F as DecodePayload<T>>::reads_all();
        let start = starting(options, reads_all, F::decode_payload, run);
        self.insert(Answers::Items, options, name, start);
    }

    fn insert(&self, answers: Answers, options: MethodOptions, name: &str, start: Start<F>) {
        let method = self.method(answers, options, name, start);
        drop(self.change(|table| table.by_name.insert(name.as_bytes().into(), method)));
    }

    fn method(
        &self,
        answers: Answers,
        options: MethodOptions,
        name: &str,
        start: Start<F>,
    ) -> Arc<Method<F>> {
        let (tasks, report) = (Arc::clone(&self.tasks), Weak::clone(&self.report));
        Arc::new(Method { name: name.into(), answers, options, tasks, report, start })
    }

    /// Removes a method; `false` if there is none with this name. Calls of it that run go on.
    pub(crate) fn remove(&self, name: &str) -> bool {
        self.change(|table| table.by_name.remove(name.as_bytes())).is_some()
    }

    /// Removes the methods of an enum with these names.
    pub(crate) fn remove_enum(&self, names: &EventNames) {
        for name in names.iter() {
            self.remove(name);
        }
        if names.takes_others() {
            drop(self.change(|table| table.others.take()));
        }
    }

    /// Changes the table. What it returns of the old one is dropped without the lock: dropping a method
    /// drops what it captured, which may come back here.
    fn change<R>(&self, change: impl FnOnce(&mut Table<F>) -> R) -> R {
        change(&mut self.table.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns the method that a call's message is for.
    pub(super) fn get(&self, call: &Message) -> Option<Arc<Method<F>>> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(method) = table.by_name.get(call.event_bytes()) {
            return Some(Arc::clone(method));
        }
        // The names that begin with `$` are reserved.
        let others = table.others.as_ref().filter(|_| !is_builtin(call.event_bytes()))?;
        Some(self.method(others.answers, others.options, call.event(), others.start.clone()))
    }

    /// Returns the names of the methods, and whether they answer with streams.
    pub(super) fn list(&self) -> Vec<(Box<str>, bool)> {
        let table = self.table.read().unwrap_or_else(PoisonError::into_inner);
        let methods = table.by_name.values().filter(|method| !is_builtin(&*method.name));
        methods.map(|method| (method.name.clone(), method.answers == Answers::Items)).collect()
    }

    /// Returns whether as many calls run in tasks as may.
    pub(super) fn is_busy(&self) -> bool {
        self.tasks.load(Ordering::Relaxed) >= MAX_TASKS
    }
}

/// Returns what runs a method that answers once.
fn once<F, T, R, E, Fut>(
    answer: impl Fn(T, Call<F>) -> Fut + Send + Sync + 'static,
) -> impl Fn(T, Call<F>, Permit) -> Running + Send + Sync + 'static
where
    F: EncodeCall<R>,
    T: Send + 'static,
    R: Send + 'static,
    E: Into<Failure>,
    Fut: Future<Output = Result<R, E>> + Send + 'static,
{
    let answer = Arc::new(answer);
    move |args: T, call: Call<F>, permit: Permit| {
        let answer = Arc::clone(&answer);
        Box::pin(async move {
            let _permit = permit.get().await;
            let result = answer(args, call.clone()).await;
            if let Some(frame) = call.answer(result.map_err(E::into)) {
                call.answer_later(frame).await;
            }
        })
    }
}

/// Returns what reads the arguments of a call with `read`, which looks at all of them if it `reads_all`, and then
/// runs it.
fn starting<F: MessageFormat, T>(
    options: MethodOptions,
    reads_all: bool,
    read: impl Fn(&F, &Message) -> Result<T, FormatError> + Send + Sync + 'static,
    run: impl Fn(T, Call<F>, Permit) -> Running + Send + Sync + 'static,
) -> Start<F> {
    let permits = options.concurrency.map(|calls| Arc::new(Semaphore::new(calls)));
    let read = Arc::new(move |args: &Message, call: Call<F>| {
        let args = read(call.peer().format(), args)?;
        Ok(run(args, call, Permit(permits.clone())))
    });
    Start { reads_all, read }
}

impl<F: MessageFormat> Method<F> {
    /// Returns the future that answers a call of the method with these arguments.
    pub(super) fn start(&self, args: &Message, call: Call<F>) -> Result<Running, FormatError> {
        (self.start.read)(args, call)
    }

    /// Returns whether reading the arguments finds out whether they are sound.
    pub(super) fn reads_all(&self) -> bool {
        self.start.reads_all
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

impl<F> fmt::Debug for Methods<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Methods").finish_non_exhaustive()
    }
}

/// How many calls run in tasks at a time, of all peers of a server; beyond it calls are answered
/// `busy`.
pub(super) const MAX_TASKS: usize = 4096;
