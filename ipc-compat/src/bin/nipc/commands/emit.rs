//! `nipc emit`: connect, send one event, exit when it is written.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ipc_compat::IpcClient;
use ipc_core::{CloseReport, ConnectError, DisconnectReason};

use crate::cli::sending::Emit;
use crate::commands::entry::Entry;
use crate::commands::failures::is_breach;
use crate::commands::supervise::{Stop, supervise};
use crate::commands::{closing, failures};
use crate::exit::Exit;
use crate::io::lines::chain;
use crate::io::stderr::Diagnostics;

/// Runs the command.
pub(crate) async fn run(args: Emit) -> Exit {
    let log = args.sending.log();
    let stop = Stop::default();
    let work = send(&args, &stop, log);
    supervise(args.sending.common.timeout, log, None, &stop, work).await
}

async fn send(args: &Emit, stop: &Stop, log: Diagnostics) -> Exit {
    let sending = &args.sending;
    if sending.common.raw.raw && sending.data.is_some() {
        log.fail(format_args!("--raw takes no EVENT: nipc emit ID TEXT --raw"));
        return Exit::Usage;
    }
    let mut config = match sending.config(log) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let content = match sending.content(&config, stop, log).await {
        Ok(content) => content,
        Err(exit) => return exit,
    };
    if let Some(flush) = args.flush {
        config.linger = flush;
    }
    let (client, entry) = match sending.client(config, log) {
        Ok(client) => client,
        Err(exit) => return exit,
    };
    let last = watch(&client, log);
    if let Err(error) = content.emit(&client) {
        log.fail(format_args!("not sent: {}", chain(&error)));
        client.disconnect().await;
        return Exit::Usage;
    }
    let (report, stopped) = tokio::select! {
        biased;
        report = write_and_close(&client, &entry, args.flush) => (report, false),
        () = stop.requested() => (closing::give_up(&client).await, true),
    };
    if let Some(exit) = entry.refused(log) {
        return exit;
    }
    let last = last.lock().unwrap_or_else(PoisonError::into_inner).take();
    let has_read = report.peer_ended || matches!(last, Some(DisconnectReason::PeerClosed));
    match last {
        Some(DisconnectReason::Error(error)) if is_breach(&error) => {
            log.fail(format_args!("{}", chain(&*error)));
            return Exit::Protocol;
        }
        Some(reason @ DisconnectReason::Reset) => {
            log.fail(format_args!("the event may be lost: {}", failures::reason(&reason)));
            return Exit::Failed;
        }
        _ => {}
    }
    if report.undelivered.is_empty() {
        let Some(limit) = args.flush.filter(|_| !has_read) else {
            let known = if has_read { "" } else { "; whether it is read is not known" };
            log.note(format_args!("the event is written{known}"));
            return Exit::Done;
        };
        log.fail(format_args!(
            "the event is written, but the server did not close within {} ms: perhaps it has not read \
             it",
            limit.as_millis()
        ));
        return Exit::Failed;
    }
    match client.connected().await {
        _ if stopped => log.note(format_args!("the event was not sent")),
        Err(ConnectError::Failed(error)) => log.fail(format_args!("{}", failures::why(&error))),
        _ => log.fail(format_args!("the connection ended before the event was written")),
    }
    Exit::Failed
}

/// Flushes and closes the connection, once the server has answered the hello. With `--flush` it gives up on a server that reads nothing for
/// that time.
async fn write_and_close(
    client: &IpcClient,
    entry: &Entry,
    flush: Option<Duration>,
) -> CloseReport {
    if client.connected().await.is_ok() {
        entry.answered().await;
        match flush {
            Some(patience) if !closing::flush(client, patience).await => {
                return client.disconnect().await;
            }
            Some(_) => {}
            None => drop(client.flush().await),
        }
    }
    client.close().await
}

/// Logs what happens, and returns the place of the last disconnect's reason.
pub(crate) fn watch(client: &IpcClient, log: Diagnostics) -> Arc<Mutex<Option<DisconnectReason>>> {
    let last = Arc::new(Mutex::new(None));
    let of_handler = Arc::clone(&last);
    client.on_connect(move |_| log.note(format_args!("connected")));
    client.on_error(move |error| log.note(format_args!("{}", chain(error))));
    client.on_disconnect(move |reason| {
        log.note(format_args!("disconnected: {}", failures::reason(reason)));
        *of_handler.lock().unwrap_or_else(PoisonError::into_inner) = Some(reason.clone());
    });
    let core = client.core().clone();
    client.on_error(move |error| {
        if failures::gives_up_on(error) {
            core.stop_retrying();
        }
    });
    last
}
