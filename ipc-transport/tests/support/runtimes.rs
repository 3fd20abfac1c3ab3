//! Running a test on each kind of runtime.

use tokio::runtime::Builder;

type TestResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// Runs a test on a runtime of one thread and on one of several.
pub(crate) fn on_both_runtimes(test: impl AsyncFn() -> TestResult) -> TestResult {
    Builder::new_current_thread().enable_all().build()?.block_on(test())?;
    Builder::new_multi_thread().worker_threads(2).enable_all().build()?.block_on(test())
}
