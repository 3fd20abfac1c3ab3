//! The threads of a model: who calls, and the task of the connection, with the peer at its other end.
//!
//! The alarm of the calls is a thread of its own, as in the driver, and so is the time.
//!
//! Which mistakes the models find is written in ARCHITECTURE.md.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};
use ipc_codec::{Delimiter, Framing};
use loom::thread::{self, JoinHandle};

use super::outbox::{Outbox, Want};
use super::primitives::{Wire, WriteHalf, now};
use super::shared::Calls;
use super::shared::ask::Asked;
use super::shared::side::Side;
use super::time::{join_tasks, pass};
use crate::calls::CallError;
use crate::options::ConnectionConfig;
use crate::protocol::calls::{
    Answer, CallFormat, CallHead, CallNumber, Control, InvalidControl, Sent, Signal,
};
use crate::{ClientOptions, ConnectionOptions, FormatError, Message, MessageFormat};

/// How a call has ended.
pub(super) type Outcome = Result<Message, CallError>;

/// What a client's handles and its connection share.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) calls: Arc<Calls>,
    pub(super) outbox: Outbox,
}

impl Client {
    pub(super) fn new() -> Arc<Self> {
        Self::with(ConnectionOptions::default())
    }

    pub(super) fn with(connection: ConnectionOptions) -> Arc<Self> {
        let options = ClientOptions { connection, ..ClientOptions::default() };
        let config = Arc::new(ConnectionConfig::of_client(&options));
        let outbox = Outbox::new(&config, &Words.framing());
        Arc::new(Self { calls: Arc::new(Calls::new(config, true)), outbox })
    }
}

impl Side for Client {
    fn calls(&self) -> &Arc<Calls> {
        &self.calls
    }

    fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    fn call_format(&self) -> Option<&dyn CallFormat> {
        Some(&Words)
    }
}

/// `call 1` and `cancel 1`, a line each.
#[derive(Debug)]
struct Words;

impl MessageFormat for Words {
    fn framing(&self) -> Framing {
        Framing::Delimited(Delimiter::new("\n").unwrap())
    }

    fn decode(&self, _: Bytes) -> Result<Message, FormatError> {
        Err(FormatError::new("unread", "the peer of a model reads lines"))
    }
}

impl CallFormat for Words {
    fn control(&self, _: &Message) -> Option<Result<Control, InvalidControl>> {
        None
    }

    fn encode_signal(&self, signal: &Signal<'_>, out: &mut BytesMut) -> Result<(), FormatError> {
        match signal {
            Signal::Cancel(number) => out.put_slice(format!("cancel {number}").as_bytes()),
            other => panic!("{other:?} is nothing that is sent here"),
        }
        Ok(())
    }
}

/// Returns the future of a call that has its deadline from now on.
pub(super) fn call(
    client: &Client,
    within: Duration,
    bound: bool,
) -> impl Future<Output = Outcome> {
    call_at(client, now(), within, bound)
}

/// Returns the future of a call that has its deadline from `made` on. It makes the call and waits for
/// its outcome as the driver's `CallFuture` does.
pub(super) fn call_at(
    client: &Client,
    made: Instant,
    within: Duration,
    bound: bool,
) -> impl Future<Output = Outcome> {
    let asked = Asked::new(client, made, within, bound, None);
    let encode = |head: &CallHead<'_>, out: &mut BytesMut| {
        out.put_slice(format!("call {}", head.number.unwrap()).as_bytes());
        Ok(())
    };
    async move {
        let begin = poll_fn(|cx| Poll::Ready(asked.try_begin("run", encode, Some(cx.waker()))));
        let (mut open, mut waits) = match begin.await? {
            // Its end wakes the task.
            Ok(open) => (open, true),
            Err(unplaced) => (asked.begin_later(unplaced, "run", encode).await?, false),
        };
        poll_fn(|cx| match std::mem::take(&mut waits) {
            true => Poll::Pending,
            false => open.poll_outcome(cx),
        })
        .await
    }
}

/// Waits for the outcome in this thread.
pub(super) fn wait(call: impl Future<Output = Outcome>) -> Outcome {
    loom::future::block_on(call)
}

/// Makes a call, and drops its future. Returns its outcome if it had one by then.
pub(super) fn drop_after_one_poll(call: impl Future<Output = Outcome>) -> Option<Outcome> {
    poll_once(pin!(call))
}

/// Returns the outcome of a call if it has one by now.
pub(super) fn poll_once(
    mut call: Pin<&mut (impl Future<Output = Outcome> + ?Sized)>,
) -> Option<Outcome> {
    loom::future::block_on(poll_fn(|cx| match call.as_mut().poll(cx) {
        Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
        Poll::Pending => Poll::Ready(None),
    }))
}

/// What the peer at the other end of a connection does.
#[derive(Debug, Clone)]
pub(super) struct Remote {
    pub(super) wire: Arc<Wire>,
    pub(super) answers: bool,
    /// How much time passes between a call and its answer.
    pub(super) after: Option<Duration>,
    /// After how many bytes it ends the connection.
    pub(super) hangs_up: Option<usize>,
}

impl Remote {
    pub(super) fn answering(wire: &Arc<Wire>) -> Self {
        Self { wire: Arc::clone(wire), answers: true, after: None, hangs_up: None }
    }
}

