//! Which of a host's addresses is tried when: happy eyeballs, RFC 8305, without the sockets.

use std::future::{Future, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// Why no address won.
#[derive(Debug)]
pub(super) struct Lost {
    /// The addresses that were tried, in that order, with what came of each.
    pub(super) attempts: Vec<(SocketAddr, io::Error)>,
    /// Whether the time was over before all had been tried and had answered.
    pub(super) timed_out: bool,
}

/// Connects to the first of the addresses that answers, and drops the attempts at the others.
///
/// Attempts run side by side: the next begins [`DELAY`] after the one before, and at once when one
/// fails. `until` ends all of them; without it, and with one address, there is no timer.
///
/// Cancel safe: a dropped future drops every attempt.
pub(super) async fn race<T, F>(
    addresses: Vec<SocketAddr>,
    until: Option<Instant>,
    connect: impl Fn(SocketAddr) -> F,
) -> Result<(T, SocketAddr), Lost>
where
    F: Future<Output = io::Result<T>>,
{
    let mut waiting = addresses.into_iter().enumerate();
    let mut running = Running(Vec::new());
    let mut failed = Vec::new();
    loop {
        if let Some((number, address)) = waiting.next() {
            running.0.push((number, address, Box::pin(connect(address))));
        } else if running.0.is_empty() {
            return Err(Lost { attempts: in_order(failed), timed_out: false });
        }
        let next = (waiting.len() > 0).then(|| Instant::now() + DELAY);
        let answer = poll_fn(|cx| running.poll(cx));
        let answer = match next.into_iter().chain(until).min() {
            Some(end) => timeout_at(end, answer).await,
            None => Ok(answer.await),
        };
        match answer {
            Ok((_, address, Ok(io))) => return Ok((io, address)),
            Ok((number, address, Err(error))) => failed.push((number, address, error)),
            Err(_) if until.is_some_and(|until| until <= Instant::now()) => {
                let unanswered = running.0.into_iter().map(|(number, address, _)| {
                    (number, address, io::Error::from(io::ErrorKind::TimedOut))
                });
                failed.extend(unanswered);
                return Err(Lost { attempts: in_order(failed), timed_out: true });
            }
            Err(_) => {}
        }
    }
}

/// Returns the addresses with the two families in turn, beginning with that of the first; within a
/// family in their order.
pub(super) fn in_turn(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let Some(first) = addresses.first().copied() else { return addresses };
    let count = addresses.len();
    let (these, those): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv4() == first.is_ipv4());
    let (mut these, mut those) = (these.into_iter(), those.into_iter());
    let mut ordered = Vec::with_capacity(count);
    while ordered.len() < count {
        ordered.extend(these.next());
        ordered.extend(those.next());
    }
    ordered
}

/// The attempts under way, each with its number.
struct Running<F>(Vec<(usize, SocketAddr, Pin<Box<F>>)>);

impl<F: Future> Running<F> {
    /// Returns the first that is done, and removes it.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<(usize, SocketAddr, F::Output)> {
        for at in 0..self.0.len() {
            let Some((number, address, attempt)) = self.0.get_mut(at) else { break };
            if let Poll::Ready(output) = attempt.as_mut().poll(cx) {
                let (number, address) = (*number, *address);
                self.0.remove(at);
                return Poll::Ready((number, address, output));
            }
        }
        Poll::Pending
    }
}

fn in_order(mut failed: Vec<(usize, SocketAddr, io::Error)>) -> Vec<(SocketAddr, io::Error)> {
    failed.sort_by_key(|(number, ..)| *number);
    failed.into_iter().map(|(_, address, error)| (address, error)).collect()
}

/// How long an attempt is given before the next one begins beside it: what RFC 8305 recommends, and
/// Node has.
pub(super) const DELAY: Duration = Duration::from_millis(250);

#[cfg(test)]
mod tests;
