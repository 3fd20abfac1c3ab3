//! `Machine`: whatever is put in, in whatever order, what comes out makes sense.

use std::io::{self, ErrorKind};
use std::time::{Duration, Instant};

use ipc_codec::{DecodeError, Delimiter, Framing, Limits};
use ipc_core::FormatError;
use ipc_core::protocol::connection::{Action, Ending, Fault, Input, Machine, Role, Rules};
use ipc_core::queue::QueueLimit;
use proptest::prelude::*;

/// What happens to a connection, with the time in milliseconds since it began.
#[derive(Debug, Clone, Copy)]
enum Happening {
    Bytes(usize),
    Malformed,
    Undecodable,
    PeerEnded,
    ReadFailed(ErrorKind),
    WriteFailed(ErrorKind),
    NothingToRead,
    Written,
    ShutDown,
    Suspend,
    Resume,
    Close,
    Disconnect,
    Overflow,
    Tick,
}

fn happenings() -> impl Strategy<Value = Vec<(u64, Happening)>> {
    use Happening::*;
    let kinds = prop_oneof![
        Just(ErrorKind::ConnectionReset),
        Just(ErrorKind::BrokenPipe),
        Just(ErrorKind::Other)
    ];
    let one = prop_oneof![
        8 => (0_usize..2000).prop_map(Bytes),
        2 => Just(Malformed),
        1 => Just(Undecodable),
        1 => Just(PeerEnded),
        1 => kinds.clone().prop_map(ReadFailed),
        1 => kinds.prop_map(WriteFailed),
        2 => Just(NothingToRead),
        2 => Just(Written),
        2 => Just(ShutDown),
        2 => prop_oneof![Just(Suspend), Just(Resume)],
        1 => Just(Close),
        1 => prop_oneof![Just(Disconnect), Just(Overflow)],
        4 => Just(Tick),
    ];
    proptest::collection::vec((0_u64..15_000, one), 0..30)
}

fn input(happening: Happening, now: Instant) -> Option<Input> {
    Some(match happening {
        Happening::Bytes(_) => return None,
        Happening::Malformed => Input::Malformed(FormatError::new("bad", "bad")),
        Happening::Undecodable => Input::Undecodable(DecodeError::Dead),
        Happening::PeerEnded => Input::PeerEnded { now },
        Happening::ReadFailed(kind) => Input::ReadFailed { error: io::Error::from(kind), now },
        Happening::WriteFailed(kind) => Input::WriteFailed(kind.into()),
        Happening::NothingToRead => Input::NothingToRead,
        Happening::Written => Input::Written,
        Happening::ShutDown => Input::ShutDown { now },
        Happening::Suspend => Input::Suspend,
        Happening::Resume => Input::Resume,
        Happening::Close => Input::Close { now },
        Happening::Disconnect => Input::Disconnect,
        Happening::Overflow => Input::Overflow(QueueLimit::Bytes { limit: 1, actual: 2 }),
        Happening::Tick => Input::Tick { now },
    })
}

/// Feeds what happens, checks what is true after each, and returns the time of the last.
fn live(
    machine: &mut Machine,
    happenings: Vec<(u64, Happening)>,
    mut now: Instant,
) -> Result<Instant, TestCaseError> {
    for (later, happening) in happenings {
        now += Duration::from_millis(later);
        let before = machine.action();
        let (open, back) = (machine.is_open(), machine.may_reconnect());
        let due = machine.deadline(|| now).is_some_and(|at| at <= now);
        let fault = match (happening, input(happening, now)) {
            (_, Some(input)) => machine.handle(input),
            (Happening::Bytes(n), None) if machine.reads() => {
                machine.inbound().extend(&vec![b'x'; n]);
                prop_assert_eq!(machine.inbound().next_frame(), Ok(None));
                None
            }
            _ => None,
        };
        let replaces = matches!(happening, Happening::Disconnect | Happening::Overflow);
        if matches!(before, Some(Action::End(_))) && !replaces {
            prop_assert_eq!(machine.action(), before, "an end is final");
            prop_assert!(fault.is_none());
        }
        if let Some(Action::End(ending)) = machine.action() {
            prop_assert!(!machine.reads() && !machine.is_writable());
            prop_assert_eq!(machine.deadline(|| now), None);
            if !matches!(before, Some(Action::End(_)))
                && !matches!(fault, None | Some(Fault::Truncated { .. }))
            {
                prop_assert_eq!(ending, Ending::Failed);
            }
        }
        prop_assert!(machine.action().is_none() || !machine.is_open());
        prop_assert!(open || !machine.is_open(), "what is ending does not open again");
        prop_assert!(back || !machine.may_reconnect());
        if matches!(happening, Happening::Tick) && due {
            prop_assert!(matches!(machine.action(), Some(Action::End(_))), "a deadline ends it");
        }
    }
    Ok(now)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    /// However it went before, a connection that is closed ends in the time that its rules say.
    #[test]
    fn closing_ends_in_time(
        happenings in happenings(),
        server in any::<bool>(),
        close_on_malformed in any::<bool>(),
        writable in any::<bool>(),
    ) {
        let mut rules = Rules::new(if server { Role::Server } else { Role::Client });
        rules.idle_timeout = Some(Duration::from_secs(60));
        rules.close_on_malformed = close_on_malformed;
        let framing = Framing::Delimited(Delimiter::new("\n").unwrap());
        let mut machine = Machine::new(framing, Limits::default(), rules);
        let start = tokio::time::Instant::now().into_std();
        let closed = live(&mut machine, happenings, start)?;
        machine.handle(Input::Close { now: closed });
        let mut now = closed;
        loop {
            if writable {
                machine.handle(Input::Written);
            }
            match machine.action() {
                Some(Action::End(_)) => break,
                Some(Action::Shutdown) => drop(machine.handle(Input::ShutDown { now })),
                _ => {
                    now = machine.deadline(|| now).expect("what is closing has a deadline").max(now);
                    machine.handle(Input::Tick { now });
                }
            }
        }
        prop_assert!(now - closed <= rules.close_timeout + rules.linger);
    }
}
