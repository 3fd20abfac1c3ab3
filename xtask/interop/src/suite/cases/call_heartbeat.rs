//! A heartbeat of ours towards node-ipc, whose process blocks.

use super::super::room::Room;
use super::calls::{HELPER, Pair, ask, call, failed, result};
use xtask::error::Result;

/// Node answers nothing while it is blocked. It is cut if it sends nothing either for as long as the limit,
/// and not if it does: over a plain socket what it sends leaves at once.
pub(super) fn blocked(room: &Room<'_>) -> Result<()> {
    // node-ipc has no heartbeat.
    if room.setup.nipc.is_none() {
        return Ok(());
    }
    let mut pair = Pair::start(room, &[HELPER, &["--heartbeat", EVERY]].concat(), &[])?;
    // From now on it is known to answer.
    ask(&mut pair.ours, "sum", "[1,2]", "3")?;
    call(&pair.ours, "a", "block", "{\"ms\":2000,\"every\":100}");
    for n in 1..=15 {
        pair.ours.expect("tick", &n.to_string())?;
    }
    result(&mut pair.ours, "a", "")?;
    // Less than the limit is no reason.
    call(&pair.ours, "b", "block", "{\"ms\":400}");
    result(&mut pair.ours, "b", "")?;
    call(&pair.ours, "c", "block", "{\"ms\":2000}");
    failed(&mut pair.ours, "c", "disconnected", "Disconnected")?;
    let error = pair.ours.event("error")?;
    if !error.text.contains("no sign of life") {
        return Err(format!("another error: {}", error.text).into());
    }
    // A client of either side connects again.
    pair.ours.event("connect")?;
    ask(&mut pair.ours, "sum", "[4]", "4")
}

/// How often our side asks, in ms; it gives up after three times as long.
const EVERY: &str = "300";
