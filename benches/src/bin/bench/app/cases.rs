//! The workloads, and the cases each is measured in.

use ipc_benches::{Task, Work};

/// A workload: what is asked, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Workload {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) about: &'static str,
}

/// One case of a workload.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) workload: Workload,
    /// `W1 64 B`, unique.
    pub(super) name: String,
    pub(super) socket: Socket,
    pub(super) task: Task,
    /// Whether the client is the same for every subject, and which.
    pub(super) common: Option<&'static str>,
}

/// The kind of socket a case is measured over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Socket {
    Unix,
    Tcp,
    Tls,
    Udp,
}

impl Case {
    /// Returns whether slow subjects get a part of the messages only.
    pub(super) fn is_parted(&self) -> bool {
        PARTED.iter().any(|name| self.is(name))
    }

    /// Returns why it cannot be measured if a process may have only so many open files.
    pub(super) fn lacks(&self, files: u64) -> Option<String> {
        let needed = (self.task.connections + self.task.others + SPARE) as u64;
        (needed > files).then(|| format!("needs {needed} open files, and `ulimit -n` is {files}"))
    }

    /// Returns whether the name is this case's or begins it: `W1`, `W10 decode`.
    pub(super) fn is(&self, name: &str) -> bool {
        let rest = self.name.strip_prefix(name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', ',']))
    }
}

/// Returns every case. Quick ones show that all works, not how fast.
pub(super) fn all(quick: bool) -> Vec<Case> {
    let mut cases = Cases { quick, list: Vec::new() };
    for (size, bytes) in SIZES.into_iter().take(3) {
        // A thousandth of them is what p99.9 is about.
        let messages = if bytes > 4096 { 5_000 } else { 10_000 };
        cases.add(W1, size, Task::new(Work::Echo, messages).body(bytes));
    }
    let pipelined = Task::new(Work::Echo, 1_000_000).in_flight(64);
    cases.add(W2, "Unix", pipelined);
    cases.add_over(Socket::Tcp, W2, "TCP", pipelined);
    for ((size, bytes), messages) in SIZES.into_iter().zip([1_000_000, 400_000, 16_000, 640]) {
        cases.add(W3, size, Task::new(Work::Flood, messages).body(bytes));
    }
    for (name, rate) in [("10 k/s", 10_000), ("50 k/s", 50_000), ("100 k/s", 100_000)] {
        cases.add(W4, name, Task::new(Work::Paced, rate).rate(rate));
    }
    for (name, receivers, stalled, messages, warm_up) in [
        ("1 receiver", 1, 0, 400_000, 10_000),
        ("8 receivers", 8, 0, 100_000, 10_000),
        ("8 receivers, 1 stalled", 9, 1, 100_000, 10_000),
        ("64 receivers", 64, 0, 20_000, 10_000),
        ("64 receivers, 1 stalled", 65, 1, 20_000, 10_000),
    ] {
        // What waits for the stalled one reaches its limit before the measured part begins.
        let task = Task::new(Work::Broadcast, messages).body(1024).connections(receivers, stalled);
        cases.add_common(W5, name, "receivers", task.warm_up(warm_up));
    }
    let task = Task::new(Work::Broadcast, 1_600).connections(1000, 0);
    cases.add_common(W5, "1,000 receivers", "receivers", task);
    for (name, members, stalled, messages, warm_up) in [
        ("group of 1 in 10,000", 1, 0, 400_000, 10_000),
        ("group of 64 in 10,000", 64, 0, 20_000, 10_000),
        ("group of 64 in 10,000, 1 stalled", 65, 1, 20_000, 10_000),
        ("group of 1,000 in 10,000", 1000, 0, 1_600, 160),
    ] {
        let body = if members < 1000 { 1024 } else { 64 };
        let task = Task::new(Work::Broadcast, messages).body(body).connections(members, stalled);
        let task = task.others(10_000 - members).warm_up(warm_up);
        cases.add_common(W5, name, "receivers", task);
    }
    cases.add(W6, "8 clients", Task::new(Work::Flood, 400_000).connections(8, 0));
    for (name, idle) in [("1,000 idle", 1000), ("10,000 idle", 10_000)] {
        let task = Task::new(Work::Idle, 2_000).connections(idle, 0);
        cases.add_common(W7, name, "idle", task);
    }
    cases.add(W8, "echo, 1 in flight", Task::new(Work::Echo, 5_000));
    cases.add(W8, "echo, 64 in flight", Task::new(Work::Echo, 200_000).in_flight(64));
    cases.add(W8, "one way", Task::new(Work::Flood, 200_000));
    cases.add(W9, "killed at 1,000/s", Task::new(Work::Restart, 3_000).rate(1_000).warm_up(0));
    cases.add(W11, "1 in flight", Task::new(Work::Call, 10_000));
    cases.add(W11, "64 in flight", Task::new(Work::Call, 400_000).in_flight(64));
    for ((size, bytes), items) in SIZES.into_iter().zip([1_000_000, 400_000]) {
        cases.add(W12, size, Task::new(Work::Stream, items).body(bytes));
    }
    for (size, bytes) in SIZES {
        let messages = (64 << 20) / (bytes as u64 + 50);
        for (name, chunk) in [("", 64 * 1024), (", chunks of 1 KiB", 1024)] {
            let task = Task::new(Work::Decode, messages).body(bytes).chunk(chunk);
            cases.add(W10, &format!("decode {size}{name}"), task);
        }
        cases.add(W10, &format!("encode {size}"), Task::new(Work::Encode, messages).body(bytes));
    }
    cases.add(W10, "scan 1 MiB", Task::new(Work::Scan, 4_000).body(1 << 20));
    let tls = |cases: &mut Cases, name, task| cases.add_over(Socket::Tls, W13, name, task);
    tls(&mut cases, "1 in flight", Task::new(Work::Echo, 10_000));
    tls(&mut cases, "64 in flight", Task::new(Work::Echo, 500_000).in_flight(64));
    tls(&mut cases, "one way", Task::new(Work::Flood, 1_000_000));
    let udp = |cases: &mut Cases, name, task| cases.add_over(Socket::Udp, W14, name, task);
    udp(&mut cases, "round trips", Task::new(Work::LossyEcho, 10_000));
    udp(&mut cases, "one way", Task::new(Work::LossyFlood, 300_000));
    udp(&mut cases, "one way, 20 k/s", Task::new(Work::LossyFlood, 20_000).rate(20_000));
    for (name, connections) in [
        ("1 connection", 1),
        ("10 connections", 10),
        ("100 connections", 100),
        ("1,000 connections", 1000),
        ("10,000 connections", 10_000),
    ] {
        let task = Task::new(Work::Shared, 100_000).rate(100_000).warm_up(20_000);
        cases.add_common(W15, name, "sharers", task.connections(connections, 0));
    }
    cases.list
}

struct Cases {
    quick: bool,
    list: Vec<Case>,
}

impl Cases {
    fn add(&mut self, workload: Workload, name: &str, task: Task) {
        self.push(workload, name, Socket::Unix, None, task);
    }

