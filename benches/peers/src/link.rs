//! `Link`: a library that carries bytes both ways; what is sent over it is the same for all.

use std::ops::Deref;

use bytes::Bytes;
use futures_util::FutureExt;
use ipc_benches::meter::{begin, now, since};
use ipc_benches::{FIRST_SEQ, Meter, Outcome, Task, Work, text};

use crate::Result;
use crate::coding::{Coding, Event};

/// A library that carries bytes both ways.
pub trait Link {
    /// What holds a message that was received.
    type Message: Deref<Target = [u8]>;

    /// As `send`, with what becomes the message. A library that has a place for it can write it there.
    async fn put(&mut self, coding: Coding, event: Event, seq: u64, body: &str) -> Result<()> {
        self.send(coding.encode(event, seq, body)?).await
    }

    /// Sends a message, or keeps it until `flush` if the library can.
    async fn send(&mut self, bytes: Bytes) -> Result<()>;

    /// Sends what was kept.
    async fn flush(&mut self) -> Result<()> {
        Ok(())
    }

    /// Returns the next message, `None` at the end. Dropping the future loses nothing.
    async fn recv(&mut self) -> Result<Option<Self::Message>>;
}

/// Echoes and counts, as long as there are messages.
pub async fn serve(mut link: impl Link, coding: Coding) -> Result<()> {
    let mut counted = 0_u64;
    let mut next = link.recv().await?;
    while let Some(bytes) = next {
        let message = coding.decode(&bytes)?;
        match message.event {
            Event::Echo => {
                link.put(coding, Event::Echo, message.seq, &message.body).await?;
            }
            Event::Count => counted += 1,
            _ => link.put(coding, Event::Ended, counted, "").await?,
        }
        next = match link.recv().now_or_never() {
            Some(next) => next?,
            None => {
                // No more for now: what was answered leaves together.
                link.flush().await?;
                link.recv().await?
            }
        };
    }
    Ok(())
}

/// Measures the client's side of the same.
pub async fn measure(link: &mut impl Link, coding: Coding, task: &Task) -> Result<Outcome> {
    match task.work {
        Work::Echo => echo(link, coding, task).await,
        Work::Flood => {
            let text = text(task.body);
            let warm_up = count(link, coding, &text, task.warm_up, 0).await?;
            begin();
            let start = now();
            count(link, coding, &text, task.messages, warm_up).await?;
            Ok(since(start, task.messages))
        }
        _ => Err("this library is not measured in that".into()),
    }
}

async fn echo(link: &mut impl Link, coding: Coding, task: &Task) -> Result<Outcome> {
    let text = text(task.body);
    let mut meter = Meter::new(task);
    for _ in 0..task.in_flight {
        if let Some(seq) = meter.next_seq() {
            link.put(coding, Event::Echo, seq, &text).await?;
        }
    }
    link.flush().await?;
    let mut next = link.recv().await?;
    while let Some(bytes) = next {
        if meter.on_answer(coding.decode(&bytes)?.seq)? {
            return Ok(meter.finish());
        }
        if let Some(seq) = meter.next_seq() {
            link.put(coding, Event::Echo, seq, &text).await?;
        }
        next = match link.recv().now_or_never() {
            Some(next) => next?,
            None => {
                link.flush().await?;
                link.recv().await?
            }
        };
    }
    Err("the server has ended".into())
}

/// Sends so many messages and waits until the server has counted them, after those before.
async fn count(
    link: &mut impl Link,
    coding: Coding,
    text: &str,
    messages: u64,
    before: u64,
) -> Result<u64> {
    for seq in FIRST_SEQ..FIRST_SEQ + messages {
        link.put(coding, Event::Count, seq, text).await?;
    }
    link.put(coding, Event::End, 0, "").await?;
    link.flush().await?;
    let ended = link.recv().await?.ok_or("the server has ended")?;
    let counted = coding.decode(&ended)?.seq;
    if counted == before + messages {
        return Ok(counted);
    }
    Err(format!("{counted} of {} messages have arrived", before + messages).into())
}
