//! Opening a connection again and again until the server has a place.

use std::future::Future;
use std::io;
use std::time::Duration;

use crate::dial_deadline::Deadline;
use crate::{Endpoint, TransportError};

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
}
