//! Messages at a fixed pace while the server is killed and comes back: what became of each.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ipc_benches::meter::{begin, now, since};
use ipc_benches::{Body, FIRST_SEQ, Outcome, OwnedBody, Task, text};
use ipc_core::Client;
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::Format;
use crate::Result;

/// The answers.
#[derive(Debug, Default)]
struct Answers {
    seen: Vec<bool>,
    duplicates: u64,
    last: Option<Instant>,
    /// The longest time without an answer.
    gap: Duration,
}

impl Answers {
    fn add(&mut self, seq: u64) {
        let now = now();
        if let Some(last) = self.last.replace(now) {
            self.gap = self.gap.max(now - last);
        }
        let index = usize::try_from(seq.saturating_sub(FIRST_SEQ)).unwrap_or(usize::MAX);
        match self.seen.get_mut(index) {
            Some(seen) if !*seen => *seen = true,
            _ => self.duplicates += 1,
        }
    }
}

pub(super) async fn measure<F: Format>(client: &Client<F>, task: &Task) -> Result<Outcome> {
    client.start()?;
    client.connected().await?;
    let seen = vec![false; usize::try_from(task.messages)?];
    let answers = Arc::new(Mutex::new(Answers { seen, ..Answers::default() }));
    let count = Arc::new(AtomicU64::new(0));
    let (handler, counted) = (Arc::clone(&answers), Arc::clone(&count));
    client.on("echo", move |data: OwnedBody, _| {
        handler.lock().unwrap_or_else(PoisonError::into_inner).add(data.seq);
        counted.fetch_add(1, Ordering::Relaxed);
    });
    begin();
    let start = now();
    let text = text(task.body);
    let mut ticks = interval(Duration::from_secs(1) / u32::try_from(task.rate.max(1))?);
    // A tick that was missed is made up for: the pace does not depend on the machine.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let mut refused = 0_u64;
    for seq in FIRST_SEQ..FIRST_SEQ + task.messages {
        ticks.tick().await;
        refused += u64::from(client.emit("echo", &Body::with(seq, &text)).is_err());
    }
    // Answers that are still on their way have time while others come.
    let mut before = u64::MAX;
    while before != count.load(Ordering::Relaxed) {
        before = count.load(Ordering::Relaxed);
        let _ = timeout(Duration::from_secs(1), std::future::pending::<()>()).await;
    }
    let elapsed = since(start, task.messages);
    let peer = client.clone();
    let handed_back = client.close().await.undelivered.len() as u64;
    let tally = peer.peer().tally();
    let answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
    let answered = answers.seen.iter().filter(|seen| **seen).count() as u64;
    let accounted = tally.written + tally.dropped + handed_back + refused;
    Ok(elapsed
        .with("answered", answered as f64)
        .with("duplicates", answers.duplicates as f64)
        .with("refused", refused as f64)
        .with("handed_back", handed_back as f64)
        .with("dropped", tally.dropped as f64)
        .with("written_unanswered", tally.written.saturating_sub(answered) as f64)
        .with("unaccounted", task.messages.abs_diff(accounted) as f64)
        .with("gap_ms", answers.gap.as_secs_f64() * 1e3))
}
