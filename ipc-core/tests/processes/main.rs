//! Tests that measure this process's memory, or need a second process to be killed.
//!
//! Started with `--play` it is that other process; otherwise it runs the tests, one after the
//! other. Arguments that are not options select tests by part of their name, as usual.
#![expect(clippy::print_stdout, reason = "a test runner tells what it runs")]
#![cfg_attr(
    target_os = "linux",
    expect(
        clippy::unwrap_used,
        clippy::panic,
        reason = "a helper that cannot go on fails the test"
    )
)]

#[cfg(target_os = "linux")]
mod access;
#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod floods;
#[cfg(target_os = "linux")]
#[path = "../calls/frames.rs"]
mod frames;
#[cfg(target_os = "linux")]
mod killed;
#[cfg(target_os = "linux")]
#[path = "../support/lines.rs"]
mod lines;
#[cfg(target_os = "linux")]
mod memory;
#[cfg(target_os = "linux")]
mod stopped;
#[cfg(target_os = "linux")]
mod topics;

use std::process::ExitCode;

#[cfg(target_os = "linux")]
const TESTS: &[(&str, fn())] = &[
    ("an_endless_frame_costs_no_more_than_its_limit", memory::endless_frame),
    ("a_skipped_frame_costs_nothing", memory::skipped_frame),
    ("a_hundred_stalled_peers_cost_no_more_than_their_queues", memory::stalled_peers),
    ("one_stalled_peer_costs_its_queue_and_the_others_get_everything", memory::one_stalled_peer),
    ("an_echo_of_200_mib_for_one_that_does_not_read_costs_little", memory::unread_echo),
    ("idle_connections_cost_little", memory::idle_connections),
    ("a_killed_client_leaves_a_beginning_of_what_it_sent", killed::client),
    ("a_killed_server_is_reconnected_to", killed::server),
    ("a_stopped_server_is_given_up_and_connected_to_again", stopped::server),
    ("a_stopped_client_is_given_up", stopped::client),
    ("a_call_of_a_killed_server_fails_at_once", calls::killed_server),
    ("a_call_of_a_killed_client_fails_at_once", calls::killed_client),
    ("a_killed_server_is_subscribed_to_again", topics::killed_server),
    ("a_survey_reports_a_killed_member_at_once", calls::killed_member),
    ("a_flood_of_calls_of_no_method_costs_nothing", floods::unknown_method),
    ("a_flood_of_calls_of_no_builtin_method_costs_nothing", floods::unknown_builtin),
    ("a_flood_of_calls_of_a_busy_method_costs_nothing", floods::busy_method),
    ("a_flood_of_calls_with_one_number_costs_nothing", floods::equal_numbers),
    ("a_flood_of_calls_that_reads_no_answer_is_not_read", floods::unread_answers),
    ("a_flood_of_questions_that_reads_no_answer_is_not_read", floods::unread_info),
    ("other_users_are_let_in_or_refused", access::other_users),
    ("a_throttled_flood_delays_no_other_peer", access::throttled_flood),
    ("a_dropped_flood_delays_no_other_peer", access::dropped_flood),
];
#[cfg(not(target_os = "linux"))]
const TESTS: &[(&str, fn())] = &[];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    #[cfg(target_os = "linux")]
    if let [play, role, path] = &arguments[..] {
        if play == "--play" {
            if role == "topics" {
                topics::play(path);
            } else if role == "stranger" {
                access::play(path);
            } else if role.starts_with("call") {
                calls::play(role, path);
            } else {
                killed::play(role, path);
            }
            return ExitCode::SUCCESS;
        }
    }
    if arguments.iter().any(|argument| argument == "--list") {
        TESTS.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let filters: Vec<_> = arguments.iter().filter(|it| !it.starts_with('-')).collect();
    let mut failed = 0;
    for (name, test) in TESTS {
        if filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str())) {
            // A failed assertion has told its story by itself.
            let passed = std::panic::catch_unwind(test).is_ok();
            println!("test {name} ... {}", if passed { "ok" } else { "FAILED" });
            failed += usize::from(!passed);
        }
    }
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
