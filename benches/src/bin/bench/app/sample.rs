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
    /// Looks at a process and what it has started, such as a broker.
    pub(super) fn of_family(process: u32) -> Self {
        children(process).into_iter().map(Self::of).fold(Self::of(process), |all, one| Self {
            cpu: all.cpu + one.cpu,
            memory: all.memory + one.memory,
            peak: all.peak + one.peak,
            sleeps: all.sleeps + one.sleeps,
        })
    }

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

/// Returns the processes that a process has started and that run.
fn children(process: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
    let lists =
        threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    let lists: Vec<String> = lists.collect();
    lists.iter().flat_map(|list| list.split_whitespace()).filter_map(|id| id.parse().ok()).collect()
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
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};

    use super::{Sample, children, number, processor_time};

    #[test]
    fn user_and_system_time_are_added() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194304 101 0 0 0 250 50 0 0 20 0 1 0 5";
        assert_eq!(processor_time(stat), 3.0);
        assert_eq!(processor_time(""), 0.0);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn what_a_process_has_started_belongs_to_it() {
        // One thread each: while threads of this program end, the list of them has gaps.
        let script = "exec 3<&0; cat <&3 & echo started; wait";
        let mut shell = Command::new("sh");
        shell.args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut shell = shell.spawn().unwrap();
        let mut started = String::new();
        BufReader::new(shell.stdout.take().unwrap()).read_line(&mut started).unwrap();
        assert_eq!(children(shell.id()).len(), 1);
        let (all, alone) = (Sample::of_family(shell.id()), Sample::of(shell.id()));
        assert!(all.memory > alone.memory, "{all:?} {alone:?}");
        // Both end with this input.
        drop(shell.stdin.take());
        assert!(shell.wait().unwrap().success());
    }

    #[test]
    fn a_number_is_found_by_its_name() {
        let status = "Name:\tx\nVmRSS:\t  1234 kB\nnonvoluntary_ctxt_switches:\t9\n";
        assert_eq!(number(status, "VmRSS:"), 1234.0);
        assert_eq!(number(status, "voluntary_ctxt_switches:"), 0.0);
    }
}
