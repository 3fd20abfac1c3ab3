//! What this project sets itself, and whether a run met it.

use super::results::Results;

/// One target.
#[derive(Debug)]
struct Target {
    about: &'static str,
    case: &'static str,
    subject: &'static str,
    figure: &'static str,
    against: Against,
    bound: Bound,
}

/// What the figure is compared with.
#[derive(Debug)]
enum Against {
    Nothing,
    Subject(&'static str),
    Case(&'static str),
}

#[derive(Debug)]
enum Bound {
    AtLeast(f64),
    AtMost(f64),
}

impl Target {
    fn value(&self, results: &Results) -> Option<f64> {
        let this = (self.case, self.subject);
        match self.against {
            Against::Nothing => results.median(self.case, self.subject, self.figure),
            Against::Subject(other) => results.ratio(this, (self.case, other), self.figure),
            Against::Case(other) => results.ratio(this, (other, self.subject), self.figure),
        }
    }
}

/// Returns a table of the targets that the results can say something about.
pub(super) fn table(results: &Results) -> String {
    let mut out = String::new();
    for target in all() {
        let Some(value) = target.value(results) else { continue };
        let (met, bound) = match target.bound {
            Bound::AtLeast(least) => (value >= least, format!(">= {least}")),
            Bound::AtMost(most) => (value <= most, format!("<= {most}")),
        };
        let met = if met { "met" } else { "**missed**" };
        let Target { about, case, subject, .. } = target;
        out += &format!("| {case} | `{subject}` | {about} | {bound} | {value:.2} | {met} |\n");
    }
    if out.is_empty() {
        return out;
    }
    format!(
        "### Targets\n\n| case | subject | figure | target | measured | |\n|---|---|---|---|---|---|\n{out}\n"
    )
}

fn all() -> Vec<Target> {
    use Bound::{AtLeast, AtMost};
    let vs = |about, case, figure, other, bound| Target {
        about,
        case,
        subject: "ours",
        figure,
        against: Against::Subject(other),
        bound,
    };
    let alone = |about, case, subject, figure, bound| Target {
        about,
        case,
        subject,
        figure,
        against: Against::Nothing,
        bound,
    };
    let cases = |about, case, other, subject, figure, bound| Target {
        about,
        case,
        subject,
        figure,
        against: Against::Case(other),
        bound,
    };
    let msgpack = |about, case, other| Target {
        subject: "ours-msgpack",
        ..vs(about, case, "rate", other, AtLeast(1.0))
    };
    let grown = |case, figure, most| {
        let about = match figure {
            "p99" => "p99 / with 1 connection",
            _ => "server CPU a message / with 1 connection",
        };
        cases(about, case, "W15 1 connection", "ours", figure, AtMost(most))
    };
    let blocking = |subject, most| Target {
        subject,
        ..vs("time / raw blocking echo", "W1 64 B", "p50", "raw", AtMost(most))
    };
    let of_wire =
        |case, least| vs("speed / limit-bytes", case, "rate", "limit-bytes", AtLeast(least));
    let memory =
        |case| alone("MiB of the client's process", case, "ours", "client_mib", AtMost(8.0));
    let calls = |about, case, figure, other, most| Target {
        subject: "ours-call",
        ..vs(about, case, figure, other, AtMost(most))
    };
    vec![
        vs("time / raw blocking echo", "W1 64 B", "p50", "raw", AtMost(1.3)),
        blocking("ours-blocking", 1.05),
        blocking("ours-blocking-spin", 0.45),
        vs("time / limit-bytes", "W1 64 KiB", "p50", "limit-bytes", AtMost(1.4)),
        Target {
            subject: "ours-blocking",
            ..vs("time / limit-bytes", "W1 64 KiB", "p50", "limit-bytes", AtMost(1.4))
        },
        vs("speed / crate node-ipc 14", "W2 Unix", "rate", "node-ipc", AtLeast(5.0)),
        vs("speed / npm node-ipc 14", "W2 Unix", "rate", "npm-14", AtLeast(10.0)),
        vs("speed / npm node-ipc 9", "W2 Unix", "rate", "npm-9", AtLeast(20.0)),
        vs("speed / limit", "W2 Unix", "rate", "limit", AtLeast(0.5)),
        Target {
            subject: "ours-await",
            ..vs("speed / ours", "W2 Unix", "rate", "ours", AtLeast(0.87))
        },
        vs("speed / crate node-ipc 14", "W3 64 B", "rate", "node-ipc", AtLeast(5.0)),
        vs("speed / zeromq, JSON", "W3 64 B", "rate", "zeromq-json", AtLeast(1.0)),
        vs("speed / zeromq, plain bytes", "W3 64 B", "rate", "zeromq-native", AtLeast(1.0)),
        vs("speed / limit", "W3 64 B", "rate", "limit", AtLeast(0.7)),
        vs("speed / crate node-ipc 14", "W3 64 KiB", "rate", "node-ipc", AtLeast(2.0)),
        vs("speed / limit", "W3 64 KiB", "rate", "limit", AtLeast(0.8)),
        vs("speed / crate node-ipc 14", "W3 1 MiB", "rate", "node-ipc", AtLeast(2.0)),
        vs("speed / limit", "W3 1 MiB", "rate", "limit", AtLeast(0.8)),
        of_wire("W3 1 KiB", 0.6),
        of_wire("W3 64 KiB", 0.7),
        of_wire("W3 1 MiB", 0.7),
        memory("W3 1 KiB"),
        memory("W3 64 KiB"),
        memory("W3 1 MiB"),
        vs("speed / limit", "W6 8 clients", "rate", "limit", AtLeast(0.9)),
        memory("W6 8 clients"),
        Target {
            subject: "ours>npm-14",
            ..vs(
                "speed of a Node client / with npm's server",
                "W8 one way",
                "rate",
                "npm-14",
                AtLeast(1.0),
            )
        },
        msgpack("speed / tarpc, bincode", "W3 64 KiB", "tarpc-native"),
        msgpack("speed / tarpc, bincode", "W3 1 MiB", "tarpc-native"),
        msgpack("speed / zeromq, plain bytes", "W3 64 KiB", "zeromq-native"),
        msgpack("speed / zeromq, plain bytes", "W3 1 MiB", "zeromq-native"),
        cases(
            "speed with one stalled / without",
            "W5 8 receivers, 1 stalled",
            "W5 8 receivers",
            "ours",
            "rate",
            AtLeast(0.95),
        ),
        cases(
            "speed with one stalled / without",
            "W5 64 receivers, 1 stalled",
            "W5 64 receivers",
            "ours",
            "rate",
            AtLeast(0.95),
        ),
        cases(
            "speed of a group / of as many receivers",
            "W5 group of 64 in 10,000",
            "W5 64 receivers",
            "ours",
            "rate",
            AtLeast(0.9),
        ),
        cases(
            "speed with one stalled / without",
            "W5 group of 64 in 10,000, 1 stalled",
            "W5 group of 64 in 10,000",
            "ours",
            "rate",
            AtLeast(0.95),
        ),
        vs("speed / npm node-ipc 14", "W5 1,000 receivers", "rate", "npm-14", AtLeast(5.0)),
        alone("KiB a connection", "W7 1,000 idle", "ours", "kib_per_connection", AtMost(6.0)),
        alone("KiB a connection", "W7 10,000 idle", "ours", "kib_per_connection", AtMost(6.0)),
        alone(
            "messages nobody accounts for",
            "W9 killed at 1,000/s",
            "ours",
            "unaccounted",
            AtMost(0.0),
        ),
        alone(
            "ns a frame, with envelope",
            "W10 decode 64 B",
            "codec",
            "ns_per_frame",
            AtMost(100.0),
        ),
        cases(
            "bytes/s of frames of 1 MiB / of 64 KiB",
            "W10 decode 1 MiB, chunks of 1 KiB",
            "W10 decode 64 KiB, chunks of 1 KiB",
            "codec",
            "gb_per_s",
            AtLeast(0.5),
        ),
        calls("time / event", "W11 1 in flight", "p50", "ours", 1.25),
        calls("time / event", "W11 64 in flight", "us", "ours", 1.6),
        grown("W15 100 connections", "server_cpu_us", 1.5),
        grown("W15 1,000 connections", "server_cpu_us", 1.5),
        grown("W15 10,000 connections", "server_cpu_us", 2.5),
        grown("W15 100 connections", "p99", 1.5),
        grown("W15 1,000 connections", "p99", 1.5),
        grown("W15 10,000 connections", "p99", 2.5),
        alone("GB/s, delimiters only", "W10 scan 1 MiB", "codec", "gb_per_s", AtLeast(20.0)),
    ]
}
