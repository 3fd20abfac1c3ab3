//! `nipc connect`: connect, print every event, send what stdin says.

use std::pin::pin;
use std::time::Duration;

use ipc_compat::{IpcClient, NoData, NodeFormat, RawSocket, Retries};
use ipc_core::{ClientEvent, DisconnectReason, EmitError, Error, Events, Incoming, Pattern};

use crate::cli::Connect;
use crate::cli::settings;
use crate::commands::failures::is_breach;
use crate::commands::supervise::{Stop, supervise};
use crate::commands::wanted::Wanted;
use crate::commands::{closing, endpoint, entry, failures, output};
use crate::exit::Exit;
use crate::io::instruction::{BadInstruction, Chunk, Event, Instruction, To};
use crate::io::lines::Line;
use crate::io::stderr::Diagnostics;
use crate::io::stdin::Instructions;
use crate::io::stdout::Output;

/// Runs the command.
pub(crate) async fn run(args: Connect) -> Exit {
    let log = Diagnostics::new(args.common.verbose, args.printing.quiet);
    let mut config = settings::config(args.id.as_deref(), &args.common);
    settings::set_retrying(&mut config, &args.retrying, Retries::Forever);
    config.sync = args.sync;
    if let Err(error) = args.hello.set(&mut config) {
        return failures::wrong_hello(log, &*error);
    }
    let instructions = match Instructions::of_stdin(&config) {
        Ok(instructions) => instructions,
        Err(error) => return failures::cannot_start(log, &error),
    };
    let client = match endpoint::client(config, &args.common) {
        Ok(client) => client,
        Err(error) => return failures::unusable(log, &error),
    };
    // The client starts when the stream is first polled, so that no event is missed.
    let events = client.events();
    let output = match output::open(&args.printing, log) {
        Ok(output) => output,
        Err(exit) => return exit,
    };
    let exit_with_stdin = args.exit_with_stdin;
    let (stop, wanted) = (Stop::default(), Wanted::new(args.printing.count));
    let topics = args.subscribe;
    let session = ConnectSession {
        client: &client,
        output: &output,
        wanted: &wanted,
        log,
        topics,
        exit_with_stdin,
    };
    let work = session.run(events, instructions, &stop);
    supervise(args.common.timeout, log, Some(&output), &stop, work).await
}

struct ConnectSession<'a> {
    client: &'a IpcClient,
    output: &'a Output,
    wanted: &'a Wanted,
    log: Diagnostics,
    topics: Vec<Pattern>,
    exit_with_stdin: bool,
}

/// How a client ended.
#[derive(Debug, Default)]
struct Ended {
    was_connected: bool,
    /// Whether the last connection ended since the server broke the protocol.
    by_breach: bool,
    /// Whether the server has refused who the client says it is.
    refused: bool,
    undelivered: usize,
}

