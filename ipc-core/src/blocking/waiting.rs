//! `Waiting`: the peers of a server that have connected and are not let in yet, heard while a thread accepts.

use std::fmt;
use std::future::pending;
use std::sync::Arc;

use ipc_codec::FrameEncoder;
use ipc_transport::Stream;
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::options::ConnectionConfig;
use crate::runtime::server::newcomer::{Farewell, Newcomer, Place};
use crate::runtime::server::token::Gate;
use crate::{Identity, MessageFormat, Refusal};

/// The peers that are not let in yet. They are heard, and those that are refused are told, as tasks of the runtime of
/// the thread that accepts.
pub(super) struct Waiting<F> {
    gate: Arc<Gate>,
    judging: JoinSet<Judged<F>>,
    telling: JoinSet<()>,
}

/// A peer of which it is known whether it may come in.
pub(super) struct Judged<F> {
    pub(super) newcomer: Newcomer<F>,
    /// Its place among those that wait.
    pub(super) place: Place,
    /// Who it is, or `None` if it is let in as one that does not say hello.
    pub(super) outcome: Result<Option<Identity>, Refusal>,
}

impl<F: MessageFormat> Waiting<F> {
    pub(super) fn new(gate: Gate) -> Self {
        Self { gate: Arc::new(gate), judging: JoinSet::new(), telling: JoinSet::new() }
    }

    /// Lets a new connection wait, or returns why it may not.
    pub(super) fn enter(
        &mut self,
        runtime: &Handle,
        stream: Stream,
        format: &Arc<F>,
        config: &Arc<ConnectionConfig>,
    ) -> Result<(), Refusal> {
        let mut place = Place::new(&self.gate, stream.peer())?;
        let encoder = FrameEncoder::new(format.framing(), config.limits);
        let (format, config) = (Arc::clone(format), Arc::clone(config));
        let mut newcomer = Newcomer::new(format, config, encoder, stream, &self.gate);
        let judging = async move {
            let outcome = newcomer.judge(&mut place).await;
            Judged { newcomer, place, outcome }
        };
        self.judging.spawn_on(judging, runtime);
        Ok(())
    }

    /// Returns whether the next newcomer displaces one, if it gets a place at all.
    pub(super) fn is_full(&self) -> bool {
        self.gate.room().is_full()
    }

    /// Returns the next peer of which it is known whether it may come in.
    pub(super) async fn next(&mut self) -> Judged<F> {
        loop {
            match self.judging.join_next().await {
                Some(Ok(judged)) => return judged,
                // It panicked: the peer is gone.
                Some(Err(_)) => {}
                None => pending().await,
            }
        }
    }

    /// Tells a peer that it is refused, while others are waited for.
    pub(super) fn tell(&mut self, runtime: &Handle, newcomer: Newcomer<F>, farewell: Farewell) {
        while self.telling.try_join_next().is_some() {}
        let gate = Arc::clone(&self.gate);
        let telling = async move { newcomer.tell(farewell, &gate).await };
        self.telling.spawn_on(telling, runtime);
    }
}

impl<F> fmt::Debug for Waiting<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting").field("peers", &self.judging.len()).finish_non_exhaustive()
    }
}
