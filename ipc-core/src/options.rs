//! The settings of one connection, the same for clients and servers.

use std::sync::Arc;
use std::time::Duration;

use ipc_codec::Limits;

use crate::HandlerOrder;
use crate::observe::send_watch::SendWatch;
use crate::protocol::connection::budget::Budget;
use crate::protocol::queue::{OverflowPolicy, QueueLimits, QueueOptions, Release};

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
    /// In the blocking driver nothing happens between calls. There what has gathered is written by
    /// the first message after this time, by every call that waits, such as `recv` and `flush`, and
    /// once it is 64 KiB: whoever sends and then does something else calls `flush`.
    Within(Duration),
}

/// What happens to a connection whose peer sends a frame that is none of the format.
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

#[derive(Debug, Clone)]
pub(crate) struct ConnectionConfig {
    pub(crate) limits: Limits,
    pub(crate) frame_timeout: Option<Duration>,
    pub(crate) idle_timeout: Option<Duration>,
    pub(crate) on_malformed: OnMalformed,
    pub(crate) queue: QueueLimits,
    pub(crate) overflow: OverflowPolicy,
    /// So many bytes of answers may wait before their peer is not read from.
    pub(crate) high_water_mark: Option<usize>,
    /// Whether this is the side that reads on when both wait for each other.
    pub(crate) yields: bool,
    pub(crate) flush: FlushPolicy,
    pub(crate) sync: bool,
    pub(crate) close_timeout: Duration,
    /// How long the peer's end is waited for when everything is written.
    pub(crate) linger: Duration,
    /// How long a broadcast waits for a peer that takes nothing. Servers only.
    pub(crate) stall_timeout: Option<Duration>,
    pub(crate) event_bytes: usize,
    pub(crate) handler_order: HandlerOrder,
    pub(crate) sent: SendWatch,
    /// What all connections of a server share.
    pub(crate) budget: Option<Arc<Budget>>,
    /// How many bytes a datagram has at most, if that is what the transport sends.
    pub(crate) max_datagram: Option<usize>,
}

impl ConnectionConfig {
    /// Returns a client's defaults.
    pub(crate) fn of_client() -> Self {
        Self { yields: true, ..Self::default() }
    }

    pub(crate) fn queue_options(&self) -> QueueOptions {
        let release = if self.sync { Release::OneInFlight } else { Release::Freely };
        QueueOptions::default()
            .with_limits(self.queue)
            .with_overflow(self.overflow)
            .with_release(release)
            .with_max_datagram(self.max_datagram)
    }
}

impl Default for ConnectionConfig {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            frame_timeout: Some(Duration::from_secs(30)),
            idle_timeout: None,
            on_malformed: OnMalformed::default(),
            queue: QueueLimits::default(),
            overflow: OverflowPolicy::default(),
            high_water_mark: Some(1024 * 1024),
            yields: false,
            flush: FlushPolicy::default(),
            sync: false,
            close_timeout: Duration::from_secs(10),
            linger: Duration::from_secs(1),
            stall_timeout: Some(Duration::from_secs(10)),
            event_bytes: 8 * 1024 * 1024,
            handler_order: HandlerOrder::default(),
            sent: SendWatch::default(),
            budget: None,
            max_datagram: None,
        }
    }
}

