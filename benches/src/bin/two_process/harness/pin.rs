//! Keeps a process on one core.

use super::Result;

/// Returns a core for this process and one for the others, if there are two and `wanted` says so.
pub(super) fn two_cores(wanted: bool) -> (Option<usize>, Option<usize>) {
    let mut cores = if wanted { allowed() } else { Vec::new() }.into_iter();
    match (cores.next(), cores.next()) {
        (Some(here), Some(there)) => (Some(here), Some(there)),
        _ => (None, None),
    }
}

/// Keeps this process, and every thread it starts from now on, on this core.
#[cfg(target_os = "linux")]
pub(super) fn pin(core: Option<usize>) -> Result<()> {
    if let Some(core) = core {
        let mut set = rustix::thread::CpuSet::new();
        set.set(core);
        rustix::thread::sched_setaffinity(None, &set)?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn allowed() -> Vec<usize> {
    let Ok(set) = rustix::thread::sched_getaffinity(None) else { return Vec::new() };
    (0..rustix::thread::CpuSet::MAX_CPU).filter(|core| set.is_set(*core)).collect()
}

#[cfg(not(target_os = "linux"))]
pub(super) fn pin(_: Option<usize>) -> Result<()> {
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn allowed() -> Vec<usize> {
    Vec::new()
}
