//! `Deadline`: by when a dial has to be done, and the error when it is not.

use std::future::Future;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use crate::{Attempts, Endpoint, TransportError};

/// A limit on the time of a dial, from the moment this was made; or none.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    limit: Duration,
    at: Option<Instant>,
}

impl Deadline {
    /// Returns a deadline that never comes.
    #[cfg(feature = "tcp")]
    pub(crate) const NEVER: Self = Self { limit: Duration::MAX, at: None };

    /// Returns a deadline after this time; one that no clock can tell never comes.
    pub(crate) fn after(limit: Duration) -> Self {
        Self { limit, at: Instant::now().checked_add(limit) }
    }

    /// Returns the moment.
    #[cfg(feature = "tcp")]
    pub(crate) const fn at(self) -> Option<Instant> {
        self.at
    }

    /// Returns how much time is left.
    pub(crate) fn left(self) -> Duration {
        self.at.map_or(self.limit, |at| at.saturating_duration_since(Instant::now()))
    }

    /// Runs the future, at most until the deadline.
    pub(crate) async fn end<T>(
        self,
        endpoint: &Endpoint,
        future: impl Future<Output = T>,
    ) -> Result<T, TransportError> {
        let Some(at) = self.at else { return Ok(future.await) };
        let ended = timeout_at(at, future).await;
        ended.map_err(|_| self.timed_out(endpoint.clone(), Attempts::default()))
    }

    /// Returns the error of a dial that was not done in time.
    pub(crate) fn timed_out(self, endpoint: Endpoint, attempts: Attempts) -> TransportError {
        TransportError::ConnectTimeout { endpoint, limit: self.limit, attempts }
    }
}
