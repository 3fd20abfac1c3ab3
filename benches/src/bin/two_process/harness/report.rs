//! The tables that are printed, in Markdown.

use std::fmt;
use std::time::Duration;

use super::meter::Round;
use super::subject::{Mode, Subject};

/// What one mode showed.
#[derive(Debug)]
pub(super) struct Table {
    mode: Mode,
    messages: u64,
    rows: Vec<(Subject, Vec<Round>)>,
}

impl Table {
    pub(super) fn new(mode: Mode, messages: u64, subjects: &[Subject]) -> Self {
        let rows = subjects.iter().map(|subject| (*subject, Vec::new())).collect();
        Self { mode, messages, rows }
    }

    pub(super) fn add(&mut self, subject: Subject, round: Round) {
        if let Some((_, rounds)) = self.rows.iter_mut().find(|(row, _)| *row == subject) {
            rounds.push(round);
        }
    }

    fn rounds(&self, subject: Subject) -> Option<&[Round]> {
        let row = self.rows.iter().find(|(row, _)| *row == subject);
        row.map(|(_, rounds)| rounds.as_slice())
    }

    /// Returns how much slower than `other` the rounds are: the median of the ratios of rounds
    /// that followed each other.
    fn ratio(&self, rounds: &[Round], other: Subject) -> Option<f64> {
        let other = self.rounds(other)?;
        let ratios = rounds.iter().zip(other).map(|(ours, theirs)| cost(ours) / cost(theirs));
        median(ratios.collect())
    }
}

/// Returns what counts of a round, in microseconds: the median trip, or the time of a message.
fn cost(round: &Round) -> f64 {
    micros(round.trip.map_or(round.per_message, |(median, _)| median))
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let flight = self.mode.in_flight();
        let flight = if self.mode == Mode::OneWay { "many".to_owned() } else { flight.to_string() };
        let rounds = self.rows.first().map_or(0, |(_, rounds)| rounds.len());
        let (mode, messages) = (self.mode, self.messages);
        writeln!(f, "\n{mode}: {flight} in flight, {rounds} rounds of {messages} messages\n")?;
        let cost_name = if mode == Mode::RoundTrip { "us a trip (p50)" } else { "us a message" };
        writeln!(
            f,
            "| subject | {cost_name} | least..most | p99 | client's CPU | messages/s | time / raw | speed / node-ipc |"
        )?;
        writeln!(f, "|---|---|---|---|---|---|---|---|")?;
        for (subject, rounds) in &self.rows {
            let costs: Vec<f64> = rounds.iter().map(cost).collect();
            let least = costs.iter().copied().fold(f64::INFINITY, f64::min);
            let most = costs.iter().copied().fold(0.0, f64::max);
            let p99 = rounds.iter().filter_map(|round| round.trip).map(|(_, p99)| micros(p99));
            let rates = rounds.iter().map(|round| 1.0 / round.per_message.as_secs_f64());
            let rate = median(rates.collect()).map(|rate| format!("{rate:.0}"));
            let cpu = rounds.iter().map(|round| micros(round.cpu)).collect();
            let speed = self.ratio(rounds, Subject::Upstream).map(|ratio| 1.0 / ratio);
            let cells = [
                number(median(costs)),
                format!("{least:.2}..{most:.2}"),
                number(median(p99.collect())),
                number(median(cpu)),
                rate.unwrap_or_default(),
                number(self.ratio(rounds, Subject::Raw)),
                number(speed),
            ];
            writeln!(f, "| {subject} | {} |", cells.join(" | "))?;
        }
        Ok(())
    }
}

fn number(value: Option<f64>) -> String {
    value.map(|value| format!("{value:.2}")).unwrap_or_default()
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// Returns what machine this is, in one line.
pub(super) fn machine(here: Option<usize>, there: Option<usize>) -> String {
    let read = |path| std::fs::read_to_string(path).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split(": ").nth(1));
    let kernel = read("/proc/sys/kernel/osrelease");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let pinned = match (here, there) {
        (Some(here), Some(there)) => format!("client on core {here}, servers on core {there}"),
        _ => "not pinned".to_owned(),
    };
    let (model, kernel) = (model.unwrap_or("unknown processor"), kernel.trim());
    let build = if cfg!(debug_assertions) { ", DEBUG BUILD" } else { "" };
    format!("{model}, {cores} cores, kernel {kernel}; {pinned}{build}")
}
