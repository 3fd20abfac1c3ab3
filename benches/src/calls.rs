//! Calls and streams, however a library makes them: the part that is the same for all.

use std::cell::RefCell;

use futures_util::future::try_join_all;

use crate::meter::{begin, now, since};
use crate::{Meter, Outcome, OwnedBody, Task, text};

/// What a library reports, in whatever words.
pub type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

/// Measures calls, so many at a time. Each answer is compared with what was asked.
///
/// # Errors
///
/// What `call` returns, or a text if an answer is not what was asked.
pub async fn measure(
    task: &Task,
    call: impl AsyncFn(OwnedBody) -> Result<OwnedBody>,
) -> Result<Outcome> {
    let text = text(task.body);
    let meter = RefCell::new(Meter::new(task));
    let outcome = RefCell::new(None);
    // One after the other, and as many of these as calls are in flight.
    let caller = async || -> Result<()> {
        loop {
            let Some(seq) = meter.borrow_mut().next_seq() else { return Ok(()) };
            let answer = call(OwnedBody::with(seq, text.clone())).await?;
            check(&answer, seq, &text)?;
            let mut meter = meter.borrow_mut();
            if meter.on_answers(1) {
                *outcome.borrow_mut() = Some(meter.finish());
            }
        }
    };
    try_join_all((0..task.in_flight).map(|_| caller())).await?;
    outcome.into_inner().ok_or_else(|| "the last call was not answered".into())
}

/// Measures streams: `read` asks for a stream, of as many items as the number in its argument says, and
/// counts each item.
///
/// # Errors
///
/// What `read` returns, or a text if an item is missing or not what was asked.
pub async fn measure_stream(
    task: &Task,
    read: impl AsyncFn(OwnedBody, &mut Items<'_>) -> Result<()>,
) -> Result<Outcome> {
    let text = text(task.body);
    let whole = async |messages| -> Result<()> {
        let mut items = Items { text: &text, wanted: messages, read: 0 };
        read(OwnedBody::with(messages, text.clone()), &mut items).await?;
        items.finish()
    };
    whole(task.warm_up).await?;
    begin();
    let start = now();
    whole(task.messages).await?;
    Ok(since(start, task.messages))
}

/// The items of one stream that have been read.
#[derive(Debug)]
pub struct Items<'a> {
    text: &'a str,
    wanted: u64,
    read: u64,
}

impl Items<'_> {
    /// Counts an item and returns whether it was the last.
    ///
    /// # Errors
    ///
    /// A text if it is not the next item.
    pub fn add(&mut self, item: &OwnedBody) -> Result<bool> {
        check(item, self.read, self.text)?;
        self.read += 1;
        Ok(self.read == self.wanted)
    }

    fn finish(&self) -> Result<()> {
        if self.read == self.wanted {
            return Ok(());
        }
        Err(format!("{} of {} items have arrived", self.read, self.wanted).into())
    }
}

fn check(found: &OwnedBody, seq: u64, text: &str) -> Result<()> {
    if found.seq == seq && found.body == text {
        return Ok(());
    }
    Err(format!("{} with {} bytes came for {seq}", found.seq, found.body.len()).into())
}
