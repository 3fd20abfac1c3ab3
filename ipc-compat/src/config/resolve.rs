//! `Resolve`: where a client looks for a local server.

use std::path::PathBuf;

use crate::Environment;
use crate::paths::{classic_socket_root, v14_socket_root, v14_temporary_roots};

/// Where a client looks for a local server whose path is not given.
///
/// The two families of versions have different socket roots, so a client of one does not find a
/// server of the other that has the same id, although they understand each other. On Windows a root
/// is the beginning of a pipe's name, and the same holds: `\\.\pipe\tmp-app.world` is one family's,
/// `\\.\pipe\node-ipc-<user>-app.world` the other's.
///
/// # Examples
///
/// ```
/// use ipc_compat::{Config, Environment, Platform, Resolve};
///
/// let mut environment = Environment::new(Platform::Unix);
/// environment.user_id = Some(1000);
/// let mut config = Config::v14_in(&environment);
/// config.resolve = Resolve::auto_in(&environment);
/// let found = config.socket_paths("world");
/// let found: Vec<_> = found.iter().filter_map(|path| path.to_str()).collect();
/// assert_eq!(found, ["/tmp/node-ipc-1000/app.world", "/tmp/app.world"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Resolve {
    /// In `socket_root` only, as node-ipc does.
    #[default]
    Own,
    /// In `socket_root` and, if no server listens there, in these, one after the other. Each attempt
    /// to connect starts with the first.
    Also(Vec<PathBuf>),
}

impl Resolve {
    /// Returns the roots of both families of versions on this machine; the config's own is searched
    /// once. Reads the environment.
    #[must_use]
    pub fn auto() -> Self {
        Self::auto_in(&Environment::read())
    }

    /// Returns the roots of both families of versions in `environment`.
    #[must_use]
    pub fn auto_in(environment: &Environment) -> Self {
        let mut roots = vec![v14_socket_root(environment)];
        roots.extend(v14_temporary_roots(environment));
        roots.push(classic_socket_root());
        Self::Also(roots)
    }

    /// Returns the roots where node-ipc 14 has the servers of this user that run without a session,
    /// started by cron or sudo, say: they have no `XDG_RUNTIME_DIR`. Reads the environment.
    ///
    /// A client looks only in those that belong to its own user.
    #[must_use]
    pub fn temporary() -> Self {
        Self::temporary_in(&Environment::read())
    }

    /// Returns the same for `environment`: [`Resolve::Own`] if such servers are there anyway.
    #[must_use]
    pub fn temporary_in(environment: &Environment) -> Self {
        let mut roots = v14_temporary_roots(environment);
        roots.retain(|root| *root != v14_socket_root(environment));
        if roots.is_empty() { Self::Own } else { Self::Also(roots) }
    }

    /// Returns the roots to search after the config's own.
    #[must_use]
    pub fn others(&self) -> &[PathBuf] {
        match self {
            Self::Own => &[],
            Self::Also(roots) => roots,
        }
    }
}
