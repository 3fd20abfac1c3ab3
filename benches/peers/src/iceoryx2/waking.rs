//! `Waking`: how a side waits for the other, and wakes it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ::iceoryx2::port::listener::Listener;
use ::iceoryx2::port::notifier::Notifier;
use ::iceoryx2::prelude::*;

use super::{Service, name};
use crate::Result;
use crate::net::spin;

/// How a side waits for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// It sleeps until there is an event.
    Event,
    /// It looks again and again, as the library's own benchmarks do.
    Spin,
}

/// Wakes the other side, and waits for it.
pub(super) struct Waking {
    notifier: Notifier<Service>,
    listener: Listener<Service>,
    wait: Wait,
    /// How many messages were sent since the other side was woken.
    sent: usize,
    /// How often it has looked in vain.
    turn: u32,
    /// Whether nothing is waited for any more.
    ends: Arc<AtomicBool>,
}

impl Waking {
    pub(super) fn new(
        node: &Node<Service>,
        theirs: [&str; 2],
        ours: [&str; 2],
        wait: Wait,
        ends: Arc<AtomicBool>,
    ) -> Result<Self> {
        let event = |words| -> Result<_> {
            Ok(node.service_builder(&name(words)?).event().open_or_create()?)
        };
        let listener = event(ours)?.listener_builder().create()?;
        let notifier = event(theirs)?.notifier_builder().create()?;
        Ok(Self { notifier, listener, wait, sent: 0, turn: 0, ends })
    }

    /// Wakes the other side if it has much to do meanwhile.
    pub(super) fn sent(&mut self) -> Result<()> {
        self.sent += 1;
        if self.sent == MANY { self.wake() } else { Ok(()) }
    }

    fn wake(&mut self) -> Result<()> {
        if std::mem::take(&mut self.sent) > 0 && self.wait == Wait::Event {
            self.notifier.notify()?;
        }
        Ok(())
    }

    /// Wakes the other side if something was sent, waits, and returns whether to go on.
    pub(super) fn wait(&mut self) -> Result<bool> {
        self.wake()?;
        match self.wait {
            Wait::Event => drop(self.listener.timed_wait(|_| (), LOOK)?),
            Wait::Spin => {
                spin(self.turn);
                self.turn = self.turn.wrapping_add(1);
            }
        }
        Ok(!self.ends.load(Ordering::Relaxed))
    }
}

/// Less than there is room for.
const MANY: usize = super::AT_ONCE / 2;

/// After this time a side that sleeps looks whether it is to end.
pub(super) const LOOK: Duration = Duration::from_millis(50);
