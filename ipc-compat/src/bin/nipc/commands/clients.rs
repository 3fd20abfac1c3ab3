//! `Clients`: what a line of stdin has a server do with its clients.

use std::fmt::Display;
use std::time::Duration;

use ipc_compat::{IpcServer, NodeFormat, Socket, codes};
use ipc_core::{BroadcastReport, Bye, EmitError, EncodePayload, PeerId};

use crate::io::instruction::{InGroup, OfIdentity, To};
use crate::io::lines::Line;
use crate::io::stdout::Output;

/// The clients of a server. What could not be done is printed.
pub(crate) struct Clients<'a> {
    pub(crate) server: &'a IpcServer,
    pub(crate) output: &'a Output,
}

impl Clients<'_> {
    /// Sends an event, or bytes, to all or some.
    pub(crate) async fn send<T>(&self, to: Option<To>, name: &str, data: &T)
    where
        NodeFormat: EncodePayload<T>,
    {
        let server = self.server.core();
        let sent = match to {
            None => server.broadcast_send(name, data).await,
            Some(To::Subscribers(_)) => server.publish_send(name, data).await,
            Some(To::Group(InGroup { group })) => server.to(&*group).send(name, data).await,
            Some(To::Identity(OfIdentity { identity })) => {
                let sent = server.send_to_identity(&identity, name, data).await;
                if sent.as_ref().is_ok_and(|report| report.sent == 0 && report.failed.is_empty()) {
                    let why = format!("not sent: no client is {identity:?}");
                    self.fail(codes::UNKNOWN_PEER, why, None).await;
                }
                sent
            }
            Some(To::Address(address)) => match server.peer_at(address.into()) {
                Ok(client) => Ok(one(&client, client.send_within(PATIENCE, name, data).await)),
                Err(error) => return self.output.print(&Line::error(&error, None)).await,
            },
            Some(To::Peer(id)) => match server.peer(PeerId::from(id)) {
                Some(client) => Ok(one(&client, client.send_within(PATIENCE, name, data).await)),
                None => return self.not_there(id, "sent").await,
            },
        };
        match sent {
            Ok(report) => {
                for (client, error) in report.failed {
                    self.output.print(&Line::not_sent(&error, Some(client.get()))).await;
                }
            }
            Err(error) => self.output.print(&Line::not_sent(&error, None)).await,
        }
    }

    /// Puts a client into a group.
    pub(crate) async fn join(&self, peer: u64, group: &str) {
        match self.server.core().peer(PeerId::from(peer)) {
            None => self.not_there(peer, "joined").await,
            Some(client) => {
                if let Err(error) = client.join(group) {
                    let why = format!("not joined: {error}");
                    self.fail(codes::of_group(&error), why, Some(peer)).await;
                }
            }
        }
    }

    /// Takes a client out of a group. One that is not in it stays as it is.
    pub(crate) async fn leave(&self, peer: u64, group: &str) {
        match self.server.core().peer(PeerId::from(peer)) {
            None => self.not_there(peer, "left").await,
            Some(client) => drop(client.leave(group)),
        }
    }

    /// Sends a client away.
    pub(crate) async fn kick(&self, peer: u64) {
        match self.server.core().peer(PeerId::from(peer)) {
            None => self.not_there(peer, "kicked").await,
            Some(client) => client.kick(Bye::new("kicked", "the server has sent this client away")),
        }
    }

    async fn not_there(&self, peer: u64, what: &str) {
        let error = EmitError::UnknownPeer(PeerId::from(peer));
        self.fail(codes::UNKNOWN_PEER, format_args!("not {what}: {error}"), Some(peer)).await;
    }

    async fn fail(&self, code: &'static str, why: impl Display, peer: Option<u64>) {
        let (code, message) = (code.into(), why.to_string());
        self.output.print(&Line::Error { code, message, peer }).await;
    }
}

/// Returns the report of what was sent to one client.
fn one(client: &Socket, sent: Result<(), EmitError>) -> BroadcastReport {
    let mut report = BroadcastReport::default();
    report.failed.extend(sent.err().map(|error| (client.id(), error)));
    report
}

/// How long a client that is sent to may read nothing before the lines for others are executed. It is
/// not waited for again until it reads: the lines of stdin after this one may be for others.
const PATIENCE: Duration = Duration::from_secs(1);
