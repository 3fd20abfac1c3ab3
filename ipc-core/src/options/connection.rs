//! `ConnectionOptions`: the options of one connection, the same for clients and servers.

use std::sync::Arc;
use std::time::Duration;

use ipc_codec::Limits;

use super::{Spin, setters};
use crate::calls::CallOptions;
use crate::observe::send_watch::SendWatch;
use crate::protocol::connection::Heartbeat;
use crate::protocol::queue::{OverflowPolicy, QueueLimits};

/// The options of a connection, on either side and in either driver.
///
/// A part of [`ClientOptions`](crate::ClientOptions) and [`ServerOptions`](crate::ServerOptions);
/// the builders also take one, and have each setter.
///
/// # Defaults
///
/// Every limit is finite. These are all:
///
/// ```
/// let defaults = format!("{:#?}", ipc_core::ConnectionOptions::default());
/// assert_eq!(
///     defaults,
///     "\
/// ConnectionOptions {
///     limits: Limits {
///         max_frame: 16777216,
///         oversize: Fail,
///     },
///     frame_timeout: Some(
///         30s,
///     ),
///     idle_timeout: None,
///     heartbeat: None,
///     on_malformed: Report,
///     queue: QueueLimits {
///         max_bytes: 8388608,
///         max_messages: 1048576,
///     },
///     overflow: Block,
///     high_water_mark: Some(
///         1048576,
///     ),
///     flush_policy: WhenIdle,
///     spin: None,
///     close_timeout: 10s,
///     linger: 1s,
///     event_bytes: 8388608,
///     calls: CallOptions {
///         deadline: 30s,
///         max_open: 1024,
///         max_running: 256,
///         max_time: 300s,
///         window: WindowLimits {
///             max_bytes: 8388608,
///             max_items: 65536,
///             first_credit: 8,
///             max_credit: 64,
///         },
///         fail_when_disconnected: false,
///         reserved_events: Calls,
///         show_info: SameUser,
///     },
///     name: None,
///     sent: SendWatch(
///         false,
///     ),
/// }",
/// );
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ConnectionOptions {
    /// How large a frame may be, received or sent, and what happens to a larger one. Default:
    /// 16 MiB, and the connection ends.
    ///
    /// A peer makes the other side hold up to one frame of this size. Both sides need the same.
    pub limits: Limits,
    /// How long an unfinished frame may take to grow by 1 KiB or to end; then the connection is
    /// closed. `None`: for ever. Default: 30 s.
    ///
    /// Without it, a peer that sends a byte now and then holds its connection and its buffer.
    pub frame_timeout: Option<Duration>,
    /// How long the peer may send nothing at all, from its first moment on; then the connection is
    /// closed. Default: `None`, for ever.
    ///
    /// For servers whose peers send regularly: it frees the connections of those that are silent.
    pub idle_timeout: Option<Duration>,
    /// When a peer that is silent is asked for a sign of life, and when it is given up, with
    /// [`Error::Silent`](crate::Error::Silent). Default: `None`, never.
    ///
    /// For peers that hang, or that vanished from the network: a process that dies is noticed at once
    /// without it. Only a peer that has answered a call is asked, or is known otherwise to answer them;
    /// the others are left alone. Everything that is received is a sign of life, also the beginning of
    /// a long frame, and so is a full socket that takes more. A peer that is busy for longer than the
    /// limit and sends nothing meanwhile is cut like one that hangs: Node answers nothing while it
    /// parses a large message.
    ///
    /// While nothing is read from the peer, since answers wait or handlers are slow, the time does not
    /// run. The blocking driver asks, and answers, only while it waits for something.
    pub heartbeat: Option<Heartbeat>,
    /// What happens after a frame that the format cannot decode. Default: it is reported and the
    /// connection goes on.
    pub on_malformed: OnMalformed,
    /// How much may wait to be written. Default: 8 MiB and 1,048,576 messages.
    ///
    /// A peer that does not read costs up to this much.
    pub queue: QueueLimits,
    /// What happens to a message for which the queue has no room. Default:
    /// [`OverflowPolicy::Block`].
    pub overflow: OverflowPolicy,
    /// The high-water mark: beyond this many bytes of answers that wait for a peer nothing more is
    /// read from it, until half of them are written; `None`: never. At most half of what the
    /// [`queue`](Self::queue) holds. Default: 1 MiB.
    ///
    /// An answer is what a handler sends to the peer whose message it handles (in the blocking
    /// driver: what is sent between an event that was received and the next call to receive). So a
    /// peer that asks faster than it reads slows down only itself, and an echo server never has to
    /// refuse an answer. Messages from elsewhere, such as a broadcast or a task of the program, do
    /// not count: for those there is [`overflow`](Self::overflow).
    ///
    /// While reading pauses, the time limits of unfinished frames and of silence do not run, and
    /// the end of the peer is noticed by writing. Over UDP it has no effect.
    ///
    /// A peer that sends everything before it reads anything may have four times as much waiting
    /// (but no more than half of the queue): once its socket has taken nothing for 100 ms, it is
    /// read from that far. If it sends more than that, it waits for ever. So would two sides that
    /// both answer what the other asks; therefore a client goes on for as long as its server reads
    /// nothing, and only [`overflow`](Self::overflow) bounds it.
    pub high_water_mark: Option<usize>,
    /// When queued messages are written. Default: [`FlushPolicy::WhenIdle`].
    pub flush_policy: FlushPolicy,
    /// In the blocking driver: how long a thread that waits for bytes looks for them before it sleeps.
    /// Default: `None`, it sleeps at once. [`Spin`] says when that pays and what it costs.
    ///
    /// Every wait keeps its deadlines, and a peer that goes ends it, spinning or not. A wait that also
    /// waits for the socket to take something does not spin. The async driver never spins: its threads have
    /// other tasks.
    pub spin: Option<Spin>,
    /// How long a closing connection may take to write what waits; then it is cut and the rest is
    /// handed back. Default: 10 s.
    pub close_timeout: Duration,
    /// How long a closing connection waits for the peer to end its side, once everything is
    /// written. Default: 1 s.
    ///
    /// A peer that ends its side in answer has read everything; one that does not within this time
    /// may have read nothing. Zero closes faster and leaves that unknown.
    pub linger: Duration,
    /// How many bytes of received events are held. Default: 8 MiB.
    ///
    /// Beyond it a stream from `events` makes reading from the sockets pause, and the events of a peer
    /// that wait for async handlers make reading from that peer pause; in the blocking driver a call
    /// that waits to write stops receiving meanwhile.
    pub event_bytes: usize,
    /// The limits of calls: their deadlines, and how many are open and run at a time.
    pub calls: CallOptions,
    /// The name that this side gives itself in answer to `$info`. Default: none.
    pub name: Option<Arc<str>>,
    pub(crate) sent: SendWatch,
}

