//! The tasks of peers that have connected and are not let in yet: each judges its peer, and then serves it or tells
//! it that it is refused.

use std::sync::Arc;

use ipc_transport::{PeerInfo, Stream};
use tokio::sync::mpsc;

use crate::observe::trace;
use crate::runtime::calls::builtin::hello;
use crate::runtime::server::newcomer::{Newcomer, Place};
use crate::runtime::server::shared::{Running, Shared};
use crate::runtime::server::task;
use crate::runtime::server::token::Gate;
use crate::{MessageFormat, Refusal};

/// A peer that was not let in, and why: for the task that accepts, which reports it.
pub(super) type Refused = (Arc<PeerInfo>, Refusal);

/// Lets a new connection wait, or returns why it may not.
pub(super) fn enter<F: MessageFormat>(
    shared: &Arc<Shared<F>>,
    gate: &Arc<Gate>,
    stream: Stream,
    refusals: &mpsc::Sender<Refused>,
) -> Result<(), Refusal> {
    let place = Place::new(gate, stream.peer())?;
    shared.tasks.send_modify(|tasks| tasks.peers += 1);
    let running = Running { shared: Arc::clone(shared), accepting: false };
    let (format, config) = (Arc::clone(&shared.format), Arc::clone(&shared.config));
    let newcomer = Newcomer::new(format, config, shared.encoder.clone(), stream, gate);
    drop(tokio::spawn(run(running, newcomer, place, Arc::clone(gate), refusals.clone())));
    Ok(())
}

async fn run<F: MessageFormat>(
    running: Running<F>,
    mut newcomer: Newcomer<F>,
    mut place: Place,
    gate: Arc<Gate>,
    refusals: mpsc::Sender<Refused>,
) {
    let shared = Arc::clone(&running.shared);
    let mut stop = shared.stop.subscribe();
    let judged = tokio::select! {
        biased;
        _ = stop.wait_for(|stop| *stop) => return,
        judged = newcomer.judge(&mut place) => judged,
    };
    let admitted = judged.map_err(Some).and_then(|identity| {
        task::admit_waiting(&shared, &newcomer.info, identity, &mut newcomer.stream)
    });
    drop(place);
    match admitted {
        Ok((gone, reader)) => {
            if let (Some(number), Some(format)) = (newcomer.number(), newcomer.builtins()) {
                hello::welcome(&gone.peer, format, number);
            }
            let peer = gone.peer.clone();
            let first = newcomer.into_first();
            trace::peer(&peer, task::serve(running, gone, reader, first)).await;
        }
        Err(Some(why)) => {
            let farewell = newcomer.farewell(&why);
            // The task that accepts is gone if the server stops.
            let _ = refusals.send((Arc::clone(&newcomer.info), why)).await;
            let Some(farewell) = farewell else { return };
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => {}
                () = newcomer.tell(farewell, &gate) => {}
            }
        }
        // The server stops.
        Err(None) => {}
    }
}
