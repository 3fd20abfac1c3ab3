//! `Slots`: what the futures and streams of open calls wait for.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Waker;

use crate::calls::CallError;
use crate::protocol::calls::{ById, Overrun, Window, WindowLimits};
use crate::runtime::calls::gathering::Gathering;
use crate::{Message, PeerId};

/// How a call has ended: with the message whose payload is the result, or an error.
pub(crate) type Outcome = Result<Message, CallError>;

/// The futures and streams of open calls, by the numbers of the calls.
#[derive(Debug, Default)]
pub(crate) struct Slots {
    slots: ById<Slot>,
    /// How many bytes of items wait to be read, of all streams.
    unread: usize,
}

#[derive(Debug)]
enum Slot {
    /// The call is open, and its future waits or will.
    Open(Option<Waker>),
    /// It has ended, and its future has not seen it yet.
    Ended(Outcome),
    /// It is answered with items.
    Stream(Box<Items>),
    /// It is one of many, whose outcomes are gathered.
    Gathered(Arc<Gathering>, PeerId),
}

/// The items of a stream that are not read.
#[derive(Debug)]
struct Items {
    items: VecDeque<(Message, usize)>,
    window: Window,
    /// Credit that found no room in the send queue.
    owed: u32,
    /// How the stream has ended, until that is read.
    end: Option<Result<(), CallError>>,
    waker: Option<Waker>,
}

/// What a stream finds.
pub(crate) enum Found {
    /// An item, and how much credit to give the peer.
    Item(Message, u32),
    /// The end, which is found once.
    End(Result<(), CallError>),
    Nothing,
}

impl Slots {
    /// Adds a call that is answered once, and whose future waits already if it has a waker.
    pub(crate) fn open(&mut self, number: u64, waker: Option<Waker>) {
        self.slots.insert(number, Slot::Open(waker));
    }

    /// Adds a call that is answered once, and whose outcome is gathered as that of this peer.
    pub(crate) fn open_gathered(&mut self, number: u64, gathering: &Arc<Gathering>, peer: PeerId) {
        self.slots.insert(number, Slot::Gathered(Arc::clone(gathering), peer));
    }

    /// Adds a call that is answered with items, and returns the credit that its frame gives.
    pub(crate) fn open_stream(&mut self, number: u64, limits: WindowLimits) -> u32 {
        let window = Window::new(limits);
        let credit = window.outstanding();
        let (items, waker) = (VecDeque::new(), None);
        let stream = Items { items, window, owed: 0, end: None, waker };
        self.slots.insert(number, Slot::Stream(Box::new(stream)));
        credit
    }

    /// Ends a call and returns the waker of its future or stream, if that waits.
    pub(crate) fn end(&mut self, number: u64, outcome: Outcome) -> Option<Waker> {
        match self.slots.get_mut(number)? {
            Slot::Ended(_) => None,
            slot @ Slot::Open(_) => match std::mem::replace(slot, Slot::Ended(outcome)) {
                Slot::Open(waker) => waker,
                _ => None,
            },
            Slot::Stream(stream) => {
                stream.end = Some(outcome.map(|last| {
                    // An end without a result is no item. With one it is the last, credit or not.
                    if let Some(bytes) = last.payload().map(<[u8]>::len) {
                        self.unread += bytes;
                        stream.items.push_back((last, bytes));
                        // Counted, so that reading it counts down; its limit is that of a frame.
                        let _ = stream.window.received(bytes);
                    }
                }));
                stream.waker.take()
            }
            Slot::Gathered(..) => match self.slots.remove(number) {
                Some(Slot::Gathered(gathering, peer)) => gathering.add(peer, outcome),
                _ => None,
            },
        }
    }

    /// Adds an item to a stream, and returns the waker of its reader, if that waits.
    ///
    /// # Errors
    ///
    /// [`Overrun`] if more items wait than may.
    pub(crate) fn item(&mut self, number: u64, item: Message) -> Result<Option<Waker>, Overrun> {
        let Some(Slot::Stream(stream)) = self.slots.get_mut(number) else { return Ok(None) };
        let bytes = item.payload().map_or(0, <[u8]>::len);
        let actual = self.unread.saturating_add(bytes);
        if actual > MAX_UNREAD {
            return Err(Overrun::Bytes { limit: MAX_UNREAD, actual });
        }
        stream.window.received(bytes)?;
        self.unread = actual;
        stream.items.push_back((item, bytes));
        Ok(stream.waker.take())
    }

