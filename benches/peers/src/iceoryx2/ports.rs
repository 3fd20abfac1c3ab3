//! What is sent and received with: requests and responses.

use std::collections::VecDeque;
use std::mem::MaybeUninit;
use std::ops::Deref;
use std::rc::Rc;

use ::iceoryx2::active_request::ActiveRequest;
use ::iceoryx2::pending_response::PendingResponse;
use ::iceoryx2::port::client::Client;
use ::iceoryx2::port::server::Server;
use ::iceoryx2::response::Response;

use super::{Service, Services};
use crate::Result;

pub(super) trait Port {
    type Message: Deref<Target = [u8]>;

    /// Sends a message of two parts, of which one may be empty.
    fn send(&mut self, parts: [&[u8]; 2]) -> Result<()>;

    /// Returns the next message if it is there.
    fn receive(&mut self) -> Result<Option<Self::Message>>;
}

/// The server.
pub(super) struct Answering {
    server: Server<Service, [u8], (), [u8], ()>,
    request: Option<Request>,
}

impl Answering {
    pub(super) fn new(services: &Services) -> Result<Self> {
        let server = services.calls.server_builder().initial_max_slice_len(LARGEST).create()?;
        Ok(Self { server, request: None })
    }
}

impl Port for Answering {
    type Message = Request;

    #[expect(unsafe_code, reason = "memory that is written in place")]
    fn send(&mut self, parts: [&[u8]; 2]) -> Result<()> {
        let Request(request) = self.request.take().ok_or("nothing was asked")?;
        let mut loan = request.loan_slice_uninit(length(parts))?;
        fill(loan.payload_mut(), parts);
        // SAFETY: both parts are there, and it is no longer than both.
        unsafe { loan.assume_init() }.send()?;
        Ok(())
    }

    fn receive(&mut self) -> Result<Option<Request>> {
        self.request = self.server.receive()?.map(|request| Request(Rc::new(request)));
        Ok(self.request.clone())
    }
}

/// What the server has received, in shared memory.
#[derive(Clone)]
pub(super) struct Request(Rc<Active>);

type Active = ActiveRequest<Service, [u8], (), [u8], ()>;

impl Deref for Request {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.0.payload()
    }
}

/// A client that asks.
pub(super) struct Asking {
    client: Client<Service, [u8], (), [u8], ()>,
    pending: VecDeque<Pending>,
}

type Pending = PendingResponse<Service, [u8], (), [u8], ()>;

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
