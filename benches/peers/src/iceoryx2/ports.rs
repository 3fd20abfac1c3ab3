//! What is sent and received with: requests and responses, or samples that are published.

use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::ops::Deref;
use std::rc::Rc;

use ::iceoryx2::active_request::ActiveRequest;
use ::iceoryx2::pending_response::PendingResponse;
use ::iceoryx2::port::client::Client;
use ::iceoryx2::port::publisher::Publisher;
use ::iceoryx2::port::server::Server;
use ::iceoryx2::port::subscriber::Subscriber;
use ::iceoryx2::prelude::BackpressureStrategy;
use ::iceoryx2::response::Response;
use ::iceoryx2::sample::Sample;

use super::{Samples, Service, Services};
use crate::Result;

pub(super) trait Port {
    type Message: Deref<Target = [u8]>;

    /// Sends a message of two parts, of which one may be empty.
    fn send(&mut self, parts: [&[u8]; 2]) -> Result<()>;

    /// Returns the next message if it is there.
    fn receive(&mut self) -> Result<Option<Self::Message>>;
}

/// The server of both: who asked is answered, what was published is answered with something published.
pub(super) struct Serving {
    server: Server<Service, [u8], (), [u8], ()>,
    request: Option<Request>,
    samples: Telling,
}

impl Serving {
    pub(super) fn new(services: &Services) -> Result<Self> {
        let server = services.calls.server_builder().initial_max_slice_len(LARGEST).create()?;
        let samples = Telling::between(&services.back, &services.there, 256)?;
        Ok(Self { server, request: None, samples })
    }
}

impl Port for Serving {
    type Message = Received;

    #[expect(unsafe_code, reason = "memory that is written in place")]
    fn send(&mut self, parts: [&[u8]; 2]) -> Result<()> {
        let Some(request) = self.request.take() else { return self.samples.send(parts) };
        let mut loan = request.loan_slice_uninit(length(parts))?;
        fill(loan.payload_mut(), parts);
        // SAFETY: both parts are there, and it is no longer than both.
        unsafe { loan.assume_init() }.send()?;
        Ok(())
    }

    fn receive(&mut self) -> Result<Option<Received>> {
        if let Some(request) = self.server.receive()? {
            let request = Rc::new(request);
            self.request = Some(Rc::clone(&request));
            return Ok(Some(Received::Request(request)));
        }
        Ok(self.samples.receive()?.map(Received::Sample))
    }
}

type Request = Rc<ActiveRequest<Service, [u8], (), [u8], ()>>;

/// What the server has received, in shared memory.
pub(super) enum Received {
    Request(Request),
    Sample(Sample<Service, [u8], ()>),
}

impl Deref for Received {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Request(request) => request.payload(),
            Self::Sample(sample) => sample.payload(),
        }
    }
}

/// A client that asks.
pub(super) struct Asking {
    client: Client<Service, [u8], (), [u8], ()>,
    pending: VecDeque<PendingResponse<Service, [u8], (), [u8], ()>>,
}

impl Asking {
    pub(super) fn new(services: &Services, longest: usize) -> Result<Self> {
        let client = services.calls.client_builder().initial_max_slice_len(longest).create()?;
        Ok(Self { client, pending: VecDeque::new() })
    }
}

impl Port for Asking {
    type Message = Response<Service, [u8], ()>;

    #[expect(unsafe_code, reason = "memory that is written in place")]
    fn send(&mut self, parts: [&[u8]; 2]) -> Result<()> {
        let mut loan = self.client.loan_slice_uninit(length(parts))?;
        fill(loan.payload_mut(), parts);
        // SAFETY: both parts are there, and it is no longer than both.
        self.pending.push_back(unsafe { loan.assume_init() }.send()?);
        Ok(())
    }

    fn receive(&mut self) -> Result<Option<Self::Message>> {
        let first = self.pending.front().ok_or("nothing was asked")?;
        let response = first.receive()?;
        if response.is_some() {
            self.pending.pop_front();
        }
        Ok(response)
    }
}

/// One that publishes what the other subscribes to, and is told in the same way.
pub(super) struct Telling {
    publisher: Publisher<Service, [u8], ()>,
    subscriber: Subscriber<Service, [u8], ()>,
}

impl Telling {
    pub(super) fn new(services: &Services, longest: usize) -> Result<Self> {
        Self::between(&services.there, &services.back, longest)
    }

    fn between(theirs: &Samples, ours: &Samples, longest: usize) -> Result<Self> {
        // Who reads too slowly is waited for.
        let builder = theirs.publisher_builder().initial_max_slice_len(longest);
        let builder = builder.backpressure_strategy(BackpressureStrategy::RetryUntilDelivered);
        let subscriber = ours.subscriber_builder().create()?;
        Ok(Self { publisher: builder.create()?, subscriber })
    }
}

impl Port for Telling {
    type Message = Sample<Service, [u8], ()>;

    #[expect(unsafe_code, reason = "memory that is written in place")]
    fn send(&mut self, parts: [&[u8]; 2]) -> Result<()> {
        let mut loan = self.publisher.loan_slice_uninit(length(parts))?;
        fill(loan.payload_mut(), parts);
        // SAFETY: both parts are there, and it is no longer than both.
        unsafe { loan.assume_init() }.send()?;
        Ok(())
    }

    fn receive(&mut self) -> Result<Option<Self::Message>> {
        Ok(self.subscriber.receive()?)
    }
}

fn length(parts: [&[u8]; 2]) -> usize {
    parts.iter().map(|part| part.len()).sum()
}

/// Writes both parts into a place of their length.
fn fill(into: &mut [MaybeUninit<u8>], [first, second]: [&[u8]; 2]) {
    let (start, end) = into.split_at_mut(first.len());
    start.write_copy_of_slice(first);
    end.write_copy_of_slice(second);
}

/// More bytes than what is answered has.
const LARGEST: usize = 80 * 1024;