/// Adds the setters that the builders of clients and servers share, in both drivers: nothing stands
/// here that one of them does not do.
macro_rules! connection_setters {
    () => {
        /// Sets how large a frame may be, received or sent, and what happens beyond it. Default:
        /// 16 MiB, and the connection ends.
        #[must_use]
        pub fn limits(mut self, limits: ipc_codec::Limits) -> Self {
            self.config.limits = limits;
            self
        }

        /// Sets how long an unfinished frame may take to grow by 1 KiB or to end; then the
        /// connection is closed. `None`: for ever. Default: 30 s.
        #[must_use]
        pub fn frame_timeout(mut self, timeout: Option<std::time::Duration>) -> Self {
            self.config.frame_timeout = timeout;
            self
        }

        /// Sets how long the peer may send nothing at all, from its first moment on; then the
        /// connection is closed. For servers whose peers talk regularly: it frees the places
        /// of those that only hold them. Default: `None`, for ever.
        #[must_use]
        pub fn idle_timeout(mut self, timeout: Option<std::time::Duration>) -> Self {
            self.config.idle_timeout = timeout;
            self
        }

        /// Sets what happens after a frame that is none of the format. Default: it is reported
        /// and the connection goes on.
        #[must_use]
        pub fn on_malformed(mut self, what: crate::OnMalformed) -> Self {
            self.config.on_malformed = what;
            self
        }

        /// Sets how much may wait to be written, for each connection. Default: 8 MiB and
        /// 1,048,576 messages.
        #[must_use]
        pub fn queue(mut self, limits: crate::protocol::queue::QueueLimits) -> Self {
            self.config.queue = limits;
            self
        }

        /// Sets what happens to a message for which there is no room. Default:
        /// [`OverflowPolicy::Block`](crate::protocol::queue::OverflowPolicy::Block).
        #[must_use]
        pub fn overflow(mut self, policy: crate::protocol::queue::OverflowPolicy) -> Self {
            self.config.overflow = policy;
            self
        }

        /// Sets the high-water mark: beyond so many bytes of answers that wait for a peer nothing
        /// more is read from it, until half of them are written; `None`: never. At most half of
        /// what the [`queue`](Self::queue) holds. Default: 1 MiB.
        ///
        /// An answer is what a handler sends to the peer whose message it handles (in the blocking
        /// driver: what is sent between an event that was received and the next call to receive).
        /// So a peer that asks faster than it reads slows down itself and nobody else, and an echo
        /// server never has to refuse an answer. Messages from elsewhere, such as a broadcast or a
        /// task of the program, do not count: for those there is [`overflow`](Self::overflow).
        ///
        /// While reading pauses, the time limits of unfinished frames and of silence do not run,
        /// and the end of the peer is noticed by writing. Over UDP it has no effect.
        ///
        /// A peer that says everything before it reads anything may have four times as much waiting
        /// (but no more than half of the queue): once its socket has taken nothing for 100 ms, it
        /// is read from that far. If it says more than that, it waits for ever. So would two sides
        /// that both answer what the other asks; therefore a client goes on for as long as its
        /// server reads nothing, and only [`overflow`](Self::overflow) bounds it.
        #[must_use]
        pub fn high_water_mark(mut self, bytes: Option<usize>) -> Self {
            self.config.high_water_mark = bytes;
            self
        }

        /// Sets when queued messages are written. Default: [`FlushPolicy::WhenIdle`](crate::FlushPolicy::WhenIdle).
        #[must_use]
        pub fn flush_policy(mut self, policy: crate::FlushPolicy) -> Self {
            self.config.flush = policy;
            self
        }

        /// Sets how long a closing connection may take to write what waits; then it is cut and
        /// what is left is handed back. Default: 10 s.
        #[must_use]
        pub fn close_timeout(mut self, timeout: std::time::Duration) -> Self {
            self.config.close_timeout = timeout;
            self
        }

        /// Sets how long a closing connection waits for the peer to end its side, once everything
        /// is written. A peer that ends in answer has read everything; one that does not within
        /// this time may have read nothing. Default: 1 s.
        #[must_use]
        pub fn linger(mut self, time: std::time::Duration) -> Self {
            self.config.linger = time;
            self
        }

        /// Sets how many bytes of events a stream from `events` holds before reading from the
        /// sockets pauses. Default: 8 MiB.
        #[must_use]
        pub fn event_bytes(mut self, bytes: usize) -> Self {
            self.config.event_bytes = bytes;
            self
        }

        /// Sets who is told of each message just before it is sent, whatever it is sent with, and of
        /// a broadcast once: for logs. Each message is encoded once more for that. Default: nobody,
        /// which costs nothing.
        #[must_use]
        pub fn watch_sent(
            mut self,
            watch: impl Fn(&crate::Message) + Send + Sync + 'static,
        ) -> Self {
            self.config.sent = crate::observe::send_watch::SendWatch::to(watch);
            self
        }
    };
}
pub(crate) use connection_setters;

/// Adds the setters of the builders whose clients and servers have handlers.
macro_rules! handler_setters {
    () => {
        /// Sets when handlers for any event run. Default: after the named ones.
        #[must_use]
        pub fn handler_order(mut self, order: crate::HandlerOrder) -> Self {
            self.config.handler_order = order;
            self
        }
    };
}
pub(crate) use handler_setters;

/// Adds the setters that the client builders of both drivers share.
macro_rules! client_setters {
    () => {
        /// Sets when the client connects again. Default: for ever, with pauses that grow from 100 ms
        /// to 10 s, and full jitter; a permanent failure
        /// ([`Error::is_permanent`](crate::Error::is_permanent)) ends it.
        #[must_use]
        pub fn reconnect(mut self, policy: crate::protocol::session::ReconnectPolicy) -> Self {
            self.reconnect = policy;
            self
        }

        /// Sets how long one attempt to connect may take. Default: 30 s. Then it is
        /// [`Error::ConnectTimeout`](crate::Error::ConnectTimeout), or the transport's error if that
        /// says more: the server was there and busy, or a host has several addresses.
        #[must_use]
        pub fn connect_timeout(mut self, timeout: std::time::Duration) -> Self {
            self.connect_timeout = timeout;
            self
        }

        /// Sets whether a message is held until something was received after the one before it
        /// (node-ipc's `sync`). Default: no.
        #[must_use]
        pub fn sync(mut self, sync: bool) -> Self {
            self.config.sync = sync;
            self
        }
    };
}
pub(crate) use client_setters;