impl ConnectSession<'_> {
    async fn run(
        &self,
        events: Events<NodeFormat, ClientEvent>,
        instructions: Instructions,
        stop: &Stop,
    ) -> Exit {
        let mut printing = pin!(self.print(events));
        let asked = tokio::select! {
            ended = &mut printing => {
                self.output.drained().await;
                return self.exit_by_itself(&ended);
            }
            () = self.execute(instructions) => true,
            () = self.subscribe() => true,
            () = self.wanted.no_more() => true,
            () = stop.requested() => false,
        };
        let close = async {
            tokio::select! {
                biased;
                () = stop.requested() => closing::give_up(self.client).await,
                _ = closing::flush(self.client, PATIENCE), if asked => self.client.close().await,
            }
        };
        let (_, ended) = tokio::join!(close, &mut printing);
        self.output.drained().await;
        if asked && ended.undelivered > 0 {
            self.log.fail(format_args!("{} messages were not written", ended.undelivered));
            return Exit::Failed;
        }
        Exit::Done
    }

    fn exit_by_itself(&self, ended: &Ended) -> Exit {
        if ended.by_breach {
            self.log.fail(format_args!("the server broke the protocol"));
            Exit::Protocol
        } else if !ended.was_connected {
            self.log.fail(format_args!("could not connect"));
            Exit::Failed
        } else if ended.refused {
            entry::not_let_in(self.log)
        } else if ended.undelivered > 0 {
            self.log.fail(format_args!("{} messages were not written", ended.undelivered));
            Exit::Failed
        } else {
            Exit::Done
        }
    }

    /// Prints events until the client is closed.
    async fn print(&self, mut events: Events<NodeFormat, ClientEvent>) -> Ended {
        let mut ended = Ended::default();
        while let Some(incoming) = events.next().await {
            // Pending events must not starve the socket.
            tokio::task::consume_budget().await;
            match incoming {
                Incoming::Message(message, server) => {
                    self.wanted.print(self.output, &message, (&server, None)).await;
                }
                Incoming::Lifecycle(event) => self.print_lifecycle(event, &mut ended).await,
                _ => {}
            }
        }
        ended
    }

    async fn print_lifecycle(&self, event: ClientEvent, ended: &mut Ended) {
        match event {
            ClientEvent::Connect => {
                ended.was_connected = true;
                if let Some(info) = self.client.socket().info() {
                    self.log.note(format_args!("connected to {}", info.endpoint));
                }
                self.print_unless_udp(Line::Connect { peer: None }).await;
            }
            ClientEvent::Disconnect(reason) => {
                self.log.note(format_args!("disconnected: {}", failures::reason(&reason)));
                ended.by_breach =
                    matches!(reason, DisconnectReason::Error(error) if is_breach(&error));
                self.print_unless_udp(Line::Disconnect).await;
            }
            ClientEvent::Destroy => {
                ended.undelivered = self.client.socket().take_undelivered().len();
                if ended.undelivered > 0 {
                    self.output.print(&Line::undelivered(ended.undelivered, None)).await;
                }
                self.print_unless_udp(Line::Destroy).await;
            }
            ClientEvent::Error(error) => {
                if failures::gives_up_on(&error) {
                    self.client.stop_retrying();
                }
                ended.refused |= matches!(*error, Error::HelloRefused(_));
                self.output.print(&failures::line(&error)).await;
            }
            ClientEvent::Greeted(_) => ended.refused = false,
            ClientEvent::Dismissed(bye) => {
                let (code, message) = (&*bye.code, &*bye.message);
                let line = Line::Dismissed { code, message, reconnect: bye.reconnect };
                self.output.print(&line).await;
            }
            _ => {}
        }
    }

    /// Prints what happens to a connection, if there are connections.
    async fn print_unless_udp(&self, line: Line<'_>) {
        if endpoint::udp_address(self.client.socket()).is_none() {
            self.output.print(&line).await;
        }
    }

    /// Subscribes to what the user wants, then waits for ever.
    async fn subscribe(&self) {
        if !self.topics.is_empty() {
            // Not before there is a server, however long that takes: then it has a deadline.
            if self.client.connected().await.is_ok() {
                let line = match self.client.subscribe(&self.topics).await {
                    Ok(()) => Line::Subscribed {
                        topics: self.topics.iter().map(Pattern::as_str).collect(),
                    },
                    Err(error) => failures::not_subscribed(&error),
                };
                self.output.print(&line).await;
            }
        }
        std::future::pending().await
    }

    /// Executes instructions until one says to close. Once stdin is closed it waits for ever, unless
    /// `--exit-with-stdin` was given.
    async fn execute(&self, mut instructions: Instructions) {
        while let Some(instruction) = instructions.next().await {
            match instruction {
                Ok(Instruction::Send(event)) => self.send(event).await,
                Ok(Instruction::Write(chunk)) => self.write(chunk).await,
                Ok(Instruction::Close) => return,
                Ok(Instruction::StopRetrying) => self.client.stop_retrying(),
                Ok(
                    Instruction::Join { .. } | Instruction::Leave { .. } | Instruction::Kick { .. },
                ) => {
                    let bad = "is for a server: a client has no clients".into();
                    self.output.print(&failures::bad(&BadInstruction(bad))).await;
                }
                Err(bad) => self.output.print(&failures::bad(&bad)).await,
            }
        }
        if !self.exit_with_stdin {
            std::future::pending().await
        }
    }

    async fn send(&self, Event { to, name, data }: Event) {
        let client = self.client.core();
        let sent = async {
            match &data {
                Some(data) => client.send(&name, data).await,
                None => client.send(&name, &NoData).await,
            }
        };
        self.send_to_server(to, sent).await;
    }

    async fn write(&self, Chunk { to, data }: Chunk) {
        self.send_to_server(to, self.client.socket().send_raw(data)).await;
    }

    /// Sends, unless the line names a peer, and prints a failure.
    async fn send_to_server(
        &self,
        to: Option<To>,
        send: impl Future<Output = Result<(), EmitError>>,
    ) {
        if to.is_some() {
            let bad = BadInstruction("has `to`, but a client has one peer only, its server".into());
            return self.output.print(&failures::bad(&bad)).await;
        }
        if let Err(error) = send.await {
            self.output.print(&Line::not_sent(&error, None)).await;
        }
    }
}

/// How long a server may read nothing before the client stops waiting for it at close.
const PATIENCE: Duration = Duration::from_secs(5);
