//! `Sample`: what a process has used so far, as Linux tells it.

use std::fs;

/// What a process has used so far. Zero where the system does not say.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sample {
    /// Processor time of its threads, user and system, in seconds.
    pub(super) cpu: f64,
    /// Memory it has now, in KiB.
    pub(super) memory: f64,
    /// The most memory it had, in KiB.
    pub(super) peak: f64,
    /// How often its threads went to sleep by themselves: so often they were woken.
    pub(super) sleeps: f64,
}

impl Sample {
    /// Looks at a process.
    pub(super) fn of(process: u32) -> Self {
        let read = |name: &str| fs::read_to_string(format!("/proc/{process}/{name}"));
        let status = read("status").unwrap_or_default();
        let mut sample = Self {
            cpu: processor_time(&read("stat").unwrap_or_default()),
            memory: number(&status, "VmRSS:"),
            peak: number(&status, "VmHWM:"),
            sleeps: 0.0,
        };
        let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else { return sample };
        for thread in threads.flatten() {
            let status = fs::read_to_string(thread.path().join("status")).unwrap_or_default();
            sample.sleeps += number(&status, "voluntary_ctxt_switches:");
        }
        sample
    }
}

/// Returns user and system time of a whole process, threads that have ended included. It is told
/// in hundredths of a second, which is why a round takes about one.
fn processor_time(stat: &str) -> f64 {
    // The second field is the program's name in parentheses, which may hold anything.
    let rest = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks = rest.split_whitespace().skip(11).take(2);
    ticks.filter_map(|word| word.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn number(status: &str, name: &str) -> f64 {
    let rest = status.lines().find_map(|line| line.strip_prefix(name));
    let word = rest.and_then(|rest| rest.split_whitespace().next());
    word.and_then(|word| word.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{number, processor_time};

    #[test]
    fn user_and_system_time_are_added() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 101 0 0 0 250 50 0 0 20 0 1 0 5";
        assert_eq!(processor_time(stat), 3.0);
        assert_eq!(processor_time(""), 0.0);
    }

    #[test]
    fn a_number_is_found_by_its_name() {
        let status = "Name:\tx\nVmRSS:\t  1234 kB\nnonvoluntary_ctxt_switches:\t9\n";
        assert_eq!(number(status, "VmRSS:"), 1234.0);
        assert_eq!(number(status, "voluntary_ctxt_switches:"), 0.0);
    }
}
