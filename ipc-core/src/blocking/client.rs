//! `Client`: a connection that reconnects, driven by the thread that owns it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ipc_transport::{BlockingStream, Transport, TransportError};

use super::calls::call_methods;
use super::link::{Drive, Link, Outcome};
use super::methods::talk_methods;
use super::{ClientBuilder, Incoming, NextError, NotBlocking};
use crate::error::{ConnectError, DisconnectReason, Error};
use crate::protocol::connection::Role;
use crate::protocol::session::{Input, Output, Session, State};
use crate::runtime::clock;
use crate::runtime::dial::dial;
use crate::{CallError, ClientEvent, CloseReport, MessageFormat};

/// A connection to a server that reconnects when it is lost, for a thread that waits.
///
/// Nothing happens between calls: [`next`](Self::next) and [`connected`](Self::connected) dial, wait
/// for the next attempt, and write what was queued meanwhile. Dropping it ends the connection at
/// once, without waiting; [`close`](Self::close) writes what waits first.
///
/// # Examples
///
/// ```
/// # #[cfg(feature = "msgpack")] fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use ipc_core::MsgPack;
/// use ipc_core::blocking::Client;
/// use ipc_transport::TcpTransport;
///
/// # let mut server = ipc_core::blocking::Server::builder(MsgPack::new(), TcpTransport::new("127.0.0.1", 0))?.listen()?;
/// # let ipc_transport::Endpoint::Tcp { port, .. } = server.endpoint() else { panic!() };
/// # let serving = std::thread::spawn(move || server.accept().unwrap().count());
/// let mut client = Client::builder(MsgPack::new(), TcpTransport::new("localhost", port))?.build();
/// client.connected()?;
/// client.emit("greeting", "hello")?;
/// let report = client.close();
/// assert!(report.undelivered.is_empty() && report.peer_ended);
/// # assert_eq!(serving.join().unwrap(), 2);
/// # Ok(()) }
/// # #[cfg(not(feature = "msgpack"))] fn main() {}
/// ```
#[derive(Debug)]
pub struct Client<F> {
    pub(super) link: Link<F>,
    session: Session,
    transport: Arc<dyn Transport>,
    connect_timeout: Duration,
    /// What the session last asked for and is still to be done.
    order: Option<Output>,
    /// Why the last connection or attempt ended.
    reason: DisconnectReason,
    last_error: Option<Arc<Error>>,
}

impl<F: MessageFormat> Client<F> {
    /// Returns a builder for a client that speaks `format` over `transport`.
    ///
    /// # Errors
    ///
    /// [`NotBlocking`] if the transport's sockets need a runtime.
    pub fn builder(format: F, transport: impl Transport) -> Result<ClientBuilder<F>, NotBlocking> {
        ClientBuilder::new(format, transport)
    }

    pub(super) fn new(
        link: Link<F>,
        session: Session,
        transport: Arc<dyn Transport>,
        connect_timeout: Duration,
    ) -> Self {
        let (reason, last_error) = (DisconnectReason::Local, None);
        Self { link, session, transport, connect_timeout, order: None, reason, last_error }
    }

    /// Waits until the client is connected. Optional: `next` connects, too.
    ///
    /// # Errors
    ///
    /// [`ConnectError`] if it ended instead: there was no attempt left, trying again can never help
    /// ([`Error::is_permanent`]), or it was closed. With a policy that tries for ever and no server,
    /// this waits for ever.
    ///
    /// # Panics
    ///
    /// If it is called within an async runtime, which a thread that waits would stop.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn example<F: ipc_core::MessageFormat>(client: &mut ipc_core::blocking::Client<F>) {
    /// match client.connected() {
    ///     Ok(()) => println!("connected"),
    ///     Err(error) => eprintln!("no attempt is left: {error}"),
    /// }
    /// # }
    /// ```
    pub fn connected(&mut self) -> Result<(), ConnectError> {
        loop {
            match self.session.state() {
                State::Connected => return Ok(()),
                State::Destroyed => {
                    let failed = self.last_error.clone().map(ConnectError::Failed);
                    return Err(failed.unwrap_or(ConnectError::Closed));
                }
                _ => {
                    // Nothing ends this wait but the session itself.
                    let _ = self.advance(None);
                }
            }
        }
    }

