//! `nipc emit`: connect, send one event, leave when it is delivered.

use std::sync::{Arc, Mutex, PoisonError};

use ipc_compat::{Config, IpcClient, NoData, Retries};
use ipc_core::{ConnectError, DisconnectReason, EmitError};

use crate::exit::{Exit, is_breach};
use crate::lines::chain;
use crate::log::Log;
use crate::run::{Stop, supervise};
use crate::{args, endpoint, local, session};

/// Runs the command.
pub(crate) async fn run(args: args::Emit) -> Exit {
    let log = Log::new(args.common.verbose, args.quiet);
    if args.common.raw.raw && args.data.is_some() {
        log.fail(format_args!("with --raw there is no EVENT: nipc emit ID TEXT --raw"));
        return Exit::Usage;
    }
    let client = match endpoint::client(config(&args), &args.common) {
        Ok(client) => client,
        Err(error) => return session::unusable(log, &error),
    };
    let stop = Stop::default();
    let work = deliver(&args, &client, &stop, log);
    supervise(args.common.timeout, log, None, &stop, work).await
}

/// Returns the settings of who sends one event.
pub(crate) fn config(args: &args::Emit) -> Config {
    let mut config = endpoint::config(Some(&args.id), &args.common);
    // Nobody there is an answer, unless the user asks to wait for somebody.
    let waits = args.retrying.retry.is_some();
    let otherwise = if waits { Retries::Forever } else { Retries::Times(0) };
    endpoint::set_retrying(&mut config, &args.retrying, otherwise);
    config
}

async fn deliver(args: &args::Emit, client: &IpcClient, stop: &Stop, log: Log) -> Exit {
    let last = watch(client, log);
    if let Err(error) = emit(args, client) {
        log.fail(format_args!("not sent: {}", chain(&error)));
        client.core().disconnect().await;
        return Exit::Usage;
    }
    let delivered = async {
        if client.connected().await.is_ok() {
            client.core().flush().await;
        }
    };
    let (report, stopped) = tokio::select! {
        biased;
        () = delivered => (client.close().await, false),
        () = stop.requested() => (session::give_up(client).await, true),
    };
    let last = last.lock().unwrap_or_else(PoisonError::into_inner).take();
    match last {
        Some(DisconnectReason::Error(error)) if is_breach(&error) => {
            log.fail(format_args!("{}", chain(&*error)));
            return Exit::Protocol;
        }
        Some(reason @ DisconnectReason::Reset) => {
            log.fail(format_args!("the event may be lost: {}", session::reason(&reason)));
            return Exit::Failed;
        }
        _ => {}
    }
    if report.undelivered.is_empty() {
        return Exit::Done;
    }
    match client.connected().await {
        _ if stopped => log.note(format_args!("the event was not sent")),
        Err(ConnectError::Failed(error)) => log.fail(format_args!("{}", local::why(&error))),
        _ => log.fail(format_args!("the connection ended before the event was sent")),
    }
    Exit::Failed
}

/// Sends the event of the command line.
pub(crate) fn emit(args: &args::Emit, client: &IpcClient) -> Result<(), EmitError> {
    if args.common.raw.raw {
        return client.write(&args.event);
    }
    match &args.data {
        Some(data) => client.emit(&args.event, data),
        None => client.emit(&args.event, &NoData),
    }
}

/// Tells the log what happens, and returns where the reason of the last disconnect appears.
pub(crate) fn watch(client: &IpcClient, log: Log) -> Arc<Mutex<Option<DisconnectReason>>> {
    let last = Arc::new(Mutex::new(None));
    let of_handler = Arc::clone(&last);
    client.on_connect(move |_| log.note(format_args!("connected")));
    client.on_error(move |error| log.note(format_args!("{}", chain(error))));
    client.on_disconnect(move |reason| {
        log.note(format_args!("disconnected: {}", session::reason(reason)));
        *of_handler.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.clone());
    });
    let core = client.core().clone();
    client.on_error(move |error| {
        if session::is_hopeless(error) {
            core.stop_retrying();
        }
    });
    last
}
