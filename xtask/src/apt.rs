//! apt: packages of Debian that are neither Rust's nor npm's.

use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::proc;

/// Installs packages.
///
/// # Errors
///
/// [`Error::Unavailable`] if this is no Debian, the user is not root, or apt fails.
pub fn install(packages: &[&str]) -> Result<()> {
    let what = packages.join(", ");
    if !proc::is_there("apt-get") {
        return Err(Error::Unavailable(format!("no {what}, and no apt to install it with")));
    }
    println!("installing {what}");
    let mut install = vec!["install", "-y", "--no-install-recommends"];
    install.extend(packages);
    let done = apt(&["update"]).and_then(|()| apt(&install));
    let first = |error: Error| error.to_string().lines().take(2).collect::<Vec<_>>().join(": ");
    done.map_err(|error| Error::Unavailable(format!("no {what}: {}", first(error))))
}

/// Runs apt-get, and waits while another one runs.
fn apt(words: &[&str]) -> Result<()> {
    let mut tries = 0;
    loop {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive").args(["-q", "-o", "DPkg::Lock::Timeout=120"]);
        match proc::capture(apt.args(words)) {
            Err(error) if tries < TRIES && error.to_string().contains("Could not get lock") => {
                tries += 1;
                thread::sleep(PAUSE);
            }
            result => return result.map(drop),
        }
    }
}

/// Two minutes: an installation seldom takes longer.
const TRIES: u32 = 40;
const PAUSE: Duration = Duration::from_secs(3);
