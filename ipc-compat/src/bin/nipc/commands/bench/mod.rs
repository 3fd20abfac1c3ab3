//! `nipc bench`: measures a server that echoes, whoever's it is.

mod meter;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use ipc_compat::{IpcClient, RawJson, Socket};
use ipc_core::{CallError, Message};
use tokio::sync::oneshot;

use crate::cli::bench::Bench;
use crate::cli::settings;
use crate::commands::endpoint;
use crate::commands::entry::Entry;
use crate::commands::failures;
use crate::commands::failures::is_breach;
use crate::commands::supervise::{Stop, supervise};
use crate::exit::Exit;
use crate::io::lines::chain;
use crate::io::stderr::Diagnostics;
use meter::{Data, Meter, Report};

/// Runs the command.
pub(crate) async fn run(args: Bench) -> Exit {
    let log = Diagnostics::new(args.common.verbose, args.quiet);
    let mut config = settings::config(args.id.as_deref(), &args.common);
    settings::set_retrying_if_asked(&mut config, &args.retrying);
    if let Err(error) = args.hello.set(&mut config) {
        return failures::wrong_hello(log, &*error);
    }
    let hello = config.hello.clone();
    let all = args.in_flight.saturating_mul(args.payload.saturating_add(ENVELOPE));
    config.max_pending_bytes = config.max_pending_bytes.max(all.saturating_add(args.event.len()));
    let client = match endpoint::client(config, &args.common) {
        Ok(client) => client,
        Err(error) => return failures::unusable(log, &error),
    };
    let stop = Stop::default();
    let entry = Entry::watch(&client, hello.as_ref());
    let work = measure(&args, &client, &entry, &stop, log);
    supervise(args.common.timeout, log, None, &stop, work).await
}

async fn measure(
    args: &Bench,
    client: &IpcClient,
    entry: &Entry,
    stop: &Stop,
    log: Diagnostics,
) -> Exit {
    let warm_up = args.warmup.unwrap_or(args.count / 10);
    let meter = Meter::new(warm_up, args.count, args.payload);
    let (run, finished) = Run::start(meter, &args.event, client, log);
    let showing = async {
        if !args.quiet {
            show(&run, warm_up + args.count).await;
        }
        std::future::pending().await
    };
    let trips = async {
        if client.connected().await.is_err() {
            // The reason comes as an error of its own.
            return std::future::pending().await;
        }
        match &args.call {
            Some(method) => run.call(args.in_flight, method, client),
            None => run.send(args.in_flight, &args.event, client),
        }
        std::future::pending().await
    };
    let ended = tokio::select! {
        biased;
        ended = finished => ended.unwrap_or(Err(Failure::Stopped)),
        () = stop.requested() => Err(Failure::Stopped),
        never = trips => never,
        never = showing => never,
    };
    client.disconnect().await;
    match ended {
        Ok(report) => failures::print(log, format!("{}\n", report.json()).as_bytes()),
        Err(Failure::Stopped) => Exit::Failed,
        Err(Failure::Lost(why)) => entry.refused(log).unwrap_or_else(|| {
            log.fail(format_args!("{why}"));
            Exit::Failed
        }),
        Err(Failure::Breach(why)) => {
            log.fail(format_args!("{why}"));
            Exit::Protocol
        }
        Err(Failure::NotSent(why)) => {
            log.fail(format_args!("not sent: {why}"));
            Exit::Usage
        }
    }
}

/// Why the measurement failed.
#[derive(Debug)]
enum Failure {
    /// It could not connect, or the connection was lost.
    Lost(String),
    /// The server does not echo, or breaks the protocol.
    Breach(String),
    /// A message cannot be sent at all.
    NotSent(String),
    /// A signal or the timeout ended it.
    Stopped,
}

/// A measurement under way: answers come to a handler, which sends the next message.
#[derive(Debug, Clone)]
struct Run {
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    meter: Meter,
    last_error: Option<String>,
    /// Receives the outcome, once.
    done: Option<oneshot::Sender<Result<Report, Failure>>>,
}

