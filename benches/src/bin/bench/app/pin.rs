//! Keeps processes on a core.

use super::Result;

/// Returns a core for the clients and one for the servers, if there are two and `wanted` says so.
pub(super) fn two_cores(wanted: bool) -> (Option<usize>, Option<usize>) {
    let mut cores = if wanted { allowed() } else { Vec::new() }.into_iter();
    match (cores.next(), cores.next()) {
        (Some(here), Some(there)) => (Some(here), Some(there)),
        _ => (None, None),
    }
}

/// Does something while this thread is kept on a core: a process that it starts stays there, and
/// all its threads.
#[cfg(target_os = "linux")]
pub(super) fn on<T>(core: Option<usize>, what: impl FnOnce() -> T) -> Result<T> {
    use rustix::thread::{sched_getaffinity, sched_setaffinity};
    let Some(core) = core else { return Ok(what()) };
    let before = sched_getaffinity(None)?;
    sched_setaffinity(None, &one(core))?;
    let result = what();
    sched_setaffinity(None, &before)?;
    Ok(result)
}

/// Keeps a running process, of one thread so far, on a core.
#[cfg(target_os = "linux")]
pub(super) fn process(id: u32, core: Option<usize>) -> Result<()> {
    let id = rustix::process::Pid::from_raw(i32::try_from(id)?);
    if let (Some(core), Some(id)) = (core, id) {
        rustix::thread::sched_setaffinity(Some(id), &one(core))?;
    }
    Ok(())
}

/// Lets the threads of a running process have both cores: it is client and server in one.
#[cfg(target_os = "linux")]
pub(super) fn free(id: u32, here: Option<usize>, there: Option<usize>) -> Result<()> {
    let (Some(here), Some(there)) = (here, there) else { return Ok(()) };
    let mut both = one(here);
    both.set(there);
    for thread in std::fs::read_dir(format!("/proc/{id}/task"))?.flatten() {
        let Some(thread) = thread.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        // One that has ended since needs no core.
        if let Some(thread) = rustix::process::Pid::from_raw(thread) {
            let _ = rustix::thread::sched_setaffinity(Some(thread), &both);
        }
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn one(core: usize) -> rustix::thread::CpuSet {
    let mut set = rustix::thread::CpuSet::new();
    set.set(core);
    set
}

#[cfg(target_os = "linux")]
fn allowed() -> Vec<usize> {
    let Ok(set) = rustix::thread::sched_getaffinity(None) else { return Vec::new() };
    (0..rustix::thread::CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect()
}

#[cfg(not(target_os = "linux"))]
pub(super) fn on<T>(_: Option<usize>, what: impl FnOnce() -> T) -> Result<T> {
    Ok(what())
}

#[cfg(not(target_os = "linux"))]
pub(super) fn process(_: u32, _: Option<usize>) -> Result<()> {
    Ok(())
}

#[cfg(not(target_os = "linux"))]
pub(super) fn free(_: u32, _: Option<usize>, _: Option<usize>) -> Result<()> {
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn allowed() -> Vec<usize> {
    Vec::new()
}
