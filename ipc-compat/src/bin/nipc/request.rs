//! `nipc request`: send one event, wait for the answer, print its data.

use std::io::{ErrorKind, Write, stdout};

use ipc_compat::{IpcClient, NodeFormat};
use ipc_core::{ClientEvent, DisconnectReason, Events, Incoming};

use crate::exit::{Exit, is_breach};
use crate::lines::chain;
use crate::log::Log;
use crate::run::{Stop, supervise};
use crate::{args, emit, endpoint, session};

/// Runs the command.
pub(crate) async fn run(args: args::Emit) -> Exit {
    let log = Log::new(args.common.verbose, args.quiet);
    if args.common.raw.raw {
        log.fail(format_args!("with --raw there is no EVENT an answer could have"));
        return Exit::Usage;
    }
    let client = match endpoint::client(emit::config(&args), &args.common) {
        Ok(client) => client,
        Err(error) => return session::unusable(log, &error),
    };
    let stop = Stop::default();
    // The client starts with what is sent: no event is missed.
    let events = client.core().events();
    let work = ask(&args, &client, events, &stop, log);
    supervise(args.common.timeout, log, None, &stop, work).await
}

async fn ask(
    args: &args::Emit,
    client: &IpcClient,
    events: Events<NodeFormat, ClientEvent>,
    stop: &Stop,
    log: Log,
) -> Exit {
    let _last = emit::watch(client, log);
    if let Err(error) = emit::emit(args, client) {
        log.fail(format_args!("not sent: {}", chain(&error)));
        client.core().disconnect().await;
        return Exit::Usage;
    }
    let answer = tokio::select! {
        biased;
        answer = answer(events, &args.event) => answer,
        () = stop.requested() => Err((Exit::Failed, "no answer came".into())),
    };
    // It has been answered, or never will be: nothing waits to be written.
    client.core().disconnect().await;
    match answer.map(|data| print(&data)) {
        Ok(Ok(())) => Exit::Done,
        // Who read it has seen enough.
        Ok(Err(error)) if error.kind() == ErrorKind::BrokenPipe => Exit::Done,
        Ok(Err(error)) => {
            log.fail(format_args!("cannot write to stdout: {error}"));
            Exit::Failed
        }
        Err((exit, why)) => {
            log.fail(format_args!("{why}"));
            exit
        }
    }
}

/// Returns the data of the first message with this name, or how to end without one.
///
/// An answer belongs to the connection that asked: when that ends, none will come.
async fn answer(
    mut events: Events<NodeFormat, ClientEvent>,
    event: &str,
) -> Result<Vec<u8>, (Exit, String)> {
    let (mut connected, mut failed) = (false, None);
    while let Some(incoming) = events.next().await {
        match incoming {
            Incoming::Message(message, _) if message.event() == event => {
                return Ok(message.payload().unwrap_or_default().to_vec());
            }
            Incoming::Lifecycle(ClientEvent::Connect) => connected = true,
            Incoming::Lifecycle(ClientEvent::Error(error)) => failed = Some(chain(&*error)),
            Incoming::Lifecycle(ClientEvent::Disconnect(reason)) if connected => {
                let why = format!("no answer came: {}", session::reason(&reason));
                return Err(match reason {
                    DisconnectReason::Error(error) if is_breach(&error) => (Exit::Protocol, why),
                    _ => (Exit::Failed, why),
                });
            }
            _ => {}
        }
    }
    Err((Exit::Failed, failed.unwrap_or_else(|| "no answer came".into())))
}

/// Prints data as it was on the wire, on a line of its own; of an answer without any nothing.
fn print(data: &[u8]) -> std::io::Result<()> {
    let mut out = stdout().lock();
    if !data.is_empty() {
        out.write_all(data)?;
        out.write_all(b"\n")?;
    }
    out.flush()
}