    /// Returns the state.
    #[must_use]
    pub fn state(&self) -> State {
        self.session.state()
    }

    talk_methods!();
    call_methods!();

    /// Waits for the next event, for `timeout` at most, and returns it. With [`Duration::ZERO`] it returns
    /// what has come already.
    ///
    /// # Errors
    ///
    /// [`NextError`].
    ///
    /// # Panics
    ///
    /// As [`next`](Self::next).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::MessageFormat;
    /// # use ipc_core::blocking::Client;
    /// use std::time::Duration;
    /// use ipc_core::blocking::{Incoming, NextError};
    ///
    /// # fn example<F: MessageFormat>(client: &mut Client<F>) {
    /// match client.next_timeout(Duration::from_millis(20)) {
    ///     Ok(Incoming::Message(message)) => println!("got {}", message.event()),
    ///     Ok(event) => println!("{event:?}"),
    ///     Err(NextError::TimedOut) => println!("nothing yet"),
    ///     Err(_) => println!("closed"),
    /// }
    /// # }
    /// ```
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Incoming, NextError> {
        self.next_until(clock::now().checked_add(timeout))
    }

    fn next_until(&mut self, until: Option<Instant>) -> Result<Incoming, NextError> {
        loop {
            if let Some(event) = self.link.take_event() {
                return Ok(event);
            }
            self.step(until)?;
        }
    }

    /// Connects if need be and waits until everything that was sent is written; `false` if the
    /// client ended before, or if 8 MiB of events wait to be received while an answer is
    /// waited for (`sync`).
    ///
    /// # Panics
    ///
    /// As [`next`](Self::next).
    ///
    /// # Examples
    ///
    /// ```
    /// # use ipc_core::{EmitError, EncodePayload, blocking::Client};
    /// # fn example<F: EncodePayload<u32>>(client: &mut Client<F>) -> Result<(), EmitError> {
    /// for step in 0..1000 {
    ///     client.emit("step", &step)?;
    /// }
    /// assert!(client.flush(), "the connection is lost");
    /// # Ok(()) }
    /// ```
    pub fn flush(&mut self) -> bool {
        while !self.link.queue.is_empty() {
            if self.make_room(None).is_err() {
                return false;
            }
        }
        true
    }

    /// Writes what waits, ends the connection and waits for the server's end, at most about the
    /// close timeout and the linger time; the client does not connect again. Without a connection,
    /// what waits is handed back. What the server still sent can be received afterwards.
    ///
    /// # Examples
    ///
    /// ```
    /// # fn example<F: ipc_core::MessageFormat>(client: &mut ipc_core::blocking::Client<F>) {
    /// let report = client.close();
    /// for message in &report.undelivered {
    ///     eprintln!("{} was not written", message.event());
    /// }
    /// # }
    /// ```
    pub fn close(&mut self) -> CloseReport {
        if self.session.state() == State::Connected {
            self.session.handle_input(Input::Close);
            self.obey();
            let reason = self.link.wait_closed();
            self.lost(reason);
        } else {
            self.session.handle_input(Input::Disconnect);
            self.obey();
        }
        self.link.close_report()
    }

    /// Does what the session asks for while there is no connection: dials, or waits for the time to.
    fn advance(&mut self, until: Option<Instant>) -> Result<(), NextError> {
        match self.order {
            None => self.session.handle_input(Input::Start),
            Some(Output::WakeAt(at)) => {
                let end = until.map_or(at, |until| until.min(at));
                clock::sleep(end.saturating_duration_since(clock::now()));
                if end < at {
                    return Err(NextError::TimedOut);
                }
                self.session.handle_input(Input::Tick { now: clock::now().max(at) });
            }
            Some(_) => self.dial(until)?,
        }
        self.obey();
        Ok(())
    }

    fn dial(&mut self, until: Option<Instant>) -> Result<(), NextError> {
        let left = until.map(|until| until.saturating_duration_since(clock::now()));
        let limit = self.connect_timeout;
        let given = left.map_or(limit, |left| left.min(limit));
        let error = match connect(&*self.transport, given) {
            Ok(stream) => {
                self.link.attach(stream, Role::Client);
                self.last_error = None;
                self.session.handle_input(Input::Dialed);
                return Ok(());
            }
            // The attempt is given up, and made anew by the next call.
            Err(error)
                if given < limit
                    && is_out_of_time(&error)
                    && until.is_some_and(|until| until <= clock::now()) =>
            {
                return Err(NextError::TimedOut);
            }
            Err(error) => error,
        };
        let permanent = error.is_permanent();
        let error = self.link.report(error);
        self.last_error = Some(Arc::clone(&error));
        self.reason = DisconnectReason::Error(error);
        let (now, chance) = (clock::now(), clock::chance());
        self.session.handle_input(Input::DialFailed { permanent, now, chance });
        Ok(())
    }

