//! Every event in every state of [`Writing`], compared with the checked-in `table.txt`.
//!
//! After a change that is meant, write the table again and look at the difference:
//! `UPDATE_OUTBOX_TABLE=1 cargo test -p ipc-core --lib outbox_tests::table`.

use std::fmt::Write;

use crate::runtime::outbox::writing::{Due, Event, Writing};

const TABLE: &str = include_str!("table.txt");

const STATES: [Writing; 8] = [
    Writing::Detached,
    Writing::Idle,
    Writing::Busy { gathered: false },
    Writing::Busy { gathered: true },
    Writing::Corked { gathered: false },
    Writing::Corked { gathered: true },
    Writing::Blocked,
    Writing::Closed,
];

const EVENTS: [Event; 10] = [
    Event::Attached,
    Event::Detached,
    Event::TurnBegan,
    Event::Queued(Due::Now),
    Event::Queued(Due::WhenIdle),
    Event::Queued(Due::Later),
    Event::CallerBlocked,
    Event::TaskBlocked,
    Event::TurnEnded,
    Event::Closed,
];

fn table() -> String {
    let mut table = String::new();
    for state in STATES {
        writeln!(table, "{state:?}").unwrap();
        for event in EVENTS {
            let (after, action) = state.on(event);
            let after = if after == state { "-".to_owned() } else { format!("{after:?}") };
            writeln!(table, "    {:16} -> {after:24} | {action:?}", format!("{event:?}")).unwrap();
        }
    }
    table
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the one switch of this test is a variable")]
fn the_table_is_as_it_was() {
    let table = table();
    if std::env::var("UPDATE_OUTBOX_TABLE").is_ok() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/runtime/outbox_tests/table.txt");
        std::fs::write(path, &table).unwrap();
        return;
    }
    assert!(table == TABLE, "the table has changed; it is now:\n{table}");
}

/// Whatever happens, a state in which only the task writes is left by the task alone, or with the
/// connection.
#[test]
fn only_the_task_ends_what_a_full_socket_began() {
    for event in EVENTS {
        let (after, _) = Writing::Blocked.on(event);
        let ends =
            matches!(event, Event::TurnEnded | Event::Attached | Event::Detached | Event::Closed);
        assert_eq!(after != Writing::Blocked, ends, "{event:?}");
    }
}
