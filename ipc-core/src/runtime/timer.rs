//! `Timer`: the one sleep of a connection, for whichever of its deadlines comes first.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::time::Sleep;

/// A sleep that exists only while there is a deadline.
#[derive(Debug, Default)]
pub(crate) struct Timer(Option<Pin<Box<Sleep>>>);

impl Timer {
    /// Sleeps until `at`. Ready once that time has come.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, at: Option<Instant>) -> Poll<()> {
        let Some(at) = at else {
            // Dropped rather than kept: an idle connection costs no timer.
            self.0 = None;
            return Poll::Pending;
        };
        let at = at.into();
        let timer = self.0.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(at)));
        if timer.deadline() != at {
            timer.as_mut().reset(at);
        }
        timer.as_mut().poll(cx)
    }
}
