//! `nipc call`: call a method, print its result.

use std::sync::PoisonError;

use ipc_compat::{IpcClient, NodeFormat, RawJson};
use ipc_core::protocol::calls::EncodeCall;
use ipc_core::{CallError, ConnectError, DisconnectReason, Failure, Message};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::cli::call::Call;
use crate::commands::entry::Entry;
use crate::commands::failures::is_breach;
use crate::commands::sending::Content;
use crate::commands::supervise::{Stop, supervise};
use crate::commands::{emit, failures};
use crate::exit::Exit;
use crate::io::lines::chain;
use crate::io::stderr::Diagnostics;

/// Runs the command.
pub(crate) async fn run(args: Call) -> Exit {
    let log = args.sending.log();
    let stop = Stop::default();
    let work = ask(&args, &stop, log);
    supervise(args.sending.common.timeout, log, None, &stop, work).await
}

async fn ask(args: &Call, stop: &Stop, log: Diagnostics) -> Exit {
    let sending = &args.sending;
    let mut config = match sending.config(log) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    config.layout = args.layout.layout(&[]);
    let content = match sending.content(&config, stop, log).await {
        Ok(content) => content,
        Err(exit) => return exit,
    };
    // The options exclude the other one.
    let Content::Event { data, .. } = content else { return Exit::Usage };
    let (client, entry) = match sending.client(config, log) {
        Ok(client) => client,
        Err(exit) => return exit,
    };
    let last = emit::watch(&client, log);
    let called = async {
        match &data {
            Some(data) => call(args, &client, &entry, data, log).await,
            None => call(args, &client, &entry, &(), log).await,
        }
    };
    let called = tokio::select! {
        biased;
        called = called => called,
        () = stop.requested() => {
            client.disconnect().await;
            return Exit::Failed;
        }
    };
    // What waits to be written is a notice, or a cancel.
    if client.connected().await.is_ok() {
        client.flush().await;
    }
    client.disconnect().await;
    if let Some(exit) = entry.refused(log) {
        return exit;
    }
    let last = last.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (called, last) {
        (Ok(exit), _) => exit,
        (Err(CallError::Closed { .. } | CallError::Disconnected { .. }), Some(reason)) => {
            log.fail(format_args!("no answer came: {}", failures::reason(&reason)));
            match reason {
                DisconnectReason::Error(error) if is_breach(&error) => Exit::Protocol,
                _ => Exit::Failed,
            }
        }
        (Err(error), _) => {
            let exit = exit_of(&error);
            match (error.failure(), client.connected().await) {
                // The error object is of status 5; whose clock was first at a deadline is chance.
                (Some(failure), _) if exit == Exit::Remote => print_failure(failure),
                (None, Err(ConnectError::Failed(error))) if exit == Exit::Failed => {
                    log.fail(format_args!("{}", failures::why(&error)));
                }
                _ => log.fail(format_args!("{}", chain(&error))),
            }
            exit
        }
    }
}

/// Calls the method, and prints its result or its items as they were on the wire, a line each.
async fn call<A: Sync>(
    args: &Call,
    client: &IpcClient,
    entry: &Entry,
    data: &A,
    log: Diagnostics,
) -> Result<Exit, CallError>
where
    NodeFormat: EncodeCall<A>,
{
    let method = &args.sending.event;
    if args.notice {
        client.notice(method, data).map_err(CallError::NotSent)?;
        // It is written, or the server cannot be reached.
        if !client.flush().await {
            return Err(CallError::Closed { sent: ipc_core::Sent::No });
        }
        entry.answered().await;
        return Ok(Exit::Done);
    }
    if args.stream {
        let call = client.call_stream::<_, Option<RawJson>>(method, data);
        let mut items = match args.within {
            Some(limit) => call.within(limit).await?,
            None => call.await?,
        };
        while let Some(item) = items.next().await {
            match print(log, item?) {
                Exit::Done => {}
                exit => return Ok(exit),
            }
        }
        return Ok(Exit::Done);
    }
    let call = client.call::<_, Option<RawJson>>(method, data);
    let result = match args.within {
        Some(limit) => call.within(limit).await?,
        None => call.await?,
    };
    Ok(print(log, result))
}

/// Prints a result; of one that is absent nothing.
fn print(log: Diagnostics, result: Option<RawJson>) -> Exit {
    result.map_or(Exit::Done, |result| failures::print(log, &[result.as_bytes(), b"\n"].concat()))
}

/// The other side's error, as it is printed.
#[derive(Serialize)]
struct Printed<'a> {
    code: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Box<RawValue>>,
}

/// Prints the other side's error to stderr, as one line of JSON: it is what was asked for.
fn print_failure(failure: &Failure) {
    let data = failure.data.clone().and_then(Message::into_payload);
    let data = data.and_then(|data| serde_json::from_slice(&data).ok());
    let printed = Printed { code: &failure.code, message: &failure.message, data };
    crate::io::stderr::print_json(&printed);
}

fn exit_of(error: &CallError) -> Exit {
    match error {
        CallError::Deadline { .. } | CallError::PeerDeadline(_) => Exit::TimeRanOut,
        CallError::UnexpectedStream | CallError::Overrun(_) => Exit::Protocol,
        error if error.failure().is_some() => Exit::Remote,
        CallError::NotSent(_) | CallError::Unsupported(_) => Exit::Usage,
        _ => Exit::Failed,
    }
}
