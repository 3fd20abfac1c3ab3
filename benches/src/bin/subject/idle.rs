//! Connections that do nothing, the same for every server, beside some that echo.

use std::io::{Read, Write};
use std::time::Duration;

use ipc_benches::meter::{begin, now, say, since};
use ipc_benches::pace::sleep;
use ipc_benches::{FIRST_SEQ, Latencies, Outcome, Task, frame_with, text};
use ipc_transport::Endpoint;

use crate::Result;
use crate::net::Socket;

pub(crate) fn measure(endpoint: &Endpoint, task: &Task) -> Result<Outcome> {
    let frame = frame_with("echo", FIRST_SEQ, &text(task.body));
    let mut active = Vec::new();
    for _ in 0..ACTIVE {
        active.push(Socket::connect(endpoint)?);
    }
    trips(&mut active, &frame, task.warm_up, &mut Latencies::new())?;
    sleep(SETTLE);
    // From here on only idle connections are added: what grows is theirs.
    say("idle-from");
    let mut idle = Vec::new();
    for _ in 0..task.connections {
        idle.push(Socket::connect(endpoint)?);
    }
    // Connections are accepted in order, so that now all of them are.
    let mut last = Socket::connect(endpoint)?;
    last.write_all(&frame)?;
    last.read_exact(&mut vec![0; frame.len()])?;
    drop(last);
    sleep(SETTLE);
    say("idle-all");
    sleep(QUIET);
    say("idle-quiet");
    begin();
    let start = now();
    let mut latencies = Latencies::new();
    trips(&mut active, &frame, task.messages, &mut latencies)?;
    Ok(latencies.add_to(since(start, task.messages)))
}

/// Sends messages over the active connections in turn, and waits for each to come back.
fn trips(
    active: &mut [Socket],
    frame: &[u8],
    messages: u64,
    latencies: &mut Latencies,
) -> Result<()> {
    let mut answer = vec![0; frame.len()];
    for n in 0..usize::try_from(messages)? {
        let index = n % active.len().max(1);
        let Some(socket) = active.get_mut(index) else { break };
        let sent = now();
        socket.write_all(frame)?;
        socket.read_exact(&mut answer)?;
        latencies.add(now() - sent);
    }
    Ok(())
}

/// The connections that are not idle.
const ACTIVE: usize = 10;

/// How long a server may need to come to rest.
const SETTLE: Duration = Duration::from_millis(300);

/// How long wake-ups are counted.
const QUIET: Duration = Duration::from_secs(1);