impl ConnectionOptions {
    setters!(connection at []);
}

impl Default for ConnectionOptions {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            frame_timeout: Some(Duration::from_secs(30)),
            idle_timeout: None,
            heartbeat: None,
            on_malformed: OnMalformed::default(),
            queue: QueueLimits::default(),
            overflow: OverflowPolicy::default(),
            high_water_mark: Some(1024 * 1024),
            flush_policy: FlushPolicy::default(),
            spin: None,
            close_timeout: Duration::from_secs(10),
            linger: Duration::from_secs(1),
            event_bytes: 8 * 1024 * 1024,
            calls: CallOptions::default(),
            name: None,
            sent: SendWatch::default(),
        }
    }
}

/// When queued messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum FlushPolicy {
    /// Each message at once, in a write of its own. Lowest delay, most system calls.
    Immediate,
    /// At once while the connection is idle; while it is busy, messages gather and leave
    /// together. The default.
    #[default]
    WhenIdle,
    /// At the latest after this time, so that more messages gather: for throughput where a known
    /// delay does not matter.
    ///
    /// In the blocking driver nothing happens between calls. There, gathered messages are written by
    /// the first message after this time, by every call that waits, such as `recv` and `flush`, and
    /// once they are 64 KiB: a program that sends and then does something else calls `flush`.
    Within(Duration),
}

/// What happens to a connection whose peer sends a frame that the format cannot decode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum OnMalformed {
    /// The frame is reported as an error and the connection goes on. The default.
    #[default]
    Report,
    /// The frame is reported as an error and the connection is closed. A client whose server
    /// breaks the format or the limits does not connect again.
    Close,
}