    fn lost(&mut self, reason: DisconnectReason) {
        if !self.link.may_reconnect() {
            self.session.handle_input(Input::StopRetrying);
        }
        self.link.detach();
        if let DisconnectReason::Error(error) = &reason {
            if matches!(**error, Error::PlainPeer) {
                self.last_error = Some(Arc::clone(error));
            }
        }
        self.reason = reason;
        let (now, chance) = (clock::now(), clock::chance());
        self.session.handle_input(Input::Lost { now, chance });
        self.obey();
    }

    /// Does what the session asks for. What takes time is kept for [`advance`](Self::advance).
    fn obey(&mut self) {
        while let Some(output) = self.session.poll_output() {
            match output {
                Output::Dial | Output::WakeAt(_) => self.order = Some(output),
                Output::Drain => self.link.start_closing(),
                Output::Hangup => self.link.detach(),
                Output::Connected => {
                    self.link.push_event(ClientEvent::Connect);
                    self.link.greet(self.connect_timeout);
                }
                Output::Disconnected => {
                    self.link.push_event(ClientEvent::Disconnect(self.reason.clone()));
                }
                Output::Destroyed => {
                    self.link.close(|sent| CallError::Closed { sent });
                    self.link.push_event(ClientEvent::Destroy);
                }
            }
        }
    }
}

impl<F: MessageFormat> Drive<F> for Client<F> {
    fn link(&mut self) -> &mut Link<F> {
        &mut self.link
    }

    #[inline]
    fn step(&mut self, until: Option<Instant>) -> Result<(), NextError> {
        self.drive(until, Link::turn)
    }

    fn make_room(&mut self, until: Option<Instant>) -> Result<(), NextError> {
        self.drive(until, Link::drain)
    }
}

impl<F: MessageFormat> Client<F> {
    /// Does this over the connection, or what is to do without one.
    #[inline]
    fn drive(
        &mut self,
        until: Option<Instant>,
        what: impl FnOnce(&mut Link<F>, Option<Instant>) -> Outcome,
    ) -> Result<(), NextError> {
        match self.session.state() {
            State::Destroyed => Err(NextError::Ended),
            State::Connected => match what(&mut self.link, until) {
                Outcome::Progress => Ok(()),
                Outcome::TimedOut => Err(NextError::TimedOut),
                Outcome::Lost(reason) => {
                    self.lost(reason);
                    Ok(())
                }
            },
            _ => self.advance(until),
        }
    }
}

/// The events of the client: messages, and what happens to the connection; `None` after
/// [`ClientEvent::Destroy`].
impl<F: MessageFormat> Iterator for Client<F> {
    type Item = Incoming;

    /// Waits for the next event and returns it. Connects if there is no connection, and writes what
    /// was queued.
    ///
    /// # Panics
    ///
    /// If it has to connect within an async runtime, which a thread that waits would stop.
    fn next(&mut self) -> Option<Incoming> {
        self.next_until(None).ok()
    }
}

/// Dials on a runtime that lives for this attempt, on this thread: the socket file's checks and the
/// resolver are the async driver's.
fn connect(transport: &dyn Transport, limit: Duration) -> Result<BlockingStream, Error> {
    runtime(transport)?.block_on(async { Ok(dial(transport, limit).await?.into_blocking()?) })
}

/// Returns whether the time was over before the attempt had succeeded or failed.
fn is_out_of_time(error: &Error) -> bool {
    matches!(
        error,
        Error::ConnectTimeout { .. }
            | Error::Transport(TransportError::ConnectTimeout { .. } | TransportError::Busy { .. })
    )
}

pub(super) fn runtime(transport: &dyn Transport) -> Result<tokio::runtime::Runtime, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|source| {
        let endpoint = transport.endpoint();
        TransportError::Io { endpoint, op: "prepare a connection", source }.into()
    })
}