    /// Removes a call that has ended and returns how; otherwise keeps the waker.
    pub(crate) fn take(&mut self, number: u64, waker: &Waker) -> Option<Outcome> {
        match self.slots.get_mut(number)? {
            Slot::Open(kept) => {
                keep(kept, waker);
                None
            }
            Slot::Ended(_) => match self.slots.remove(number) {
                Some(Slot::Ended(outcome)) => Some(outcome),
                _ => None,
            },
            Slot::Stream(_) | Slot::Gathered(..) => None,
        }
    }

    /// Takes the next item of a stream, or its end; otherwise keeps the waker.
    pub(crate) fn take_item(&mut self, number: u64, waker: &Waker) -> Found {
        let Some(Slot::Stream(stream)) = self.slots.get_mut(number) else { return Found::Nothing };
        if let Some((item, bytes)) = stream.items.pop_front() {
            self.unread = self.unread.saturating_sub(bytes);
            let credit = stream.window.read().saturating_add(std::mem::take(&mut stream.owed));
            return Found::Item(item, if stream.end.is_none() { credit } else { 0 });
        }
        if let Some(end) = stream.end.take() {
            self.remove(number);
            return Found::End(end);
        }
        keep(&mut stream.waker, waker);
        Found::Nothing
    }

    /// Keeps credit of a stream for the next item: it found no room in the send queue.
    pub(crate) fn owe_credit(&mut self, number: u64, items: u32) {
        if let Some(Slot::Stream(stream)) = self.slots.get_mut(number) {
            stream.owed = stream.owed.saturating_add(items);
        }
    }

    /// Takes the waker of a future that waits.
    pub(crate) fn take_waker(&mut self, number: u64) -> Option<Waker> {
        match self.slots.get_mut(number)? {
            Slot::Open(waker) => waker.take(),
            // A stream or a survey has a timer of its own, which runs while an item is awaited.
            Slot::Ended(_) | Slot::Stream(_) | Slot::Gathered(..) => None,
        }
    }

    /// Takes the wakers of all futures that wait.
    pub(crate) fn take_wakers(&mut self) -> Vec<Waker> {
        let numbers: Vec<_> = self.slots.iter().map(|(number, _)| number).collect();
        numbers.into_iter().filter_map(|number| self.take_waker(number)).collect()
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// Removes a call whose future or stream was dropped.
    pub(crate) fn remove(&mut self, number: u64) {
        if let Some(Slot::Stream(stream)) = self.slots.remove(number) {
            let unread: usize = stream.items.iter().map(|(_, bytes)| bytes).sum();
            self.unread = self.unread.saturating_sub(unread);
        }
    }
}

/// Keeps a waker, unless the one that is kept wakes the same task.
fn keep(kept: &mut Option<Waker>, waker: &Waker) {
    match kept {
        Some(kept) if kept.will_wake(waker) => {}
        kept => *kept = Some(waker.clone()),
    }
}

/// How many bytes of items of all streams of one peer may wait to be read.
const MAX_UNREAD: usize = 64 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::calls::Sent;

    #[test]
    fn nothing_is_left_of_a_call_that_has_ended() {
        let mut slots = Slots::default();
        let lost = || Err(CallError::Closed { sent: Sent::No });
        slots.open(1, None);
        assert!(slots.take(1, Waker::noop()).is_none());
        assert!(slots.end(1, lost()).is_some());
        assert!(slots.take(1, Waker::noop()).is_some());
        slots.open(2, None);
        slots.end(2, lost());
        slots.remove(2);
        slots.open_stream(3, WindowLimits::default());
        slots.end(3, lost());
        assert!(!slots.is_empty());
        assert!(matches!(slots.take_item(3, Waker::noop()), Found::End(Err(_))));
        assert!(slots.is_empty());
    }
}
