//! Questions and answers over one event: each is awaited where it was asked, in any number at a time.
//!
//! The first argument is settings in JSON; see `support`.
#![expect(clippy::print_stderr, reason = "it talks to its user")]

mod support;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use ipc_compat::{Config, Ipc, IpcClient};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

#[derive(Debug, Serialize)]
struct Question<'a> {
    number: u64,
    text: &'a str,
}

#[derive(Debug, Deserialize)]
struct Answer {
    number: u64,
    length: usize,
}

/// The questions that wait for their answers, by number.
#[derive(Debug)]
struct Lengths {
    world: IpcClient,
    next: AtomicU64,
    waiting: Arc<Mutex<HashMap<u64, oneshot::Sender<usize>>>>,
}

impl Lengths {
    fn new(world: IpcClient) -> Self {
        let waiting = Arc::<Mutex<HashMap<_, oneshot::Sender<_>>>>::default();
        let asked = Arc::clone(&waiting);
        world.on("length", move |answer: Answer, _| {
            let asker = asked.lock().unwrap_or_else(PoisonError::into_inner).remove(&answer.number);
            // The caller may have stopped waiting.
            asker.map(|asker| asker.send(answer.length));
        });
        Self { world, next: AtomicU64::new(0), waiting }
    }

    async fn of(&self, text: &str) -> Result<usize, Box<dyn std::error::Error>> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (asker, answer) = oneshot::channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(number, asker);
        self.world.emit("length", &Question { number, text })?;
        // With `tokio::time::timeout` around it, if the answer may fail to come.
        Ok(answer.await?)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut config = Config::classic();
    support::apply_arguments(&mut config)?;

    let world = Ipc::new(config).connect_to("world")?;
    let lengths = Lengths::new(world.clone());
    let (short, long) = tokio::try_join!(lengths.of("four"), lengths.of("twenty-two characters."))?;
    eprintln!("{short} and {long} characters");
    world.close().await;
    Ok(())
}
