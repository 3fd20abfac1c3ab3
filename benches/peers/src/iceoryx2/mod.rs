//! iceoryx2: requests and responses, written and read in shared memory, as its documentation advises. What comes back is
//! read in the order of the requests.

mod ports;
mod waking;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ::iceoryx2::prelude::*;
use ::iceoryx2::service::port_factory::request_response;
use bytes::Bytes;
use ipc_benches::pace::sleep;
use ipc_benches::{Outcome, Task};

use crate::Result;
use crate::coding::{Coding, Event};
use crate::link::{self, Link};
use crate::net::{end_with_parent, ready};
use ports::{Answering, Asking, Port};
use waking::{LOOK, Waking};

pub use waking::Wait;

type Service = ipc::Service;
type Calls = request_response::PortFactory<Service, [u8], (), [u8], ()>;

pub async fn serve(path: &str, wait: Wait, coding: Coding) -> Result<()> {
    let ends = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&ends);
    end_with_parent(move || {
        // What is left in shared memory goes with what holds it.
        flag.store(true, Ordering::Relaxed);
        sleep(20 * LOOK);
    });
    let services = Services::new(path)?;
    let port = Answering::new(&services)?;
    let waking = Waking::new(&services.node, [path, "back"], [path, "there"], wait, ends)?;
    ready(&format!("unix:{path}"));
    link::serve(Side { port, waking }, coding).await
}

pub async fn measure(path: &str, wait: Wait, coding: Coding, task: &Task) -> Result<Outcome> {
    let services = Services::new(path)?;
    let ends = Arc::default();
    let waking = Waking::new(&services.node, [path, "there"], [path, "back"], wait, ends)?;
    // A message is some bytes longer than its text.
    let port = Asking::new(&services, task.body + 256)?;
    link::measure(&mut Side { port, waking }, coding, task).await
}

/// What both processes open.
struct Services {
    calls: Calls,
    node: Node<Service>,
}

impl Services {
    fn new(path: &str) -> Result<Self> {
        set_log_level(LogLevel::Error);
        let node = NodeBuilder::new().signal_handling_mode(SignalHandlingMode::Disabled);
        let node = node.create::<Service>()?;
        // Nothing is dropped in favour of what is newer.
        let calls = node
            .service_builder(&name([path, "calls"])?)
            .request_response::<[u8], [u8]>()
            .enable_safe_overflow_for_requests(false)
            .enable_safe_overflow_for_responses(false)
            .max_active_requests_per_client(AT_ONCE)
            .open_or_create()?;
        Ok(Self { calls, node })
    }
}

fn name(words: [&str; 2]) -> Result<ServiceName> {
    Ok(words.join("/").as_str().try_into()?)
}

/// One side, whatever it sends and receives with.
struct Side<P> {
    port: P,
    waking: Waking,
}

impl<P: Port> Link for Side<P> {
    type Message = P::Message;

    async fn put(&mut self, coding: Coding, event: Event, seq: u64, body: &str) -> Result<()> {
        if coding == Coding::Native {
            self.port.send([&Coding::head(event, seq), body.as_bytes()])?;
            return self.waking.sent();
        }
        // How long JSON is, is known when it is written.
        self.send(coding.encode(event, seq, body)?).await
    }

    async fn send(&mut self, bytes: Bytes) -> Result<()> {
        self.port.send([&bytes, &[]])?;
        self.waking.sent()
    }

    async fn recv(&mut self) -> Result<Option<P::Message>> {
        loop {
            if let Some(message) = self.port.receive()? {
                return Ok(Some(message));
            }
            if !self.waking.wait()? {
                return Ok(None);
            }
        }
    }
}

/// How many messages there is room for: more than are ever asked for at a time.
const AT_ONCE: usize = 80;
