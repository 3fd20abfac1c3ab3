//! Dialing within a limit of time, for both drivers.

use std::time::Duration;

use ipc_transport::{Stream, Transport, TransportError};

use crate::error::Error;

/// Connects, within `limit`.
pub(crate) async fn dial(transport: &dyn Transport, limit: Duration) -> Result<Stream, Error> {
    transport.dial_within(limit).await.map_err(|error| match error {
        // A list of several addresses says more.
        TransportError::ConnectTimeout { endpoint, attempts, .. } if attempts.len() < 2 => {
            Error::ConnectTimeout { endpoint, limit }
        }
        error => error.into(),
    })
}
