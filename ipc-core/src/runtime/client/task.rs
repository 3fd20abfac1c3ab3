//! The task of a client: does what its session asks for.

use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ipc_transport::{Endpoint, Stream, Transport};
use tokio::sync::watch;

use crate::error::{DisconnectReason, Error};
use crate::groups::subscriptions::Subscriptions;
use crate::options::ConnectionConfig;
use crate::protocol::connection::Role;
use crate::protocol::session::{Input, Output, ReconnectPolicy, Session, State};
use crate::runtime::client::greet::SaidHello;
use crate::runtime::clock;
use crate::runtime::connection::Connection;
use crate::runtime::dial::dial;
use crate::runtime::dispatcher::{Backlog, Dispatcher};
use crate::runtime::outbox::Want;
use crate::{ClientEvent, Greeting, Hello, MessageFormat, Peer};

/// What the user asks of a running client, besides closing.
#[derive(Debug, Default)]
pub(crate) struct Control {
    wishes: Mutex<Wishes>,
    subscriptions: Mutex<Subscriptions>,
}

#[derive(Debug, Default)]
struct Wishes {
    reconnect: Option<ReconnectPolicy>,
    stop_retrying: bool,
    last_error: Option<Arc<Error>>,
    greeting: Option<Greeting>,
}

impl Control {
    pub(crate) fn set_reconnect(&self, policy: ReconnectPolicy) {
        self.lock().reconnect = Some(policy);
    }

    pub(crate) fn stop_retrying(&self) {
        self.lock().stop_retrying = true;
    }

    /// Returns what was subscribed to.
    pub(super) fn subscriptions(&self) -> MutexGuard<'_, Subscriptions> {
        self.subscriptions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns why the last attempt failed, if it did.
    pub(crate) fn last_error(&self) -> Option<Arc<Error>> {
        self.lock().last_error.clone()
    }

    pub(crate) fn set_last_error(&self, error: Option<Arc<Error>>) {
        self.lock().last_error = error;
    }

    /// Returns what the server has answered to this connection's hello.
    pub(crate) fn greeting(&self) -> Option<Greeting> {
        self.lock().greeting.clone()
    }

    pub(crate) fn set_greeting(&self, greeting: Option<Greeting>) {
        self.lock().greeting = greeting;
    }

    fn lock(&self) -> MutexGuard<'_, Wishes> {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) struct Task<F: MessageFormat> {
    session: Session,
    pub(super) connect_timeout: Duration,
    hello: Option<Hello>,
    transport: Arc<dyn Transport>,
    pub(super) config: Arc<ConnectionConfig>,
    pub(super) peer: Peer<F>,
    pub(super) dispatcher: Arc<Dispatcher<F, ClientEvent>>,
    pub(super) control: Arc<Control>,
    state: watch::Sender<State>,
    /// The state whose handlers have run: whoever waits for it finds them done.
    notified: watch::Sender<State>,
    pub(super) backlog: Backlog<F, ClientEvent>,
    /// What the session last asked for and is still to be done.
    order: Option<Output>,
    /// The connection that was just made.
    stream: Option<Stream>,
    /// Why the last connection or attempt ended.
    reason: DisconnectReason,
}

impl<F: MessageFormat> Task<F> {
    #[expect(clippy::too_many_arguments, reason = "called in one place, which names each of them")]
    pub(crate) fn new(
        reconnect: ReconnectPolicy,
        connect_timeout: Duration,
        hello: Option<Hello>,
        transport: Arc<dyn Transport>,
        config: Arc<ConnectionConfig>,
        peer: Peer<F>,
        dispatcher: Arc<Dispatcher<F, ClientEvent>>,
        control: Arc<Control>,
        state: watch::Sender<State>,
    ) -> Self {
        Self {
            session: Session::new(reconnect),
            connect_timeout,
            hello,
            transport,
            config,
            peer,
            dispatcher,
            control,
            state,
            notified: watch::Sender::new(State::Idle),
            backlog: Backlog::new(),
            order: None,
            stream: None,
            reason: DisconnectReason::Local,
        }
    }

    /// Returns the state once its handlers have run, to be waited for.
    pub(crate) fn notified(&self) -> watch::Receiver<State> {
        self.notified.subscribe()
    }

    /// Returns where the client connects to.
    pub(crate) fn endpoint(&self) -> Endpoint {
        self.transport.endpoint()
    }

    /// Ends a client that was never started, with an error if that is why. Nothing is dialed, so
    /// that no runtime is needed.
    pub(crate) fn end(mut self, error: Option<Error>) {
        if let Some(error) = error {
            let error = self.dispatcher.error(Some(&self.peer), error, &mut self.backlog);
            self.control.lock().last_error = Some(error);
        }
        self.session.handle_input(Input::Disconnect);
        self.take_outputs();
        self.backlog.force();
    }

    /// Starts the client, unless it was closed before.
    pub(crate) fn start(&mut self) {
        self.obey();
        self.session.handle_input(Input::Start);
    }

    pub(crate) async fn run(mut self) {
        loop {
            self.take_outputs();
            self.backlog.settle(self.peer.outbox()).await;
            self.backlog.force();
            match self.order {
                Some(Output::Dial) => self.dial().await,
                Some(Output::Connected) => self.serve().await,
                Some(Output::WakeAt(at)) => self.wait(at).await,
                _ => break,
            }
        }
        self.dispatcher.end();
    }

