//! The command line.

use std::str::FromStr;

use ipc_transport::Endpoint;

use super::Result;
use super::subject::{Mode, Subject};

/// What this process is to do.
#[derive(Debug)]
pub(super) enum Command {
    /// To be the other side.
    Serve { subject: Subject, endpoint: Endpoint, core: Option<usize> },
    /// To measure.
    Measure(Plan),
}

/// What is to be measured.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) tcp: bool,
    pub(super) pin: bool,
    pub(super) rounds: usize,
    pub(super) subjects: Vec<Subject>,
    pub(super) modes: Vec<Mode>,
    /// The messages of a round, if not as many as the mode has by itself.
    messages: Option<u64>,
}

impl Plan {
    /// Returns how many messages a round has.
    pub(super) fn messages(&self, mode: Mode) -> u64 {
        self.messages.unwrap_or(match mode {
            Mode::RoundTrip => 5_000,
            Mode::Pipelined => 50_000,
            Mode::OneWay => 200_000,
        })
    }
}

impl Command {
    pub(super) fn parse(args: impl IntoIterator<Item = String>) -> Result<Self> {
        let mut args = args.into_iter();
        let mut plan = Plan {
            tcp: false,
            pin: true,
            rounds: 7,
            subjects: Subject::ALL.into(),
            modes: Mode::ALL.into(),
            messages: None,
        };
        let (mut serve, mut at, mut core) = (None, None, None);
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| format!("{arg} needs a value\n{HELP}"));
            match arg.as_str() {
                "--tcp" => plan.tcp = true,
                "--no-pin" => plan.pin = false,
                "--rounds" => plan.rounds = value()?.parse::<usize>()?.max(1),
                "--messages" => plan.messages = Some(value()?.parse::<u64>()?.max(1)),
                "--subjects" => plan.subjects = list(&value()?)?,
                "--modes" => plan.modes = list(&value()?)?,
                "--serve" => serve = Some(value()?.parse()?),
                "--at" => at = Some(value()?.parse()?),
                "--core" => core = Some(value()?.parse()?),
                // What `cargo bench` adds.
                "--bench" => {}
                _ => return Err(format!("{arg} is not known\n{HELP}").into()),
            }
        }
        match (serve, at) {
            (Some(subject), Some(endpoint)) => Ok(Self::Serve { subject, endpoint, core }),
            _ => Ok(Self::Measure(plan)),
        }
    }
}

fn list<T: FromStr<Err = String>>(text: &str) -> Result<Vec<T>> {
    Ok(text.split(',').map(T::from_str).collect::<std::result::Result<_, _>>()?)
}

const HELP: &str = "\
two_process [--tcp] [--no-pin] [--rounds N] [--messages N] [--subjects A,B] [--modes A,B]
subjects: raw, node-ipc, ours, ours-multi, ours-await, ours-json
modes: round-trip, pipelined, one-way";
