//! iceoryx2: requests and responses in shared memory, and events that wake the side that waits. Who has sent several
//! wakes the other once, before it waits itself. What comes back is read in the order of the requests.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ::iceoryx2::active_request::ActiveRequest;
use ::iceoryx2::pending_response::PendingResponse;
use ::iceoryx2::port::client::Client;
use ::iceoryx2::port::listener::Listener;
use ::iceoryx2::port::notifier::Notifier;
use ::iceoryx2::port::server::Server;
use ::iceoryx2::prelude::*;
use ::iceoryx2::service::port_factory::{event, request_response};
use bytes::Bytes;
use ipc_benches::{Outcome, Task};

use crate::Result;
use crate::coding::Coding;
use crate::link::{self, Link};
use crate::net::{end_with_parent, ready};

type Service = ipc::Service;
type Calls = request_response::PortFactory<Service, [u8], (), [u8], ()>;

/// What both processes open.
struct Services {
    calls: Calls,
    asked: event::PortFactory<Service>,
    answered: event::PortFactory<Service>,
    /// Ends after what was made with it.
    _node: Node<Service>,
}

impl Services {
    fn new(path: &str) -> Result<Self> {
        set_log_level(LogLevel::Error);
        let node = NodeBuilder::new().signal_handling_mode(SignalHandlingMode::Disabled);
        let node = node.create::<Service>()?;
        let named = |name: &str| format!("{path}/{name}");
        let event = |name: &str| -> Result<_> {
            Ok(node.service_builder(&named(name).as_str().try_into()?).event().open_or_create()?)
        };
        let (asked, answered) = (event("asked")?, event("answered")?);
        let calls = node
            .service_builder(&named("calls").as_str().try_into()?)
            .request_response::<[u8], [u8]>()
            // Nothing is dropped in favour of what is newer.
            .enable_safe_overflow_for_requests(false)
            .enable_safe_overflow_for_responses(false)
            .max_active_requests_per_client(AT_ONCE)
            .open_or_create()?;
        Ok(Self { calls, asked, answered, _node: node })
    }
}

/// Wakes the other side, and waits for it.
struct Waking {
    notifier: Notifier<Service>,
    listener: Listener<Service>,
    /// Whether the other side has not been woken since something was sent.
    owed: bool,
}

impl Waking {
    fn new(
        theirs: &event::PortFactory<Service>,
        ours: &event::PortFactory<Service>,
    ) -> Result<Self> {
        let notifier = theirs.notifier_builder().create()?;
        Ok(Self { notifier, listener: ours.listener_builder().create()?, owed: false })
    }

    fn wait(&mut self) -> Result<()> {
        if std::mem::take(&mut self.owed) {
            self.notifier.notify()?;
        }
        self.listener.timed_wait(|_| (), LOOK)?;
        Ok(())
    }
}

struct Asking {
    client: Client<Service, [u8], (), [u8], ()>,
    pending: VecDeque<PendingResponse<Service, [u8], (), [u8], ()>>,
    waking: Waking,
}

impl Link for Asking {
    async fn send(&mut self, bytes: Bytes) -> Result<()> {
        let request = self.client.loan_slice_uninit(bytes.len())?.write_from_slice(&bytes);
        self.pending.push_back(request.send()?);
        self.waking.owed = true;
        Ok(())
    }

    async fn recv(&mut self) -> Result<Option<Bytes>> {
        loop {
            let first = self.pending.front().ok_or("nothing was asked")?;
            if let Some(response) = first.receive()? {
                let bytes = Bytes::copy_from_slice(response.payload());
                drop(response);
                self.pending.pop_front();
                return Ok(Some(bytes));
            }
            self.waking.wait()?;
        }
    }
}

struct Answering {
    server: Server<Service, [u8], (), [u8], ()>,
    request: Option<ActiveRequest<Service, [u8], (), [u8], ()>>,
    waking: Waking,
    ends: Arc<AtomicBool>,
}

impl Link for Answering {
    async fn send(&mut self, bytes: Bytes) -> Result<()> {
        let request = self.request.take().ok_or("nothing was asked")?;
        request.loan_slice_uninit(bytes.len())?.write_from_slice(&bytes).send()?;
        self.waking.owed = true;
        Ok(())
    }

    async fn recv(&mut self) -> Result<Option<Bytes>> {
        while !self.ends.load(Ordering::Relaxed) {
            if let Some(request) = self.server.receive()? {
                let bytes = Bytes::copy_from_slice(request.payload());
                self.request = Some(request);
                return Ok(Some(bytes));
            }
            self.waking.wait()?;
        }
        Ok(None)
    }
}

pub async fn serve(path: &str, coding: Coding) -> Result<()> {
    let ends = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&ends);
    end_with_parent(move || {
        // What is left in shared memory goes with what holds it.
        flag.store(true, Ordering::Relaxed);
        std::thread::sleep(20 * LOOK);
    });
    let services = Services::new(path)?;
    let server = services.calls.server_builder().initial_max_slice_len(LARGEST).create()?;
    let waking = Waking::new(&services.answered, &services.asked)?;
    ready(&format!("unix:{path}"));
    link::serve(Answering { server, request: None, waking, ends }, coding).await
}

pub async fn measure(path: &str, coding: Coding, task: &Task) -> Result<Outcome> {
    let services = Services::new(path)?;
    let client = services.calls.client_builder().initial_max_slice_len(LARGEST).create()?;
    let waking = Waking::new(&services.asked, &services.answered)?;
    link::measure(&mut Asking { client, pending: VecDeque::new(), waking }, coding, task).await
}

/// More requests than are ever asked at a time.
const AT_ONCE: usize = 80;

/// More bytes than a message here has.
const LARGEST: usize = 80 * 1024;

/// After this time a side that waits looks whether it is to end.
const LOOK: Duration = Duration::from_millis(50);
