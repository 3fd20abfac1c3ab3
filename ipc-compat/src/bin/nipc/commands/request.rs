//! `nipc request`: send one event, wait for the answer, print its data.

use std::sync::{Arc, Mutex, PoisonError};

use ipc_compat::{IpcClient, NodeFormat};
use ipc_core::{ClientEvent, DisconnectReason, Events, Incoming};
use tokio::sync::oneshot;

use crate::cli::sending::Request;
use crate::commands::emit;
use crate::commands::failures;
use crate::commands::failures::is_breach;
use crate::commands::matching::Member;
use crate::commands::sending::Content;
use crate::commands::supervise::{Stop, supervise};
use crate::exit::Exit;
use crate::io::lines::chain;
use crate::io::stderr::Diagnostics;

/// Runs the command.
pub(crate) async fn run(args: Request) -> Exit {
    let log = args.sending.log();
    let stop = Stop::default();
    let work = ask(&args, &stop, log);
    supervise(args.sending.common.timeout, log, None, &stop, work).await
}

async fn ask(args: &Request, stop: &Stop, log: Diagnostics) -> Exit {
    let sending = &args.sending;
    let config = match sending.config(log) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let (content, name, member) = match sending.content(&config, stop, log).await {
        Ok(content) => match wanted(args, &content) {
            Ok((name, member)) => (content, name, member),
            Err(why) => {
                log.fail(format_args!("{why}"));
                return Exit::Usage;
            }
        },
        Err(exit) => return exit,
    };
    let (client, entry) = match sending.client(config, log) {
        Ok(client) => client,
        Err(exit) => return exit,
    };
    // The client starts with what is sent: no event is missed.
    let events = client.events();
    let _last = emit::watch(&client, log);
    // Before the answers' handler: without a question that waits to be written, any message is one.
    if let Err(error) = content.emit(&client) {
        log.fail(format_args!("not sent: {}", chain(&error)));
        client.disconnect().await;
        return Exit::Usage;
    }
    let answered = on_answer(&client, name, member);
    let answer = tokio::select! {
        biased;
        answer = answer(answered, events) => answer,
        () = stop.requested() => Err((Exit::Failed, "no answer came".into())),
    };
    // It has been answered, or never will be: nothing waits to be written.
    client.disconnect().await;
    match answer {
        // As it was on the wire, on a line of its own; of an answer without data nothing.
        Ok(data) if data.is_empty() => Exit::Done,
        Ok(data) => failures::print(log, &[&data[..], b"\n"].concat()),
        Err((exit, why)) => entry.refused(log).unwrap_or_else(|| {
            log.fail(format_args!("{why}"));
            exit
        }),
    }
}

/// Returns what the answer to this question is known by.
fn wanted(args: &Request, content: &Content) -> Result<(String, Option<Member>), String> {
    let Content::Event { name, data } = content else {
        return Err("--raw takes no EVENT, so there is no answer to wait for".into());
    };
    let member = match &args.matching {
        Some(member) => Some(Member::of_question(member, data.as_ref())?),
        None => None,
    };
    Ok((args.answer.clone().unwrap_or_else(|| name.clone()), member))
}

/// Returns where the data of the answer appear: of the first message with this name, and with this
/// member if one is wanted, that came when the question was written.
///
/// The handler runs in the task that writes, so it sees what is written by then.
fn on_answer(
    client: &IpcClient,
    name: String,
    member: Option<Member>,
) -> oneshot::Receiver<Vec<u8>> {
    let (sender, answered) = oneshot::channel();
    let sender = Arc::new(Mutex::new(Some(sender)));
    client.on_any(move |message, server| {
        let data = message.payload().unwrap_or_default();
        let is_answer = message.event() == name
            && server.queued().messages == 0
            && member.as_ref().is_none_or(|member| member.is_in(data));
        let sender = || sender.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(sender) = is_answer.then(sender).flatten() {
            let _ = sender.send(data.to_vec());
        }
    });
    answered
}

/// Returns the data of the answer, or how to end without one.
///
/// An answer belongs to the connection that asked: when that ends, none will come.
async fn answer(
    mut answered: oneshot::Receiver<Vec<u8>>,
    mut events: Events<NodeFormat, ClientEvent>,
) -> Result<Vec<u8>, (Exit, String)> {
    let (mut connected, mut failed) = (false, None);
    loop {
        let incoming = tokio::select! {
            biased;
            // What came before the end counts.
            Ok(data) = &mut answered => return Ok(data),
            incoming = events.next() => incoming,
        };
        match incoming {
            Some(Incoming::Lifecycle(ClientEvent::Connect)) => connected = true,
            Some(Incoming::Lifecycle(ClientEvent::Error(error))) => {
                failed = Some(failures::why(&error));
            }
            Some(Incoming::Lifecycle(ClientEvent::Disconnect(reason))) if connected => {
                // The error of an end within a frame says more than the reason.
                let why = match (&reason, failed) {
                    (DisconnectReason::Truncated { .. }, Some(error)) => error,
                    _ => failures::reason(&reason),
                };
                let why = format!("no answer came: {why}");
                return Err(match reason {
                    DisconnectReason::Error(error) if is_breach(&error) => (Exit::Protocol, why),
                    _ => (Exit::Failed, why),
                });
            }
            Some(_) => {}
            None => return Err((Exit::Failed, failed.unwrap_or_else(|| "no answer came".into()))),
        }
    }
}