/// Runs the task of a client with these connections, one after the other, in a thread of its own.
pub(super) fn connect(client: &Arc<Client>, connections: Vec<Remote>) -> JoinHandle<()> {
    let client = Arc::clone(client);
    thread::spawn(move || {
        for remote in connections {
            client.outbox.attach(WriteHalf(Arc::clone(&remote.wire)));
            drive(&client, &remote);
            lose(&client);
        }
        close(&client);
    })
}

/// Does what the task of a connection does when that has ended.
pub(super) fn lose(client: &Client) {
    let Client { calls, outbox } = client;
    outbox.detach();
    calls.connection_lost(outbox, outbox.wanted() != Want::Open);
}

/// Does what a client does when no connection follows.
pub(super) fn close(client: &Client) {
    client.outbox.close();
    client.calls.closed();
}

/// Does what the task of a connection does, in that order, until the connection is lost or has to end.
pub(super) fn drive(client: &Client, remote: &Remote) {
    let Client { calls, outbox } = client;
    let mut read = 0;
    loom::future::block_on(poll_fn(|cx| {
        let want = outbox.register(cx);
        if want == Want::Disconnect || receive(client, remote, &mut read, cx) {
            return Poll::Ready(());
        }
        let owes_cancels = calls.turn(outbox, &Words);
        let Ok(flushed) = outbox.poll_flush(cx, false, false) else {
            return Poll::Ready(());
        };
        if flushed.look_again || (owes_cancels && flushed.empty) {
            cx.waker().wake_by_ref();
        }
        Poll::Pending
    }));
}

/// Handles the answers to what the peer has read. Returns whether it ends the connection.
fn receive(client: &Client, remote: &Remote, read: &mut usize, cx: &Context<'_>) -> bool {
    let text = remote.wire.read(cx);
    let new = whole_lines(&text);
    for number in new.iter().skip(*read).filter_map(|line| line.strip_prefix("call ")) {
        if let Some(time) = remote.after {
            pass(time);
        }
        if remote.answers {
            let number = CallNumber::Integer(number.parse().unwrap());
            let result = Ok(Message::new("", None));
            client.calls.answered(&number, Answer::Last, result, &client.outbox, &Words);
        }
    }
    *read = new.len();
    remote.hangs_up.is_some_and(|bytes| text.len() >= bytes)
}

/// Checks that nothing is left of the calls of a client that is closed.
#[track_caller]
pub(super) fn finish(client: Arc<Client>) {
    assert!(client.calls.is_idle());
    let state = client.calls.lock();
    assert!(!state.asker.owes_cancels() && state.slots.is_empty(), "{state:?}");
    drop(state);
    drop(client);
    join_tasks();
}

/// Ends the client, and checks what has become of its one call.
#[track_caller]
pub(super) fn check(client: Arc<Client>, task: JoinHandle<()>, wires: &[&Wire], end: End) {
    client.outbox.want(Want::Disconnect);
    task.join().unwrap();
    finish(client);
    let texts: Vec<_> = wires.iter().map(|wire| wire.text()).collect();
    let lines: Vec<_> = texts.iter().flat_map(|text| whole_lines(text)).collect();
    let all: [&[&str]; 3] = [&[], &["call 1"], &["call 1", "cancel 1"]];
    let may_be = match end {
        End::Answered => &all[1..2],
        End::NotRun => &all[..1],
        End::Failed => &all[1..],
        End::Late | End::Dropped | End::Withdrawn => &all[..],
    };
    assert!(may_be.contains(&&lines[..]), "{end:?}: {texts:?}");
    assert!(end != End::Withdrawn || lines != ["call 1"], "there is no cancel: {texts:?}");
}

fn whole_lines(text: &str) -> Vec<&str> {
    text.rfind('\n').map_or(Vec::new(), |end| text[..end].split('\n').collect())
}

/// What became of a call, and so may have been written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It was written once, and not cancelled.
    Answered,
    /// Nothing of it was written whole.
    NotRun,
    /// It was written once, and perhaps cancelled.
    Failed,
    /// Its time was over: it may have been written, and then cancelled.
    Late,
    /// The same, since its future was dropped.
    Dropped,
    /// The same, and all that was to be written is: if the call was, so is its cancel.
    Withdrawn,
}

impl End {
    pub(super) fn of(outcome: &Outcome) -> Self {
        match outcome {
            Ok(_) => Self::Answered,
            Err(CallError::Deadline { .. }) => Self::Late,
            Err(
                CallError::Disconnected { sent: Sent::No }
                | CallError::Closed { sent: Sent::No }
                | CallError::NotSent(_)
                | CallError::TooMany(_),
            ) => Self::NotRun,
            Err(CallError::Disconnected { .. } | CallError::Closed { .. }) => Self::Failed,
            Err(error) => panic!("no call of this model ends with {error:?}"),
        }
    }
}

/// The ends that a model has reached: one that reaches too few shows nothing.
#[derive(Debug, Default)]
pub(super) struct Reached([AtomicBool; 5]);

impl Reached {
    pub(super) fn add(&self, end: End) {
        self.0[end as usize].store(true, Ordering::Relaxed);
    }

    #[track_caller]
    pub(super) fn assert(&self, ends: &[End]) {
        let all = [End::Answered, End::NotRun, End::Failed, End::Late, End::Dropped];
        let reached = all.into_iter().filter(|end| self.0[*end as usize].load(Ordering::Relaxed));
        assert_eq!(reached.collect::<Vec<_>>(), ends);
    }
}
