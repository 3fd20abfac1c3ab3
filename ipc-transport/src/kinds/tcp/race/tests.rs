//! The scheduler against a table of addresses that answer, refuse or stay silent, on a paused
//! clock.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::*;

/// What an address does, after so many milliseconds.
#[derive(Clone, Copy)]
enum Does {
    Answer(u64),
    Refuse(u64),
    Nothing,
}
use Does::{Answer, Nothing, Refuse};

/// What came of a race: the number of the winner, or of each that lost whether it was in time; when
/// it ended; and when each attempt began.
#[derive(Debug, PartialEq)]
struct Outcome {
    result: Result<usize, (Vec<bool>, bool)>,
    end: u64,
    began: Vec<u64>,
}

/// Counts the attempts under way.
struct Alive(Arc<AtomicUsize>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn address(number: usize) -> SocketAddr {
    ([127, 0, 0, u8::try_from(number).unwrap()], 9).into()
}

async fn run(table: &[Does], limit: Option<u64>) -> Outcome {
    let begun = Instant::now();
    let since = move || u64::try_from(begun.elapsed().as_millis()).unwrap();
    let (began, alive) = (Mutex::new(Vec::new()), Arc::new(AtomicUsize::new(0)));
    let until = limit.map(|limit| begun + Duration::from_millis(limit));
    let raced = race((0..table.len()).map(address).collect(), until, |address| {
        began.lock().unwrap().push(since());
        alive.fetch_add(1, Ordering::Relaxed);
        let alive = Alive(Arc::clone(&alive));
        let SocketAddr::V4(v4) = address else { panic!("not IPv4") };
        let number = usize::from(v4.ip().octets()[3]);
        let does = table[number];
        async move {
            let _alive = alive;
            let sleep = |millis| tokio::time::sleep(Duration::from_millis(millis));
            match does {
                Answer(after) => {
                    sleep(after).await;
                    Ok(number)
                }
                Refuse(after) => {
                    sleep(after).await;
                    Err(io::ErrorKind::ConnectionRefused.into())
                }
                Nothing => std::future::pending().await,
            }
        }
    })
    .await;
    let result = match raced {
        Ok((number, winner)) => {
            assert_eq!(winner, address(number));
            Ok(number)
        }
        Err(Lost { attempts, timed_out }) => {
            let tried: Vec<_> = attempts.iter().map(|(address, _)| *address).collect();
            assert_eq!(tried, (0..tried.len()).map(address).collect::<Vec<_>>(), "in order");
            let in_time = |(_, error): &(SocketAddr, io::Error)| {
                error.kind() == io::ErrorKind::ConnectionRefused
            };
            Err((attempts.iter().map(in_time).collect(), timed_out))
        }
    };
    assert_eq!(alive.load(Ordering::Relaxed), 0, "those that lost are dropped");
    Outcome { result, end: since(), began: began.into_inner().unwrap() }
}

#[track_caller]
fn won(outcome: Outcome, winner: usize, end: u64, began: &[u64]) {
    assert_eq!(outcome, Outcome { result: Ok(winner), end, began: began.into() });
}

#[track_caller]
fn lost(outcome: Outcome, in_time: &[bool], timed_out: bool, end: u64, began: &[u64]) {
    let result = Err((in_time.into(), timed_out));
    assert_eq!(outcome, Outcome { result, end, began: began.into() });
}

#[tokio::test(start_paused = true)]
async fn the_next_begins_after_250_ms_and_the_first_that_answers_wins() {
    won(run(&[Answer(0), Answer(0)], None).await, 0, 0, &[0]);
    won(run(&[Answer(249), Answer(0)], None).await, 0, 249, &[0]);
    // Silence, then one that answers.
    won(run(&[Nothing, Answer(1)], None).await, 1, 251, &[0, 250]);
    won(run(&[Nothing, Nothing, Answer(5)], None).await, 2, 505, &[0, 250, 500]);
    // The earlier ones stay in the race.
    won(run(&[Answer(300), Answer(100)], None).await, 0, 300, &[0, 250]);
    won(run(&[Answer(400), Answer(100)], None).await, 1, 350, &[0, 250]);
    won(run(&[Answer(600), Nothing], None).await, 0, 600, &[0, 250]);
}

#[tokio::test(start_paused = true)]
async fn the_next_begins_at_once_when_one_fails() {
    won(run(&[Refuse(0), Answer(0)], None).await, 1, 0, &[0, 0]);
    won(run(&[Refuse(10), Refuse(10), Answer(10)], None).await, 2, 30, &[0, 10, 20]);
    // The failure of an earlier one counts, too; from then on it is 250 ms again.
    won(run(&[Refuse(260), Nothing, Nothing, Answer(0)], None).await, 3, 510, &[0, 250, 260, 510]);
}

#[tokio::test(start_paused = true)]
async fn when_all_fail_each_has_its_reason() {
    lost(run(&[], None).await, &[], false, 0, &[]);
    lost(run(&[Refuse(7)], None).await, &[true], false, 7, &[0]);
    // In the order they were tried, whichever fails first.
    lost(run(&[Refuse(900), Refuse(1)], None).await, &[true; 2], false, 900, &[0, 250]);
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_every_attempt_and_names_those_that_were_made() {
    lost(run(&[Nothing], Some(1000)).await, &[false], true, 1000, &[0]);
    lost(run(&[Nothing, Refuse(10)], Some(1000)).await, &[false, true], true, 1000, &[0, 250]);
    // A third has had no turn.
    lost(run(&[Nothing; 3], Some(400)).await, &[false; 2], true, 400, &[0, 250]);
    won(run(&[Nothing, Answer(149)], Some(400)).await, 1, 399, &[0, 250]);
    lost(run(&[Refuse(3); 2], Some(400)).await, &[true; 2], false, 6, &[0, 3]);
}

#[test]
fn families_take_turns_beginning_with_that_of_the_first() {
    #[track_caller]
    fn check(given: &str, expected: &str) {
        let addresses = |hosts: &str| -> Vec<SocketAddr> {
            let hosts = hosts.split_whitespace();
            hosts.map(|host| SocketAddr::new(host.parse().unwrap(), 9)).collect()
        };
        assert_eq!(in_turn(addresses(given)), addresses(expected), "{given}");
    }
    check("", "");
    check("::1", "::1");
    check("::1 ::2 ::3 127.0.0.1 127.0.0.2", "::1 127.0.0.1 ::2 127.0.0.2 ::3");
    check("127.0.0.1 127.0.0.2 ::1", "127.0.0.1 ::1 127.0.0.2");
    check("127.0.0.1 ::1 ::2 ::3", "127.0.0.1 ::1 ::2 ::3");
    check("127.0.0.3 127.0.0.1", "127.0.0.3 127.0.0.1");
}
