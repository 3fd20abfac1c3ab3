//! Waiting for a server that is there and has no place for another client.

use std::future::Future;
use std::io;
use std::time::Duration;

use crate::deadline::Deadline;
use crate::{Endpoint, TransportError};

/// How long a dial waits for a place.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BusyTimeout(Option<Duration>);

impl BusyTimeout {
    pub(crate) const fn of(timeout: Duration) -> Self {
        Self(Some(timeout))
    }

    /// Returns the time for a dial that has no other limit.
    pub(crate) fn alone(self) -> Duration {
        self.0.unwrap_or(DEFAULT)
    }

    /// Returns the time for a dial that has this limit: all of it, unless less was asked for.
    pub(crate) fn within(self, limit: Duration) -> Duration {
        self.0.map_or(limit, |own| own.min(limit))
    }
}

/// Opens a connection as soon as the server has a place, for `limit` at most.
///
/// There is nothing to wait on, neither for a place in a backlog nor for an instance of a pipe, so
/// it tries again after a pause that grows from 1 to 32 ms.
pub(crate) async fn open_when_free<T, F>(
    endpoint: &Endpoint,
    limit: Duration,
    is_busy: fn(&io::Error) -> bool,
    open: impl Fn() -> F,
) -> Result<io::Result<T>, TransportError>
where
    F: Future<Output = io::Result<T>>,
{
    let deadline = Deadline::after(limit);
    let mut pause = FIRST_PAUSE;
    loop {
        match open().await {
            Err(error) if is_busy(&error) => {}
            opened => return Ok(opened),
        }
        let left = deadline.left();
        if left.is_zero() {
            let waited_ms = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
            return Err(TransportError::Busy { endpoint: endpoint.clone(), waited_ms });
        }
        tokio::time::sleep(pause.min(left)).await;
        pause = (pause * 2).min(LAST_PAUSE);
    }
}

/// Far longer than it takes to accept, and shorter than a person waits.
const DEFAULT: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LAST_PAUSE: Duration = Duration::from_millis(32);

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    async fn opened_after(refusals: u32, limit: Duration) -> (Result<u32, &'static str>, u128) {
        let (endpoint, tries) = (Endpoint::Memory("busy".into()), Cell::new(0));
        let begun = tokio::time::Instant::now();
        let is_busy = |error: &io::Error| error.kind() == io::ErrorKind::WouldBlock;
        let opened = open_when_free(&endpoint, limit, is_busy, || {
            tries.set(tries.get() + 1);
            let full = tries.get() <= refusals;
            async move { if full { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) } }
        });
        let opened = opened.await.map(|opened| opened.map(|()| tries.get()));
        let opened = match opened {
            Ok(opened) => opened.map_err(|_| "io"),
            Err(error) => Err(error.code()),
        };
        (opened, begun.elapsed().as_millis())
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_is_waited_for_with_growing_pauses_up_to_the_limit() {
        let limit = Duration::from_millis(100);
        assert_eq!(opened_after(0, limit).await, (Ok(1), 0));
        assert_eq!(opened_after(3, limit).await, (Ok(4), 1 + 2 + 4));
        assert_eq!(opened_after(6, limit).await, (Ok(7), 1 + 2 + 4 + 8 + 16 + 32));
        assert_eq!(opened_after(u32::MAX, limit).await, (Err("busy"), 100));
        assert_eq!(opened_after(u32::MAX, Duration::ZERO).await, (Err("busy"), 0));
    }

    #[test]
    fn the_time_is_the_dials_unless_less_was_asked_for() {
        let [second, minute] = [1, 60].map(Duration::from_secs);
        assert_eq!(BusyTimeout::default().alone(), Duration::from_secs(5));
        assert_eq!(BusyTimeout::default().within(minute), minute);
        assert_eq!(BusyTimeout::of(second).alone(), second);
        assert_eq!(BusyTimeout::of(second).within(minute), second);
        assert_eq!(BusyTimeout::of(minute).within(second), second);
    }
}
