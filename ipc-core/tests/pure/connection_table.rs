//! Every input in every state of a connection, compared with the checked-in
//! `tests/connection_table.txt`.
//!
//! After a change that is meant, write the table again and look at the difference:
//! `UPDATE_CONNECTION_TABLE=1 cargo test -p ipc-core --test pure connection_table`.

use std::fmt::Write;
use std::io::ErrorKind;
use std::time::{Duration, Instant};

use ipc_codec::{DecodeError, Delimiter, Framing, Limits, Oversize};
use ipc_core::protocol::connection::{Action, Fault, Input, Machine, Role, Rules};
use ipc_core::queue::QueueLimit;
use ipc_core::{Denied, FormatError, Rate};

const TABLE: &str = include_str!("../connection_table.txt");

/// What leads to a state: bytes that arrive, or an input.
enum Step {
    Bytes(&'static [u8]),
    Input(MakeInput),
}

/// Makes an input that happens at this time.
type MakeInput = fn(Instant) -> Input;

/// A state: its name, the side, whether a malformed frame closes, and the way there.
type State = (&'static str, Role, bool, Vec<Step>);

fn peer_ended(now: Instant) -> Input {
    Input::PeerEnded { now }
}

fn close(now: Instant) -> Input {
    Input::Close { now }
}

fn written(_: Instant) -> Input {
    Input::Written
}

fn shut_down(now: Instant) -> Input {
    Input::ShutDown { now }
}

fn write_failed(_: Instant) -> Input {
    Input::WriteFailed(ErrorKind::BrokenPipe.into())
}

fn write_failed_otherwise(_: Instant) -> Input {
    Input::WriteFailed(ErrorKind::Other.into())
}

fn states() -> Vec<State> {
    use Role::{Client, Server};
    use Step::{Bytes, Input as In};
    let half = || Bytes(b"half");
    vec![
        ("client, open", Client, false, vec![]),
        ("client, open, within a frame", Client, false, vec![half()]),
        ("client, open, closes on malformed", Client, true, vec![half()]),
        ("client, suspended", Client, false, vec![half(), In(|_| Input::Suspend)]),
        ("client, a write failed", Client, false, vec![In(write_failed)]),
        ("client, a write failed otherwise", Client, false, vec![In(write_failed_otherwise)]),
        ("client, closing", Client, false, vec![In(close)]),
        ("client, shutting down", Client, false, vec![In(close), In(written)]),
        (
            "client, lingering, within a frame",
            Client,
            false,
            vec![half(), In(close), In(written), In(shut_down)],
        ),
        ("server, open", Server, false, vec![]),
        ("server, open, within a frame", Server, false, vec![half()]),
        ("server, a write failed, within a frame", Server, false, vec![half(), In(write_failed)]),
        ("server, a write failed otherwise", Server, false, vec![In(write_failed_otherwise)]),
        ("server, answering after the peer's end", Server, false, vec![In(peer_ended)]),
        (
            "server, answering after the peer's end, asked to close",
            Server,
            false,
            vec![In(peer_ended), In(close)],
        ),
        ("server, answers written", Server, false, vec![In(peer_ended), In(written)]),
        ("server, closing", Server, false, vec![In(close)]),
        ("server, lingering", Server, false, vec![In(close), In(written), In(shut_down)]),
        ("ended", Server, false, vec![In(|_| Input::Disconnect)]),
    ]
}

fn inputs() -> Vec<(&'static str, MakeInput)> {
    vec![
        ("Malformed", |_| Input::Malformed(FormatError::new("bad", "bad"))),
        ("Undecodable, skipped", |_| {
            let policy = Oversize::Skip;
            Input::Undecodable(DecodeError::FrameTooLarge { limit: 1, seen: 2, policy })
        }),
        ("Undecodable", |_| Input::Undecodable(DecodeError::Dead)),
        ("OverBudget", |_| Input::OverBudget { limit: 1, actual: 2 }),
        ("OverRate", |_| Input::OverRate(Rate::messages(1))),
        ("Denied", |_| Input::Denied { what: Denied::Event, name: "stop".to_owned() }),
        ("PeerEnded", peer_ended),
        ("ReadFailed, reset", |now| Input::ReadFailed {
            error: ErrorKind::ConnectionReset.into(),
            now,
        }),
        ("ReadFailed, other", |now| Input::ReadFailed { error: ErrorKind::Other.into(), now }),
        ("WriteFailed", write_failed),
        ("NothingToRead", |_| Input::NothingToRead),
        ("Written", written),
        ("ShutDown", shut_down),
        ("Suspend", |_| Input::Suspend),
        ("Resume", |_| Input::Resume),
        ("Close", close),
        ("Disconnect", |_| Input::Disconnect),
        ("Overflow", |_| Input::Overflow(QueueLimit::Bytes { limit: 1, actual: 2 })),
        ("Tick, 1 s", |now| Input::Tick { now: now + Duration::from_secs(1) }),
        ("Tick, 10 s", |now| Input::Tick { now: now + Duration::from_secs(10) }),
        ("Tick, 30 s", |now| Input::Tick { now: now + Duration::from_secs(30) }),
        ("Tick, 60 s", |now| Input::Tick { now: now + Duration::from_secs(60) }),
    ]
}

/// Returns a machine in this state at `t0`: with 30 s for a frame and 60 s of silence.
fn machine(state: &State, t0: Instant) -> Machine {
    let (_, role, close_on_malformed, way) = state;
    let mut rules = Rules::new(*role);
    rules.idle_timeout = Some(Duration::from_secs(60));
    rules.close_on_malformed = *close_on_malformed;
    let framing = Framing::Delimited(Delimiter::new("\n").unwrap());
    let mut machine = Machine::new(framing, Limits::default(), rules);
    for step in way {
        match step {
            Step::Bytes(bytes) => machine.inbound().extend(bytes),
            Step::Input(input) => drop(machine.handle(input(t0))),
        }
        assert_eq!(machine.inbound().next_frame(), Ok(None));
        machine.deadline(|| t0);
    }
    machine.deadline(|| t0);
    machine
}

/// Returns all that a driver can see of a machine.
fn seen(machine: &mut Machine, t0: Instant) -> String {
    let action = match machine.action() {
        Some(Action::End(ending)) => format!("End({ending:?})"),
        Some(action) => format!("{action:?}"),
        None => "-".to_owned(),
    };
    let flags = [
        (machine.is_open(), "open"),
        (machine.reads(), "reads"),
        (machine.is_receiving() && !machine.reads(), "suspended"),
        (machine.is_writable(), "writes"),
        (!machine.may_reconnect(), "stays away"),
    ];
    let mut flags: Vec<_> = flags.iter().filter(|flag| flag.0).map(|flag| flag.1).collect();
    let deadline = machine.deadline(|| t0).map(|at| format!("until {} s", (at - t0).as_secs()));
    flags.extend(deadline.as_deref());
    format!("{action:30} | {}", flags.join(" ")).trim_end().to_owned()
}

fn table() -> String {
    let t0 = tokio::time::Instant::now().into_std();
    let mut table = String::new();
    for state in states() {
        let before = seen(&mut machine(&state, t0), t0);
        writeln!(table, "{}\n    {:35} | {before}", state.0, "").unwrap();
        for (name, input) in inputs() {
            let mut machine = machine(&state, t0);
            let fault = machine.handle(input(t0));
            let fault = fault.as_ref().map_or("-", fault_name);
            let after = seen(&mut machine, t0);
            let after = if after == before { "-" } else { &after };
            writeln!(table, "    {name:20} -> {fault:12} | {after}").unwrap();
        }
    }
    table
}

fn fault_name(fault: &Fault) -> &'static str {
    match fault {
        Fault::Malformed(_) => "Malformed",
        Fault::Frame { .. } => "Frame",
        Fault::Truncated { .. } => "Truncated",
        Fault::FrameTimeout { .. } => "FrameTimeout",
        Fault::IdleTimeout { .. } => "IdleTimeout",
        Fault::Silent { .. } => "Silent",
        Fault::CloseTimeout { .. } => "CloseTimeout",
        Fault::OverBudget { .. } => "OverBudget",
        Fault::OverRate(_) => "OverRate",
        Fault::Denied { .. } => "Denied",
        Fault::Overflow(_) => "Overflow",
        Fault::Read(_) => "Read",
        Fault::Write(_) => "Write",
        _ => "?",
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the one switch of this test is a variable")]
fn the_table_is_as_it_was() {
    let table = table();
    if std::env::var("UPDATE_CONNECTION_TABLE").is_ok() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/connection_table.txt");
        std::fs::write(path, &table).unwrap();
        return;
    }
    assert!(table == TABLE, "the table has changed; it is now:\n{table}");
}
