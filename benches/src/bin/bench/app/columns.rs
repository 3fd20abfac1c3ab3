//! The columns of each workload's tables.

use super::cases::Case;
use super::results::Results;
use super::stats;

/// A column: its title, and what stands in it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) title: &'static str,
    figure: &'static str,
    cell: Cell,
}

#[derive(Debug, Clone, Copy)]
enum Cell {
    /// The median, with so many digits behind the point.
    Median(usize),
    /// The least and the most.
    Spread(usize),
    /// The median of the ratios to another subject.
    Ratio(&'static str),
}

impl Column {
    const fn median(title: &'static str, figure: &'static str, digits: usize) -> Self {
        Self { title, figure, cell: Cell::Median(digits) }
    }

    const fn spread(figure: &'static str, digits: usize) -> Self {
        Self { title: "least..most", figure, cell: Cell::Spread(digits) }
    }

    const fn ratio(title: &'static str, figure: &'static str, other: &'static str) -> Self {
        Self { title, figure, cell: Cell::Ratio(other) }
    }

    /// Returns what stands in the column for a subject, `-` if nothing is known.
    pub(super) fn text(&self, results: &Results, case: &Case, subject: &str) -> String {
        let text = match self.cell {
            Cell::Median(digits) => {
                results.median(&case.name, subject, self.figure).map(|value| number(value, digits))
            }
            Cell::Spread(digits) => {
                let figures = results.figures(&case.name, subject, self.figure);
                let values: Vec<f64> = figures.into_iter().map(|(_, value)| value).collect();
                stats::spread(&values).map(|(least, most)| {
                    format!("{}..{}", number(least, digits), number(most, digits))
                })
            }
            Cell::Ratio(other) => {
                let ratio = results.ratio((&case.name, subject), (&case.name, other), self.figure);
                ratio.map(|value| number(value, 2))
            }
        };
        text.unwrap_or_else(|| "-".to_owned())
    }
}

/// Returns the columns of a workload.
pub(super) fn of(workload: &str) -> &'static [Column] {
    match workload {
        "W1" => TRIPS,
        "W4" => PACED,
        "W5" => BROADCAST,
        "W7" => IDLE,
        "W8" => MIXED,
        "W9" => RESTART,
        "W10" => CODEC,
        "W11" => CALLS,
        "W12" => STREAMS,
        "W13" => SECURE,
        "W14" => DATAGRAMS,
        "W15" => GROWTH,
        _ => RATES,
    }
}

/// Returns the figure of a workload that its chart shows, what it is called, and whether more of
/// it is better.
pub(super) fn main_figure(workload: &str) -> Option<(&'static str, &'static str, bool)> {
    match workload {
        "W1" => Some(("p50", "microseconds, median", false)),
        "W4" => Some(("p99", "microseconds, 99th percentile", false)),
        "W7" => Some(("kib_per_connection", "KiB a connection", false)),
        "W5" => Some(("rate", "deliveries a second", true)),
        "W9" => None,
        "W10" => Some(("gb_per_s", "GB/s", true)),
        "W11" => Some(("rate", "calls a second", true)),
        "W12" => Some(("rate", "items a second", true)),
        "W15" => Some(("server_cpu_us", "microseconds of the server's processor a message", false)),
        _ => Some(("rate", "messages a second", true)),
    }
}

/// Returns a number with so many digits behind the point, and commas between thousands.
pub(super) fn number(value: f64, digits: usize) -> String {
    let text = format!("{:.digits$}", value.abs());
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), ""), |parts| parts);
    let mut out = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    let point = if rest.is_empty() { "" } else { "." };
    let sign = if value < 0.0 && text.chars().any(|digit| ('1'..='9').contains(&digit)) {
        "-"
    } else {
        ""
    };
    format!("{sign}{out}{point}{rest}")
}

const TRIPS: &[Column] = &[
    Column::median("p50", "p50", 2),
    Column::spread("p50", 2),
    Column::median("p99", "p99", 2),
    Column::median("p99.9", "p999", 2),
    Column::median("CPU us/message", "cpu_us", 2),
    Column::median("server MiB", "server_mib", 1),
    Column::ratio("time / raw", "p50", "raw"),
    Column::ratio("time / node-ipc", "p50", "node-ipc"),
];

const RATES: &[Column] = &[
    Column::median("messages/s", "rate", 0),
    Column::spread("rate", 0),
    Column::median("CPU us/message", "cpu_us", 2),
    Column::median("server MiB", "server_mib", 1),
    Column::median("client MiB", "client_mib", 1),
    Column::ratio("speed / node-ipc", "rate", "node-ipc"),
    Column::ratio("speed / npm-14", "rate", "npm-14"),
    Column::ratio("speed / limit", "rate", "limit"),
];

