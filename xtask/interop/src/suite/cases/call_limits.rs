//! Many calls at a time, one-way and both ways, up to the limit.

use super::super::room::Room;
use super::calls::{HELPER, Pair, ask, call, call_many, failed, many, meet, result, says};
use xtask::error::Result;

/// The helper with a limit above what is asked.
const MANY: &[&str] = &["--calls", "helper", "--max", "2000"];

pub(super) fn thousand(room: &Room<'_>) -> Result<()> {
    meet(room, MANY, |pair| {
        pair.ways(|asker, _| {
            call_many(asker, 1000);
            many(asker, 1000)
        })
    })
}

pub(super) fn both_ways(room: &Room<'_>) -> Result<()> {
    meet(room, MANY, |pair| {
        let names = [
            "\"JavaScript\"",
            if room.setup.nipc.is_some() { "\"Rust\"" } else { "\"JavaScript\"" },
        ];
        let Pair { ours, theirs, .. } = pair;
        for asker in [&*ours, &*theirs] {
            call_many(asker, 500);
            for n in 0..20 {
                call(asker, &format!("back {n}"), "back", "");
            }
        }
        let [of_theirs, of_ours] = names;
        for (asker, name) in [(ours, of_ours), (theirs, of_theirs)] {
            many(asker, 500)?;
            for n in 0..20 {
                result(asker, &format!("back {n}"), name)?;
            }
        }
        Ok(())
    })
}

/// 256 calls of one peer may run, on either side.
pub(super) fn busy(room: &Room<'_>) -> Result<()> {
    meet(room, HELPER, |pair| {
        pair.ways(|asker, answerer| {
            for n in 0..256 {
                call(asker, &n.to_string(), "slow", &format!("\"{n}\""));
            }
            for n in 0..256 {
                says(answerer, "started", &n.to_string())?;
            }
            call(asker, "one more", "sum", "[1]");
            failed(asker, "one more", "busy", "Busy")?;
            // As soon as one has ended, there is a place.
            asker.say("{\"do\":\"drop\",\"key\":\"0\"}");
            says(answerer, "aborted", "0")?;
            ask(asker, "sum", "[1]", "1")?;
            for n in 1..256 {
                asker.say(&format!("{{\"do\":\"drop\",\"key\":\"{n}\"}}"));
                says(answerer, "aborted", &n.to_string())?;
            }
            Ok(())
        })
    })
}
