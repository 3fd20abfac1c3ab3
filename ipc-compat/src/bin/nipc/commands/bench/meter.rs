//! `Meter`: counts round trips and takes their times.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize, Serializer};

/// What is sent.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Data {
    pub(super) seq: u64,
    #[serde(serialize_with = "text")]
    body: Arc<str>,
}

fn text<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

/// What an answer has to have.
#[derive(Debug, Deserialize)]
struct Answer {
    seq: u64,
}

/// Counts round trips and takes their times. What warms up is not timed.
#[derive(Debug)]
pub(super) struct Meter {
    warm_up: usize,
    total: usize,
    body: Arc<str>,
    sent: usize,
    received: usize,
    /// When the messages in flight were sent, by their numbers.
    under_way: BTreeMap<u64, Instant>,
    /// When the measured part began, and with what it ended.
    began: Option<Instant>,
    ended: Option<Instant>,
    /// In nanoseconds.
    trips: Histogram<u64>,
}

/// The figures.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Report {
    round_trips: usize,
    seconds: f64,
    us_per_round_trip: f64,
    p50_us: f64,
    p99_us: f64,
    p999_us: f64,
}

impl Meter {
    pub(super) fn new(warm_up: usize, count: usize, payload: usize) -> Self {
        // Three digits, up to a minute; what takes longer counts as a minute.
        #[expect(clippy::expect_used, reason = "these bounds are within what the histogram takes")]
        let trips = Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("valid bounds");
        Self {
            warm_up,
            total: warm_up.saturating_add(count),
            body: "x".repeat(payload).into(),
            sent: 0,
            received: 0,
            under_way: BTreeMap::new(),
            began: None,
            ended: None,
            trips,
        }
    }

    /// Returns what to send next, if there is more to send; its time runs from now on.
    pub(super) fn next_message(&mut self) -> Option<Data> {
        if self.sent == self.total {
            return None;
        }
        let now = now();
        if self.warm_up == 0 {
            self.began.get_or_insert(now);
        }
        let seq = self.sent as u64;
        self.under_way.insert(seq, now);
        self.sent += 1;
        Some(Data { seq, body: Arc::clone(&self.body) })
    }

    /// Records an echoed event: they come back in the order in which they were sent.
    ///
    /// # Errors
    ///
    /// A text if it is not the message that was to come back.
    pub(super) fn on_echo(&mut self, data: &[u8]) -> Result<(), String> {
        self.on_answer(self.received as u64, data)
    }

    /// Records the answer to the message with this number.
    ///
    /// # Errors
    ///
    /// A text if it is not that message.
    pub(super) fn on_answer(&mut self, wanted: u64, data: &[u8]) -> Result<(), String> {
        let now = now();
        match serde_json::from_slice(data) {
            Ok(Answer { seq }) if seq == wanted => {}
            Ok(Answer { seq }) => {
                return Err(format!("message {seq} came back in the place of {wanted}"));
            }
            Err(_) => return Err("the server answers with something else than it was sent".into()),
        }
        let Some(sent) = self.under_way.remove(&wanted) else {
            return Err("more came back than was sent".into());
        };
        self.received += 1;
        if self.received > self.warm_up {
            let nanos = u64::try_from((now - sent).as_nanos()).unwrap_or(u64::MAX);
            self.trips.saturating_record(nanos);
        } else if self.received == self.warm_up {
            self.began = Some(now);
        }
        if self.received == self.total {
            self.ended = Some(now);
        }
        Ok(())
    }

    /// Returns whether anything was sent.
    pub(super) fn has_begun(&self) -> bool {
        self.sent > 0
    }

    /// Returns how many messages have come back.
    pub(super) fn received(&self) -> usize {
        self.received
    }

    /// Returns the figures, when all have come back.
    pub(super) fn report(&self) -> Option<Report> {
        let (began, ended) = (self.began?, self.ended?);
        let round_trips = self.total - self.warm_up;
        let seconds = (ended - began).as_secs_f64();
        let at = |quantile| self.trips.value_at_quantile(quantile) as f64 / 1e3;
        Some(Report {
            round_trips,
            seconds,
            us_per_round_trip: seconds * 1e6 / round_trips as f64,
            p50_us: at(0.5),
            p99_us: at(0.99),
            p999_us: at(0.999),
        })
    }
}

impl Report {
    /// Returns the figures as one JSON object.
    pub(super) fn json(&self) -> String {
        // Numbers always have JSON.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[expect(clippy::disallowed_methods, reason = "measuring time is what the command is for")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::Meter;

    #[test]
    fn what_warms_up_is_not_measured() {
        let mut meter = Meter::new(2, 3, 1);
        for seq in 0..5 {
            assert_eq!(meter.report(), None);
            assert!(meter.next_message().is_some());
            meter.on_echo(format!(r#"{{"seq":{seq},"body":"x"}}"#).as_bytes()).unwrap();
        }
        assert!(meter.next_message().is_none());
        assert_eq!(meter.trips.len(), 3);
        assert_eq!(meter.report().unwrap().round_trips, 3);
    }

    #[test]
    fn an_answer_has_to_be_what_was_sent() {
        let mut meter = Meter::new(0, 3, 1);
        assert!(meter.on_echo(br#"{"seq":0}"#).is_err(), "nothing was sent yet");
        meter.next_message();
        meter.next_message();
        assert!(meter.on_echo(br#"{"seq":1}"#).is_err());
        assert!(meter.on_echo(br#""x world!""#).is_err());
        assert!(meter.on_echo(b"").is_err());
        meter.on_echo(br#"{"body":"y","seq":0}"#).unwrap();
    }
}