    fn add_over(&mut self, socket: Socket, workload: Workload, name: &str, task: Task) {
        self.push(workload, name, socket, None, task);
    }

    fn add_common(&mut self, workload: Workload, name: &str, common: &'static str, task: Task) {
        self.push(workload, name, Socket::Unix, Some(common), task);
    }

    fn push(
        &mut self,
        workload: Workload,
        name: &str,
        socket: Socket,
        common: Option<&'static str>,
        mut task: Task,
    ) {
        if self.quick {
            let less = |messages: u64| (messages / 50).max(messages.min(40));
            // One that is restarted in the middle needs its time.
            if task.work != Work::Restart {
                (task.messages, task.warm_up) = (less(task.messages), less(task.warm_up));
            }
            if task.connections >= 1000 {
                task.connections /= 10;
            }
            task.others /= 10;
        }
        self.list.push(Case {
            workload,
            name: format!("{} {name}", workload.id),
            socket,
            task,
            common,
        });
    }
}

const SIZES: [(&str, usize); 4] =
    [("64 B", 64), ("1 KiB", 1024), ("64 KiB", 64 * 1024), ("1 MiB", 1024 * 1024)];

/// The files that a process has open besides its connections, at the most.
const SPARE: usize = 100;

/// The workloads, or cases of them, in which slow subjects get a part of the messages only.
pub(super) const PARTED: [&str; 8] =
    ["W2", "W3", "W5", "W6", "W11 64 in flight", "W12", "W13 64 in flight", "W13 one way"];

/// Every workload, in order.
pub(super) const WORKLOADS: [Workload; 15] =
    [W1, W2, W3, W4, W5, W6, W7, W8, W9, W10, W11, W12, W13, W14, W15];

const W1: Workload = Workload {
    id: "W1",
    title: "one message at a time",
    about: "A message comes back before the next is sent. Microseconds.",
};
const W2: Workload = Workload {
    id: "W2",
    title: "64 messages in flight",
    about: "64 bytes; each answer lets the next message go. Node-ipc's own benchmark.",
};
const W3: Workload = Workload {
    id: "W3",
    title: "one way",
    about: "As fast as they are taken; the server acknowledges the end when it has decoded all.",
};
const W4: Workload = Workload {
    id: "W4",
    title: "a fixed pace",
    about: "64 bytes, sent when their time comes whatever comes back. A latency counts from when \
            the message was due. Processor time in percent of one core, both processes. \
            Microseconds.",
};
const W5: Workload = Workload {
    id: "W5",
    title: "broadcast",
    about: "1 KiB (1,000 receivers: 64 bytes) to every receiver, or to those of a group; deliveries to \
            those that read. The receivers are the same for all servers.",
};
const W6: Workload = Workload {
    id: "W6",
    title: "fan-in",
    about: "Eight connections send 64 bytes each as fast as they are taken.",
};
const W7: Workload = Workload {
    id: "W7",
    title: "idle connections",
    about: "Memory of the server for one connection that does nothing, and how often a second \
            all of them wake it; round trips over ten active ones beside them.",
};
const W8: Workload = Workload {
    id: "W8",
    title: "Rust and Node.js mixed",
    about: "Server and client of different languages. 64 bytes.",
};
const W9: Workload = Workload {
    id: "W9",
    title: "a server that is killed",
    about: "1,000 messages a second for three seconds; after one the server is killed, half a \
            second later it is started again. What became of each message.",
};
const W10: Workload = Workload {
    id: "W10",
    title: "the codec alone",
    about: "In memory, one core. Decoding includes receiving, by copy, and the envelope. The scan is \
            the search for the delimiter alone, in a frame that has been received.",
};
const W11: Workload = Workload {
    id: "W11",
    title: "calls",
    about: "A call with 64 bytes of arguments, answered with the same. `ours` is what a call is compared with: \
            an event that comes back, as in W1 and W2. Processor time and memory of nats-server are \
            its server's.",
};
const W12: Workload = Workload {
    id: "W12",
    title: "streams",
    about: "One call is answered with a stream of items, which one reader reads. `ours` is what a stream is \
            compared with: events that the server sends.",
};
const W13: Workload = Workload {
    id: "W13",
    title: "TLS",
    about: "64 bytes over TLS 1.3 and TCP, the server's certificate verified by the client: one at a time, 64 in \
            flight, and one way.",
};
const W14: Workload = Workload {
    id: "W14",
    title: "UDP",
    about: "64 bytes in a datagram each. What is not there after 100 ms, or at the end, is lost. One way as fast as \
            they are sent, nothing slows the sender down: a rate is of those that have arrived.",
};
const W15: Workload = Workload {
    id: "W15",
    title: "growth",
    about: "1 to 10,000 connections share 100,000 messages a second of 64 bytes, which come back. The client is the \
            same for all servers and never sleeps, so that each message is sent when it is due; a latency \
            counts from then. Processor time is the server's. Microseconds.",
};

#[cfg(test)]
mod tests {
    use super::all;

    #[test]
    fn a_case_says_how_many_files_it_lacks() {
        let cases = all(false);
        let group = cases.iter().find(|case| case.is("W5 group of 64 in 10,000")).unwrap();
        assert_eq!(group.lacks(10_100), None);
        let lacks = group.lacks(10_099).unwrap();
        assert_eq!(lacks, "needs 10100 open files, and `ulimit -n` is 10099");
    }
}