const PACED: &[Column] = &[
    Column::median("p50", "p50", 1),
    Column::spread("p50", 1),
    Column::median("p99", "p99", 1),
    Column::median("p99.9", "p999", 1),
    Column::median("CPU %", "cpu_percent", 0),
    Column::median("messages/s", "rate", 0),
];

const BROADCAST: &[Column] = &[
    Column::median("deliveries/s", "rate", 0),
    Column::spread("rate", 0),
    Column::median("CPU us/delivery", "cpu_us", 2),
    Column::median("server MiB", "server_mib", 1),
    Column::ratio("speed / npm-14", "rate", "npm-14"),
];

const IDLE: &[Column] = &[
    Column::median("KiB/connection", "kib_per_connection", 2),
    Column::spread("kib_per_connection", 2),
    Column::median("wake-ups/s", "wakes", 0),
    Column::median("active p50 us", "p50", 1),
    Column::median("active p99 us", "p99", 1),
];

const MIXED: &[Column] = &[
    Column::median("messages/s", "rate", 0),
    Column::spread("rate", 0),
    Column::median("CPU us/message", "cpu_us", 2),
    Column::median("p50 us", "p50", 1),
    Column::ratio("speed / npm-14", "rate", "npm-14"),
];

const RESTART: &[Column] = &[
    Column::median("away ms", "down_ms", 0),
    Column::median("no answer for ms", "gap_ms", 0),
    Column::median("answered", "answered", 0),
    Column::median("twice", "duplicates", 0),
    Column::median("refused", "refused", 0),
    Column::median("handed back", "handed_back", 0),
    Column::median("dropped, counted", "dropped", 0),
    Column::median("written, no answer", "written_unanswered", 0),
    Column::median("not accounted for", "unaccounted", 0),
];

const CALLS: &[Column] = &[
    Column::median("calls/s", "rate", 0),
    Column::spread("rate", 0),
    Column::median("p50 us", "p50", 2),
    Column::median("p99 us", "p99", 2),
    Column::median("CPU us/call", "cpu_us", 2),
    Column::median("server MiB", "server_mib", 1),
    Column::median("client MiB", "client_mib", 1),
    Column::ratio("time / event", "us", "ours"),
];

const STREAMS: &[Column] = &[
    Column::median("items/s", "rate", 0),
    Column::spread("rate", 0),
    Column::median("CPU us/item", "cpu_us", 2),
    Column::median("server MiB", "server_mib", 1),
    Column::median("client MiB", "client_mib", 1),
    Column::ratio("time / event", "us", "ours"),
];

const SECURE: &[Column] = &[
    Column::median("messages/s", "rate", 0),
    Column::spread("rate", 0),
    Column::median("p50 us", "p50", 2),
    Column::median("p99 us", "p99", 2),
    Column::median("CPU us/message", "cpu_us", 2),
    Column::median("server MiB", "server_mib", 1),
    Column::ratio("speed / limit", "rate", "limit"),
    Column::ratio("speed / node-tls", "rate", "node-tls"),
];

const DATAGRAMS: &[Column] = &[
    Column::median("arrived/s", "rate", 0),
    Column::spread("rate", 0),
    Column::median("sent/s", "sent_rate", 0),
    Column::median("lost %", "lost_percent", 2),
    Column::median("p50 us", "p50", 2),
    Column::median("p99 us", "p99", 2),
    Column::median("CPU us/message", "cpu_us", 2),
    Column::ratio("arrived / limit", "rate", "limit"),
];

const GROWTH: &[Column] = &[
    Column::median("server CPU us/message", "server_cpu_us", 2),
    Column::spread("server_cpu_us", 2),
    Column::median("p50", "p50", 1),
    Column::median("p99", "p99", 1),
    Column::median("p99.9", "p999", 1),
    Column::median("server MiB", "server_mib", 1),
    Column::median("messages/s", "rate", 0),
];

const CODEC: &[Column] = &[
    Column::median("ns/frame", "ns_per_frame", 1),
    Column::spread("ns_per_frame", 1),
    Column::median("GB/s", "gb_per_s", 2),
    Column::ratio("time / node-ipc", "ns_per_frame", "codec-node-ipc"),
];

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(number(1_234_567.0, 0), "1,234,567");
        assert_eq!(number(123.456, 2), "123.46");
        assert_eq!(number(-1234.5, 1), "-1,234.5");
        assert_eq!(number(-0.001, 1), "0.0");
    }
}
