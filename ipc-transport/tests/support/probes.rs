//! When a TCP connection is probed next, as Linux's own table of connections has it.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;

/// Returns in how many seconds this end of a connection over IPv4 is probed; `None` if it never is.
pub(crate) fn next_probe(
    local: SocketAddr,
    remote: SocketAddr,
) -> Result<Option<f64>, Box<dyn std::error::Error + Send + Sync>> {
    let shown = |address: SocketAddr| match address {
        SocketAddr::V4(v4) => {
            format!("{:08X}:{:04X}", u32::from_ne_bytes(v4.ip().octets()), v4.port())
        }
        SocketAddr::V6(_) => String::new(),
    };
    let begun = Instant::now();
    while begun.elapsed() < DEADLINE {
        let table = std::fs::read_to_string("/proc/net/tcp")?;
        let mut lines = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        let line = lines
            .find(|fields| fields.get(1..3) == Some(&[&*shown(local), &*shown(remote)]))
            .ok_or("no such connection")?;
        // `tr:tm->when`; the kind of the timer is 2 for probes, 1 while an answer is outstanding.
        let timer = line.get(5).and_then(|timer| timer.split_once(':')).ok_or("no timer")?;
        match timer {
            ("02", when) => return Ok(Some(f64::from(u32::from_str_radix(when, 16)?) / 100.0)),
            ("00", _) => return Ok(None),
            _ => std::thread::yield_now(),
        }
    }
    Err("the connection does not come to rest".into())
}

/// Long enough for a loaded machine, short enough to end a hanging test run.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);