    /// Does what the session asks for. What takes time is kept for [`run`](Self::run).
    fn take_outputs(&mut self) {
        while let Some(output) = self.session.poll_output() {
            let event = match output {
                Output::Dial | Output::WakeAt(_) => {
                    self.order = Some(output);
                    continue;
                }
                Output::Drain => {
                    self.peer.outbox().want(Want::Close);
                    continue;
                }
                Output::Hangup => {
                    self.stream = None;
                    self.peer.outbox().want(Want::Disconnect);
                    continue;
                }
                Output::Connected => {
                    self.order = Some(output);
                    if let Some(stream) = &self.stream {
                        self.peer.set_info(stream.peer().clone());
                        self.peer.outbox().expect_attach();
                    }
                    ClientEvent::Connect
                }
                Output::Disconnected => ClientEvent::Disconnect(self.reason.clone()),
                Output::Destroyed => {
                    self.order = None;
                    self.peer.end();
                    ClientEvent::Destroy
                }
            };
            let _ = self.state.send_replace(self.session.state());
            self.dispatcher.lifecycle(event, &mut self.backlog);
        }
        let _ = self.state.send_replace(self.session.state());
        let _ = self.notified.send_replace(self.session.state());
    }

    /// Feeds the session with what the user wants.
    fn obey(&mut self) {
        let mut wishes = self.control.lock();
        if let Some(policy) = wishes.reconnect.take() {
            self.session.handle_input(Input::SetReconnect(policy));
        }
        if std::mem::take(&mut wishes.stop_retrying) {
            self.session.handle_input(Input::StopRetrying);
        }
        drop(wishes);
        self.peer.turn_calls();
        match self.peer.outbox().wanted() {
            Want::Open => {}
            Want::Close => self.session.handle_input(Input::Close),
            Want::Disconnect => self.session.handle_input(Input::Disconnect),
        }
    }

    async fn dial(&mut self) {
        let transport = Arc::clone(&self.transport);
        let peer = self.peer.clone();
        let mut dial = pin!(dial(&*transport, self.connect_timeout));
        let result = loop {
            tokio::select! {
                biased;
                () = peer.outbox().control.notified() => {
                    self.obey();
                    if !matches!(self.session.state(), State::Dialing { .. }) {
                        self.reason = DisconnectReason::Local;
                        self.detach();
                        return;
                    }
                }
                result = &mut dial => break result,
            }
        };
        let error = match result {
            Ok(stream) => {
                self.stream = Some(stream);
                self.control.lock().last_error = None;
                self.session.handle_input(Input::Dialed);
                return;
            }
            Err(error) => error,
        };
        let error = self.dispatcher.error(Some(&self.peer), error, &mut self.backlog);
        self.control.lock().last_error = Some(Arc::clone(&error));
        let permanent = error.is_permanent();
        self.reason = DisconnectReason::Error(error);
        let (now, chance) = (clock::now(), clock::chance());
        self.session.handle_input(Input::DialFailed { permanent, now, chance });
    }

    async fn serve(&mut self) {
        let Some(stream) = self.stream.take() else { return };
        let (reader, mut writer) = stream.into_split();
        // Over UDP nothing connects.
        let hello = self.hello.clone().filter(|_| writer.max_datagram().is_none());
        let (said, first) = hello.map(|hello| self.make_hello(hello)).unzip();
        if let Err(error) = self.write_preamble(first.flatten(), &mut writer).await {
            drop((reader, writer));
            self.lost_before_it_began(error);
            return;
        }
        let insists = said.as_ref().is_some_and(SaidHello::insists);
        self.peer.outbox().hold(insists);
        self.peer.outbox().attach(writer);
        let (dispatcher, config) = (Arc::clone(&self.dispatcher), Arc::clone(&self.config));
        let mut connection =
            Connection::new(self.peer.clone(), dispatcher, config, reader, Role::Client);
        let reason = match said {
            None => (&mut connection).await,
            Some(said) => said.run(&mut connection, &self.control, self.peer.clone()).await,
        };
        let ended = connection.finish(reason);
        self.control.set_greeting(None);
        (self.reason, self.backlog) = (ended.reason, ended.backlog);
        if !ended.may_reconnect {
            self.session.handle_input(Input::StopRetrying);
        }
        self.lost();
    }

    /// Handles that a connection has ended.
    fn lost(&mut self) {
        self.obey();
        let (now, chance) = (clock::now(), clock::chance());
        self.session.handle_input(Input::Lost { now, chance });
    }

    /// Handles that a connection was lost before its outbox had it.
    fn lost_before_it_began(&mut self, error: Option<Error>) {
        let dispatched = |error| self.dispatcher.error(Some(&self.peer), error, &mut self.backlog);
        self.reason =
            error.map(dispatched).map_or(DisconnectReason::Local, DisconnectReason::Error);
        self.detach();
        self.lost();
    }

    /// Drops the connection, if there is one, and reports if a full queue ended it.
    fn detach(&mut self) {
        if let Some(limit) = self.peer.detach() {
            let error = Error::Overflow(limit);
            let error = self.dispatcher.error(Some(&self.peer), error, &mut self.backlog);
            self.reason = DisconnectReason::Error(error);
        }
    }

    async fn wait(&mut self, at: Instant) {
        let peer = self.peer.clone();
        tokio::select! {
            biased;
            () = peer.outbox().control.notified() => {
                self.obey();
                self.detach();
            }
            () = tokio::time::sleep_until(at.into()) => {
                self.session.handle_input(Input::Tick { now: clock::now() });
            }
        }
    }
}

impl<F: MessageFormat> Drop for Task<F> {
    /// Closes the client of a task that ends early, since its runtime stops or it was never started.
    /// What the socket takes is written, and callers that wait return.
    fn drop(&mut self) {
        self.peer.outbox().write_last();
        self.peer.detach();
        self.peer.end();
        let _ = self.state.send_replace(State::Destroyed);
        let _ = self.notified.send_replace(State::Destroyed);
        self.dispatcher.end();
    }
}
