//! `nipc serve`: serve, print every event, send what stdin says.

use std::pin::pin;
use std::time::Duration;

use ipc_compat::{IpcServer, NoData, NodeFormat, RawJson, codes};
use ipc_core::protocol::calls::CallNumber;
use ipc_core::{EmitError, Error, Events, Incoming, PeerId, ServerEvent};
use tokio::sync::mpsc;

use crate::cli::Serve;
use crate::cli::settings;
use crate::commands::clients::Clients;
use crate::commands::methods::{Calls, Methods, Received};
use crate::commands::supervise::{Stop, supervise};
use crate::commands::wanted::Wanted;
use crate::commands::{endpoint, failures, output, raw};
use crate::exit::Exit;
use crate::io::instruction::{Chunk, Event, Instruction};
use crate::io::lines::{Line, chain};
use crate::io::stderr::Diagnostics;
use crate::io::stdin::Instructions;
use crate::io::stdout::Output;

/// Runs the command.
pub(crate) async fn run(args: Serve) -> Exit {
    let log = Diagnostics::new(args.common.verbose, args.printing.quiet);
    let mut config = settings::config(args.id.as_deref(), &args.common);
    config.unlink = !args.no_unlink;
    args.when_lost.set(&mut config);
    args.access.set(&mut config);
    args.tokens.set(&mut config);
    if let Some(clients) = args.max_connections {
        config.max_connections = clients;
    }
    let methods = match args.answering.methods.as_deref().map(Methods::read).transpose() {
        Ok(methods) => methods,
        Err(why) => {
            log.fail(format_args!("{why}"));
            return Exit::Usage;
        }
    };
    let names = methods.as_ref().map(Methods::names).unwrap_or_default();
    config.layout = args.answering.layout.layout(&names);
    let instructions = match Instructions::of_stdin(&config) {
        Ok(instructions) => instructions,
        Err(error) => return failures::cannot_start(log, &error),
    };
    let server = match endpoint::server(config, &args.common) {
        Ok(server) => server,
        Err(error) => return failures::unusable(log, &error),
    };
    let output = match output::open(&args.printing, log) {
        Ok(output) => output,
        Err(exit) => return exit,
    };
    let exit_with_stdin = args.exit_with_stdin;
    let (stop, wanted) = (Stop::default(), Wanted::new(args.printing.count));
    let clients = Clients { server: &server, output: &output };
    let session = ServeSession {
        server: &server,
        clients,
        output: &output,
        wanted: &wanted,
        log,
        exit_with_stdin,
    };
    let echo = args.echo.then(|| echo(&server));
    let calls = methods.map(|methods| methods.register(&server));
    let work = session.run(echo, calls, instructions, &stop);
    supervise(args.common.timeout, log, Some(&output), &stop, work).await
}

struct ServeSession<'a> {
    server: &'a IpcServer,
    clients: Clients<'a>,
    output: &'a Output,
    wanted: &'a Wanted,
    log: Diagnostics,
    exit_with_stdin: bool,
}

/// Messages that could not be sent back.
type Failures = mpsc::Receiver<(PeerId, EmitError)>;

/// Sends every message back to its sender, from its connection's own task: what comes in one read
/// goes back in one write, and a client that does not read is not read from.
fn echo(server: &IpcServer) -> Failures {
    let (failed, failures) = mpsc::channel(FAILURES);
    server.on_any(move |message, client| {
        let sent = raw::echo(message, client).unwrap_or_else(|| {
            match client.decode::<RawJson>(message) {
                Ok(data) => client.emit(message.event(), &data),
                // The message has no payload.
                Err(_) => client.emit(message.event(), &NoData),
            }
        });
        match sent {
            Ok(()) | Err(EmitError::Closed) => {}
            Err(error) => {
                // An answer is missing now, so no later one may follow. If there is no room for
                // the failure, there are enough of them to be printed.
                client.disconnect();
                let _ = failed.try_send((client.id(), error));
            }
        }
    });
    failures
}

