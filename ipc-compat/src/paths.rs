//! Where a local socket is: node-ipc's rules, computed without access to the machine.

use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

use crate::{Environment, Platform};

/// Returns the path of the local socket with this id: the three parts joined without a separator.
///
/// # Examples
///
/// ```
/// use ipc_compat::paths::socket_path;
///
/// assert_eq!(socket_path("/tmp/", "app.", "world").to_str(), Some("/tmp/app.world"));
/// assert_eq!(socket_path("/tmp", "app.", "world").to_str(), Some("/tmpapp.world"));
/// ```
// Wire rule W30
#[must_use]
pub fn socket_path(socket_root: impl AsRef<Path>, appspace: &str, id: &str) -> PathBuf {
    let mut path = OsString::from(socket_root.as_ref());
    path.push(appspace);
    path.push(id);
    path.into()
}

/// Returns the socket root of node-ipc 8 to 12: `/tmp/`, on Windows too.
#[must_use]
pub fn classic_socket_root() -> PathBuf {
    PathBuf::from("/tmp/")
}

/// Returns the socket root of node-ipc 14.
///
/// On Unix `$XDG_RUNTIME_DIR/node-ipc/`, or `<temporary directory>/node-ipc-<user id>/` if that
/// variable is unset, empty, or a relative path, which by its specification is ignored. On Windows
/// `/node-ipc-<user name>/`, which is only a part of a pipe's name.
///
/// # Examples
///
/// ```
/// use ipc_compat::paths::v14_socket_root;
/// use ipc_compat::{Environment, Platform};
///
/// let mut environment = Environment::new(Platform::Unix);
/// environment.user_id = Some(1000);
/// assert_eq!(v14_socket_root(&environment).to_str(), Some("/tmp/node-ipc-1000/"));
/// ```
// Wire rule W31
#[must_use]
pub fn v14_socket_root(environment: &Environment) -> PathBuf {
    let user_name = safe_segment(environment.user_name.as_deref().unwrap_or("user"));
    let directory = match environment.platform {
        Platform::Windows => return PathBuf::from(format!("/node-ipc-{user_name}/")),
        Platform::Unix => match runtime_directory(environment) {
            Some(root) => root.join("node-ipc"),
            None => {
                let user = environment.user_id.map_or(user_name, |id| id.to_string());
                temporary(environment).join(format!("node-ipc-{user}"))
            }
        },
    };
    as_root(&directory)
}

/// Returns the socket roots of node-ipc 14 for a user whose `XDG_RUNTIME_DIR` is not set: below the
/// temporary directory of this environment, and below `/tmp`, each once. Empty on Windows, and for a
/// user without an id.
///
/// # Examples
///
/// ```
/// use ipc_compat::paths::v14_temporary_roots;
/// use ipc_compat::{Environment, Platform};
///
/// let mut environment = Environment::new(Platform::Unix);
/// environment.user_id = Some(1000);
/// environment.xdg_runtime_dir = Some("/run/user/1000".into());
/// let roots = v14_temporary_roots(&environment);
/// assert_eq!(roots, [std::path::PathBuf::from("/tmp/node-ipc-1000/")]);
/// ```
#[must_use]
pub fn v14_temporary_roots(environment: &Environment) -> Vec<PathBuf> {
    let (Platform::Unix, Some(user)) = (environment.platform, environment.user_id) else {
        return Vec::new();
    };
    let mut roots = Vec::new();
    for directory in [temporary(environment), Path::new("/tmp")] {
        let root = as_root(&directory.join(format!("node-ipc-{user}")));
        if !roots.contains(&root) {
            roots.push(root);
        }
    }
    roots
}

fn runtime_directory(environment: &Environment) -> Option<&Path> {
    let directory = set(environment.xdg_runtime_dir.as_ref()).map(Path::new);
    directory.filter(|directory| directory.has_root())
}

fn temporary(environment: &Environment) -> &Path {
    set(environment.temp_dir.as_ref()).map_or_else(|| Path::new("/tmp"), Path::new)
}

fn as_root(directory: &Path) -> PathBuf {
    let mut directory = normalise(directory);
    directory.push("/");
    directory.into()
}

/// Returns the name of the Windows pipe for a path: `\\.\pipe\` and the path without its first `/`,
/// with `-` for every other `/`. A path that is a pipe's name already is returned unchanged.
///
/// # Examples
///
/// ```
/// use ipc_compat::paths::pipe_name;
///
/// assert_eq!(pipe_name("/tmp/app.world"), r"\\.\pipe\tmp-app.world");
/// assert_eq!(pipe_name(r"\\.\pipe\mine"), r"\\.\pipe\mine");
/// ```
// Wire rule W33
#[must_use]
pub fn pipe_name(path: &str) -> String {
    if path.starts_with(PIPES) {
        return path.to_owned();
    }
    let path = path.strip_prefix('/').unwrap_or(path);
    format!("{PIPES}{}", path.replace('/', "-"))
}

/// Returns the names of these local sockets on a system, in their order, each once: on Unix the
/// paths themselves, on Windows the names of their pipes.
///
/// # Examples
///
/// ```
/// use ipc_compat::Platform;
/// use ipc_compat::paths::local_names;
///
/// let paths = ["/tmp/app.world", "/node-ipc-me/app.world"].map(Into::into);
/// let names = local_names(paths, Platform::Windows);
/// let names: Vec<_> = names.iter().filter_map(|name| name.to_str()).collect();
/// assert_eq!(names, [r"\\.\pipe\tmp-app.world", r"\\.\pipe\node-ipc-me-app.world"]);
/// ```
#[must_use]
pub fn local_names(paths: impl IntoIterator<Item = PathBuf>, platform: Platform) -> Vec<PathBuf> {
    let mut names = Vec::new();
    for path in paths {
        let name = match platform {
            Platform::Unix => path,
            Platform::Windows => pipe_name(&path.to_string_lossy()).into(),
        };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Returns `name` with `_` for everything but ASCII letters, digits and `_.-`.
fn safe_segment(name: &str) -> String {
    // JavaScript replaces code units, so a character beyond the first plane becomes two.
    let safe = |unit| match u8::try_from(unit).map(char::from) {
        Ok(c) if c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-') => c,
        _ => '_',
    };
    name.encode_utf16().map(safe).collect()
}

fn set(variable: Option<&OsString>) -> Option<&OsString> {
    variable.filter(|value| !value.is_empty())
}

/// Resolves `.` and `..` in the path's text, as Node's `path.join` does on Unix, wherever this runs.
fn normalise(path: &Path) -> OsString {
    let mut parts: Vec<&OsStr> = Vec::new();
    for component in path.components() {
        match component {
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
            Component::ParentDir => match parts.last() {
                Some(last) if *last != ".." => _ = parts.pop(),
                None if path.has_root() => {}
                _ => parts.push("..".as_ref()),
            },
            Component::Normal(part) => parts.push(part),
        }
    }
    let mut normal = OsString::from(if path.has_root() { "/" } else { "" });
    normal.push(parts.join("/".as_ref()));
    normal
}

const PIPES: &str = r"\\.\pipe\";