impl Run {
    fn start(
        meter: Meter,
        event: &str,
        client: &IpcClient,
        log: Diagnostics,
    ) -> (Self, oneshot::Receiver<Result<Report, Failure>>) {
        let (done, finished) = oneshot::channel();
        let run = Self {
            state: Arc::new(Mutex::new(State { meter, last_error: None, done: Some(done) })),
        };
        let (answered, name) = (run.clone(), event.to_owned());
        client.on_any(move |message, server| {
            if message.event() == name {
                answered.on_echo(message, server);
            }
        });
        let (failed, core) = (run.clone(), client.core().clone());
        client.on_error(move |error| {
            log.note(format_args!("{}", chain(error)));
            let breach = is_breach(error);
            if breach {
                failed.end(Err(Failure::Breach(chain(error))));
            }
            if breach || failures::gives_up_on(error) {
                core.stop_retrying();
            }
            failed.lock().last_error = Some(chain(error));
        });
        let lost = run.clone();
        client.on_disconnect(move |reason| {
            // Before anything was sent, attempts to connect may fail as often as they like.
            if lost.lock().meter.has_begun() {
                lost.end(Err(Failure::Lost(failures::reason(reason))));
            }
        });
        let ended = run.clone();
        client.on_destroy(move || {
            let why = ended.lock().last_error.take();
            let why = why.unwrap_or_else(|| "there is no connection".into());
            ended.end(Err(Failure::Lost(why)));
        });
        (run, finished)
    }

    /// Sends the first messages, as many as may be in flight.
    fn send(&self, in_flight: usize, event: &str, client: &IpcClient) {
        for _ in 0..in_flight {
            let mut state = self.lock();
            let Some(data) = state.meter.next_message() else { return };
            drop(state);
            if let Err(error) = client.emit(event, &data) {
                return self.end(Err(Failure::NotSent(chain(&error))));
            }
        }
    }

    /// Calls the method from as many tasks as calls may be in flight.
    fn call(&self, in_flight: usize, method: &str, client: &IpcClient) {
        for _ in 0..in_flight {
            let (run, client, method) = (self.clone(), client.core().clone(), method.to_owned());
            tokio::spawn(async move {
                let mut next = run.lock().meter.next_message();
                while let Some(data) = next {
                    next = match client.call::<_, RawJson>(&method, &data).await {
                        Ok(result) => {
                            run.answered(|meter| meter.on_answer(data.seq, result.as_bytes()))
                        }
                        Err(error) => return run.end(Err(failure_of(&error))),
                    };
                }
            });
        }
    }

    /// Counts an answer, and returns the next message to send, if there is one.
    fn answered(&self, record: impl FnOnce(&mut Meter) -> Result<(), String>) -> Option<Data> {
        let mut state = self.lock();
        let ended = match record(&mut state.meter) {
            Err(why) => Err(Failure::Breach(why)),
            Ok(()) => match state.meter.report() {
                Some(report) => Ok(report),
                None => return state.meter.next_message(),
            },
        };
        drop(state);
        self.end(ended);
        None
    }

    fn on_echo(&self, message: &Message, server: &Socket) {
        let data = message.payload().unwrap_or_default();
        let Some(data) = self.answered(|meter| meter.on_echo(data)) else { return };
        if let Err(error) = server.emit(message.event(), &data) {
            self.end(Err(Failure::NotSent(chain(&error))));
        }
    }

    /// Sends the outcome, unless one was sent before.
    fn end(&self, ended: Result<Report, Failure>) {
        let done = self.lock().done.take();
        if let Some(done) = done {
            let _ = done.send(ended);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn failure_of(error: &CallError) -> Failure {
    match error {
        CallError::NotSent(_) => Failure::NotSent(chain(error)),
        CallError::Disconnected { .. } | CallError::Closed { .. } => Failure::Lost(chain(error)),
        _ => Failure::Breach(chain(error)),
    }
}

/// Shows how far it is, on stderr, if that is a terminal; the bar goes when this is dropped.
async fn show(run: &Run, total: usize) {
    let bar = Bar(ProgressBar::new(total as u64));
    if bar.0.is_hidden() {
        return;
    }
    let style = "{wide_bar} {pos}/{len} {per_sec}, {eta} left";
    bar.0.set_style(
        ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    loop {
        bar.0.set_position(run.lock().meter.received() as u64);
        tokio::time::sleep(FRAME).await;
    }
}

struct Bar(ProgressBar);

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// More than a message has beside its text and the event's name, in bytes.
const ENVELOPE: usize = 100;

/// How often the bar is drawn: seldom, since it takes time from what is measured.
const FRAME: Duration = Duration::from_millis(200);