impl ServeSession<'_> {
    async fn run(
        &self,
        echo: Option<Failures>,
        calls: Option<Calls>,
        instructions: Instructions,
        stop: &Stop,
    ) -> Exit {
        let events = self.server.events();
        match self.server.start().await {
            Ok(endpoint) => {
                let endpoint = endpoint.to_string();
                self.output.print(&Line::Start { endpoint }).await;
            }
            Err(error) => {
                self.output.print(&Line::error(&error, None)).await;
                self.output.drained().await;
                self.log.fail(format_args!("could not listen: {}", chain(&error)));
                return Exit::Failed;
            }
        }
        let mut printing = pin!(self.print(events, echo, calls));
        let ended = tokio::select! {
            () = &mut printing => true,
            () = self.execute(instructions) => false,
            () = self.wanted.no_more() => false,
            () = stop.requested() => false,
        };
        if ended {
            // A server closes on its own only if its socket file is lost and `--when-displaced stop` was given.
            self.output.drained().await;
            self.log.fail(format_args!("stopped: the socket file is lost"));
            return Exit::Failed;
        }
        // Printing goes on: connections close only when their events are taken.
        tokio::join!(self.server.shutdown(GRACE), &mut printing);
        self.output.drained().await;
        Exit::Done
    }

    /// Prints events until the server is closed.
    async fn print(
        &self,
        mut events: Events<NodeFormat, ServerEvent<NodeFormat>>,
        mut echo: Option<Failures>,
        mut calls: Option<Calls>,
    ) {
        loop {
            // Pending events must not starve the sockets.
            tokio::task::consume_budget().await;
            let failure = next(&mut echo);
            tokio::select! {
                biased;
                Some((client, error)) = failure => {
                    self.output.print(&Line::not_sent(&error, Some(client.get()))).await;
                }
                incoming = events.next() => match incoming {
                    Some(Incoming::Message(message, client)) => {
                        let peer = Some(client.id().get());
                        self.wanted.print(self.output, &message, (&client, peer)).await;
                    }
                    Some(Incoming::Lifecycle(event)) => {
                        if let (ServerEvent::Disconnect { .. }, Some(calls)) = (&event, &mut calls) {
                            // What a client called is printed before its end.
                            while let Ok(call) = calls.try_recv() {
                                self.print_call(&call).await;
                            }
                        }
                        self.print_lifecycle(event).await;
                    }
                    Some(_) => {}
                    None => return,
                },
                Some(call) = next(&mut calls) => self.print_call(&call).await,
            }
        }
    }

    async fn print_call(&self, call: &Received) {
        let Received { peer, number, method, args } = call;
        let n = number.as_ref().and_then(|number| match number {
            CallNumber::Integer(number) => serde_json::value::to_raw_value(number).ok(),
            CallNumber::Text(text) => serde_json::value::to_raw_value(text).ok(),
            _ => None,
        });
        // It is JSON, so it can be read.
        let args = args.as_ref().and_then(|args| serde_json::from_str(args.as_str()).ok());
        self.output.print(&Line::Call { peer: *peer, n, method, args }).await;
    }

    async fn print_lifecycle(&self, event: ServerEvent<NodeFormat>) {
        match event {
            ServerEvent::Connect(client) => {
                let peer = client.id().get();
                if let Some(credentials) = client.info().and_then(|info| info.credentials) {
                    self.log.note(format_args!("client {peer}: {credentials:?}"));
                }
                if endpoint::udp_address(&client).is_none() {
                    self.output.print(&Line::Connect { peer: Some(peer) }).await;
                }
            }
            ServerEvent::Disconnect { peer: client, reason } => {
                let peer = client.id().get();
                self.log.note(format_args!("client {peer}: {}", failures::reason(&reason)));
                let undelivered = client.take_undelivered().len();
                if undelivered > 0 {
                    self.output.print(&Line::undelivered(undelivered, Some(peer))).await;
                }
                if let Some(line) = Line::limited(peer, client.limited()) {
                    self.output.print(&line).await;
                }
                if endpoint::udp_address(&client).is_some() {
                    return;
                }
                let id = self.server.socket_id(&client);
                // It is JSON, so it can be read.
                let id = id.as_ref().and_then(|id| serde_json::from_str(id.as_str()).ok());
                self.output.print(&Line::SocketDisconnected { peer, id }).await;
                self.output.print(&Line::Close { peer }).await;
            }
            ServerEvent::Error { peer: client, error } => {
                let peer = client.map(|client| client.id().get());
                let line = match (&*error, peer) {
                    (Error::Denied { what, name, .. }, Some(peer)) => {
                        Line::denied(peer, *what, name)
                    }
                    (error, peer) => Line::error(error, peer),
                };
                self.output.print(&line).await;
            }
            ServerEvent::Identified { peer, identity } => {
                let (peer, identity) = (peer.id().get(), &*identity.name);
                self.output.print(&Line::Identified { peer, identity }).await;
            }
            ServerEvent::Displaced(displaced) => {
                self.output.print(&Line::displaced(&displaced)).await;
            }
            ServerEvent::Refused { why, .. } => {
                let (code, message) = (codes::of_refusal(&why), why.to_string());
                self.output.print(&Line::Refused { code, message }).await;
            }
            _ => {}
        }
    }

    /// Executes instructions until one says to stop. Once stdin is closed it waits for ever, unless
    /// `--exit-with-stdin` was given.
    async fn execute(&self, mut instructions: Instructions) {
        while let Some(instruction) = instructions.next().await {
            match instruction {
                Ok(Instruction::Send(Event { to, name, data })) => match &data {
                    Some(data) => self.clients.send(to, &name, data).await,
                    None => self.clients.send(to, &name, &NoData).await,
                },
                Ok(Instruction::Write(Chunk { to, data })) => {
                    self.clients.send(to, NodeFormat::RAW_EVENT, &data).await;
                }
                Ok(Instruction::Join { peer, group }) => self.clients.join(peer, &group).await,
                Ok(Instruction::Leave { peer, group }) => self.clients.leave(peer, &group).await,
                Ok(Instruction::Kick { peer }) => self.clients.kick(peer).await,
                Ok(Instruction::Close) => return,
                // A server has nothing to retry.
                Ok(Instruction::StopRetrying) => {}
                Err(bad) => self.output.print(&failures::bad(&bad)).await,
            }
        }
        if !self.exit_with_stdin {
            std::future::pending().await
        }
    }
}

/// Returns the next of what is received, if anything can be.
async fn next<T>(receiver: &mut Option<mpsc::Receiver<T>>) -> Option<T> {
    receiver.as_mut()?.recv().await
}

/// How many failures to echo may wait to be printed.
const FAILURES: usize = 1024;

/// How long the clients may take to read what waits for them: as long as a connection may take
/// to close, and a little more, so that it is the connection that says what it could not write.
const GRACE: Duration = Duration::from_secs(12);
