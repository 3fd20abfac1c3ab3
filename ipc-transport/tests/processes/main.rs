//! Tests that need a second process: one that is killed, is another user, or has few descriptors.
//!
//! Started with `--play` it is that other process; otherwise it runs the tests.
//! Arguments that are not options select tests by part of their name, as usual.
#![expect(clippy::print_stdout, reason = "a test runner tells what it runs")]

#[cfg(all(unix, feature = "unix"))]
mod child;
#[cfg(all(unix, feature = "unix"))]
mod descriptors;
#[cfg(all(unix, feature = "unix"))]
mod fork;
#[cfg(all(unix, feature = "unix"))]
mod groups;
#[cfg(all(unix, feature = "unix"))]
mod hang_up;
#[cfg(all(unix, feature = "unix"))]
mod kill;
#[cfg(all(target_os = "linux", feature = "unix"))]
mod namespaces;
#[cfg(all(unix, feature = "unix"))]
mod passed;
#[cfg(all(unix, feature = "unix"))]
mod strangers;
#[cfg(all(unix, feature = "unix"))]
mod users;

use std::process::ExitCode;

pub(crate) type Result<T = (), E = Box<dyn std::error::Error + Send + Sync>> =
    std::result::Result<T, E>;

type Test = (&'static str, fn() -> Result);

#[cfg(all(unix, feature = "unix"))]
const TESTS: &[Test] = &[
    ("a_killed_server_is_replaced", kill::a_killed_server_is_replaced),
    ("a_killed_server_shows_to_its_client", kill::a_killed_server_shows_to_its_client),
    ("of_many_processes_exactly_one_serves", kill::of_many_processes_exactly_one_serves),
    ("a_plain_write_kills_such_a_program", hang_up::a_plain_write_kills_such_a_program),
    ("no_peer_that_hangs_up_raises_a_signal", hang_up::no_peer_that_hangs_up_raises_a_signal),
    ("a_squatted_socket_is_refused", users::a_squatted_socket_is_refused),
    ("the_default_mode_keeps_strangers_out", users::the_default_mode_keeps_strangers_out),
    ("a_strangers_stale_socket_is_named_as_such", users::a_strangers_stale_socket_is_named),
    ("a_strangers_lock_file_is_named", users::a_strangers_lock_file_is_named),
    ("a_directory_without_rights_is_named", users::a_directory_without_rights_is_named),
    ("a_server_takes_whom_its_check_takes", strangers::a_server_takes_whom_its_check_takes),
    ("a_refused_stranger_does_not_hold_up", strangers::a_refused_stranger_does_not_hold_up),
    #[cfg(target_os = "linux")]
    ("abstract_names_are_for_one_user", strangers::abstract_names_are_for_one_user),
    #[cfg(target_os = "linux")]
    ("a_killed_abstract_server_leaves_nothing", strangers::a_killed_abstract_server_leaves_nothing),
    ("a_socket_file_is_its_groups", groups::a_socket_file_is_its_groups),
    ("a_group_of_others_is_refused", groups::a_group_of_others_is_refused),
    ("passed_sockets_are_served", passed::passed_sockets_are_served),
    ("one_socket_is_served_by_two_processes", passed::one_socket_is_served_by_two_processes),
    ("sockets_passed_to_another_are_left", passed::sockets_passed_to_another_are_left),
    ("sockets_that_are_not_there_are_named", passed::sockets_that_are_not_there_are_named),
    ("systemd_passes_sockets_by_name", passed::systemd_passes_sockets_by_name),
    ("a_forked_child_takes_nothing_with_it", fork::a_forked_child_takes_nothing_with_it),
    (
        "a_socket_is_handed_to_a_process_that_serves_on",
        fork::a_socket_is_handed_to_a_process_that_serves_on,
    ),
    ("a_file_that_was_handed_over_stays", fork::a_file_that_was_handed_over_stays),
    #[cfg(target_os = "linux")]
    (
        "a_process_of_another_namespace_has_no_id",
        namespaces::a_process_of_another_namespace_has_no_id,
    ),
    #[cfg(target_os = "linux")]
    (
        "a_user_without_a_number_here_is_named_as_such",
        namespaces::a_user_without_a_number_here_is_named_as_such,
    ),
    ("full_unix_server_sheds_and_recovers", descriptors::full_unix_server_sheds_and_recovers),
    #[cfg(feature = "tcp")]
    ("full_tcp_server_sheds_and_recovers", descriptors::full_tcp_server_sheds_and_recovers),
];
#[cfg(not(all(unix, feature = "unix")))]
const TESTS: &[Test] = &[];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    #[cfg(all(unix, feature = "unix"))]
    if let Some(("--play", role)) = arguments.split_first().map(|(first, rest)| (&**first, rest)) {
        return child::play(role);
    }
    if arguments.iter().any(|argument| argument == "--list") {
        TESTS.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let filters: Vec<_> = arguments.iter().filter(|it| !it.starts_with('-')).collect();
    let (mut passed, mut failed) = (0, 0);
    for (name, test) in TESTS {
        if filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str())) {
            // A failed assertion has told its story by itself.
            match std::panic::catch_unwind(test).unwrap_or_else(|_| Err("panicked".into())) {
                Ok(()) => {
                    println!("test {name} ... ok");
                    passed += 1;
                }
                Err(error) => {
                    println!("test {name} ... FAILED: {error}");
                    failed += 1;
                }
            }
        }
    }
    let result = if failed == 0 { "ok" } else { "FAILED" };
    println!("\ntest result: {result}. {passed} passed; {failed} failed");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
