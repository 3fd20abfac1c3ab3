//! `Environment`: what the defaults depend on, read in one place.

use std::env::{self, VarError};
use std::ffi::OsString;

/// What the defaults of a [`Config`](crate::Config) depend on: the machine, the user and a few
/// environment variables.
///
/// # Examples
///
/// ```
/// use ipc_compat::{Config, Environment, Platform};
///
/// let mut environment = Environment::new(Platform::Unix);
/// environment.host_name = "world".to_owned();
/// environment.xdg_runtime_dir = Some("/run/user/1000".into());
/// let config = Config::v14_in(&environment);
/// assert_eq!(config.id, "world");
/// assert_eq!(config.socket_root.to_str(), Some("/run/user/1000/node-ipc/"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Environment {
    /// The kind of operating system.
    pub platform: Platform,
    /// The machine's name.
    pub host_name: String,
    /// The user's name; only Windows needs it.
    pub user_name: Option<String>,
    /// The real user id; `None` on Windows.
    pub user_id: Option<u32>,
    /// The variable `XDG_RUNTIME_DIR`.
    pub xdg_runtime_dir: Option<OsString>,
    /// The first of the variables `TMPDIR`, `TMP` and `TEMP` that is set and not empty.
    pub temp_dir: Option<OsString>,
}

impl Environment {
    /// Returns an environment of which only the platform is known.
    #[must_use]
    pub fn new(platform: Platform) -> Self {
        Self {
            platform,
            host_name: String::new(),
            user_name: None,
            user_id: None,
            xdg_runtime_dir: None,
            temp_dir: None,
        }
    }

    /// Returns an environment whose variables are those that `variable` returns; an empty value counts
    /// as unset, as in node-ipc.
    #[must_use]
    pub fn from_variables(platform: Platform, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name| variable(name).filter(|value| !value.is_empty());
        Self {
            user_name: set("USERNAME").map(|name| name.to_string_lossy().into_owned()),
            xdg_runtime_dir: set("XDG_RUNTIME_DIR"),
            temp_dir: ["TMPDIR", "TMP", "TEMP"].into_iter().find_map(set),
            ..Self::new(platform)
        }
    }

    /// Reads the environment of this process.
    #[must_use]
    pub fn read() -> Self {
        Self {
            host_name: gethostname::gethostname().to_string_lossy().into_owned(),
            user_id: user_id(),
            ..Self::from_variables(Platform::HERE, variable)
        }
    }
}

impl Platform {
    /// The kind that this program was built for.
    pub const HERE: Self = if cfg!(windows) { Self::Windows } else { Self::Unix };
}

/// A kind of operating system, as far as paths are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Platform {
    /// Local sockets are files.
    Unix,
    /// Local sockets are named pipes.
    Windows,
}

#[expect(
    clippy::disallowed_methods,
    reason = "node-ipc's defaults come from the environment, and this is where they are read"
)]
fn variable(name: &str) -> Option<OsString> {
    match env::var(name) {
        Ok(value) => Some(OsString::from(value)),
        Err(VarError::NotUnicode(value)) => Some(value),
        Err(VarError::NotPresent) => None,
    }
}

#[cfg(unix)]
fn user_id() -> Option<u32> {
    Some(rustix::process::getuid().as_raw())
}

#[cfg(not(unix))]
fn user_id() -> Option<u32> {
    None
}
