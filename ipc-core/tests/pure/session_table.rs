//! Every input in every state, compared with the checked-in `tests/session_table.txt`.
//!
//! After a change that is meant, write the table again and look at the difference:
//! `UPDATE_SESSION_TABLE=1 cargo test -p ipc-core --test pure session_table`.

use std::fmt::Write;
use std::time::{Duration, Instant};

use ipc_core::session::{Backoff, Input, Output, ReconnectPolicy, Session, State};

const TABLE: &str = include_str!("../session_table.txt");

fn times(n: u32) -> ReconnectPolicy {
    ReconnectPolicy::times(n, Backoff::fixed(Duration::from_millis(100)))
}

/// The states, each by the inputs that lead there from the start, and with how many attempts left.
fn states(t0: Instant) -> Vec<(&'static str, u32, Vec<Input>)> {
    let failed = Input::DialFailed { permanent: false, now: t0, chance: 0.5 };
    let (start, dialed) = (Input::Start, Input::Dialed);
    vec![
        ("idle", 2, vec![]),
        ("dialing", 2, vec![start]),
        ("dialing, no attempt left", 0, vec![start]),
        ("dialing for the last time", 2, vec![start, Input::Close]),
        ("connected", 2, vec![start, dialed]),
        ("connected, no attempt left", 0, vec![start, dialed]),
        ("connected, retrying stopped", 2, vec![start, dialed, Input::StopRetrying]),
        ("waiting", 2, vec![start, failed]),
        ("draining", 2, vec![start, dialed, Input::Close]),
        ("destroyed", 0, vec![start, failed]),
    ]
}

fn inputs(t0: Instant) -> Vec<(&'static str, Input)> {
    let (early, due) = (t0 + Duration::from_millis(99), t0 + Duration::from_millis(100));
    vec![
        ("Start", Input::Start),
        ("Dialed", Input::Dialed),
        ("DialFailed", Input::DialFailed { permanent: false, now: t0, chance: 0.5 }),
        ("DialFailed, ever", Input::DialFailed { permanent: true, now: t0, chance: 0.5 }),
        ("Lost", Input::Lost { now: t0, chance: 0.5 }),
        ("Tick, too early", Input::Tick { now: early }),
        ("Tick, in time", Input::Tick { now: due }),
        ("Close", Input::Close),
        ("Disconnect", Input::Disconnect),
        ("StopRetrying", Input::StopRetrying),
        ("SetReconnect", Input::SetReconnect(ReconnectPolicy::never())),
    ]
}

fn state_name(state: State, t0: Instant) -> String {
    match state {
        State::Waiting(at) => format!("waiting until {} ms", (at - t0).as_millis()),
        State::Dialing { last: true } => "dialing for the last time".to_owned(),
        other => other.name().to_owned(),
    }
}

fn output_name(output: Output, t0: Instant) -> String {
    match output {
        Output::WakeAt(at) => format!("WakeAt {} ms", (at - t0).as_millis()),
        other => format!("{other:?}"),
    }
}

fn table() -> String {
    let t0 = tokio::time::Instant::now().into_std();
    let mut table = String::new();
    for (state, attempts, way) in states(t0) {
        writeln!(table, "{state}").unwrap();
        for (name, input) in inputs(t0) {
            let mut session = Session::new(times(attempts));
            way.iter().for_each(|input| session.handle_input(*input));
            while session.poll_output().is_some() {}
            let before = session.state();
            session.handle_input(input);
            let outputs: Vec<_> = std::iter::from_fn(|| session.poll_output())
                .map(|output| output_name(output, t0))
                .collect();
            let after = if session.state() == before {
                "-".to_owned()
            } else {
                state_name(session.state(), t0)
            };
            let outputs = if outputs.is_empty() { "-".to_owned() } else { outputs.join(", ") };
            writeln!(table, "    {name:16} -> {after:26} | {outputs}").unwrap();
        }
    }
    table
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the one switch of this test is a variable")]
fn the_table_is_as_it_was() {
    let table = table();
    if std::env::var("UPDATE_SESSION_TABLE").is_ok() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/session_table.txt");
        std::fs::write(path, &table).unwrap();
        return;
    }
    assert!(table == TABLE, "the table has changed; it is now:\n{table}");
}
