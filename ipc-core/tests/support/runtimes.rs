//! `both_runtimes!`: runs one async test on one thread and on several.
//!
//! What depends on when a task first runs (a handler registered after the dialling began, say)
//! passes on one thread, where no task runs before the test awaits something, and fails in a
//! program on tokio's default runtime. So each async test of this suite runs on both.

use std::future::Future;
use std::process::Termination;

use tokio::runtime::Builder;

/// Makes two tests of each async function that is named: `name::current_thread` and
/// `name::multi_thread`. It may return a `Result`, as a test does. A test that pauses the clock cannot have the second one: tokio pauses
/// clocks on one thread only.
macro_rules! both_runtimes {
    ($($test:ident),+ $(,)?) => {
        $(
            mod $test {
                #[test]
                fn current_thread() -> impl std::process::Termination {
                    crate::runtimes::on_one_thread(super::$test())
                }

                #[test]
                fn multi_thread() -> impl std::process::Termination {
                    crate::runtimes::on_threads(super::$test())
                }
            }
        )+
    };
}

#[allow(clippy::expect_used, reason = "a runtime that cannot be made fails the test")]
pub(crate) fn on_one_thread<T: Termination>(test: impl Future<Output = T>) -> T {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.expect("no runtime").block_on(test)
}

#[allow(clippy::expect_used, reason = "a runtime that cannot be made fails the test")]
pub(crate) fn on_threads<T: Termination>(test: impl Future<Output = T>) -> T {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("no runtime").block_on(test)
}
