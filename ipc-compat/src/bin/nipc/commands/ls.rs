//! `nipc ls`: the local endpoints there are, without disturbing a server.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use ipc_compat::{Config, Environment, paths};
use serde::Serialize;

use crate::cli::ls::Ls;
use crate::commands::failures;
use crate::exit::Exit;
use crate::io::pretty;
use crate::io::stderr::Diagnostics;
use crate::io::stdout::Style;

/// A socket file, or a pipe.
#[derive(Debug, Serialize)]
struct Found {
    path: String,
    /// The name of its verdict. A pipe is always `live`: it goes with its server.
    verdict: &'static str,
    #[serde(flatten)]
    file: Option<File>,
    /// What to do about it, unless all is well.
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

/// What a file has and a pipe has not.
#[derive(Debug, Serialize)]
struct File {
    /// The number of the user it belongs to.
    owner: u32,
    /// Its permission bits, in octal.
    mode: String,
}

/// Runs the command.
pub(crate) async fn run(args: Ls) -> Exit {
    let log = Diagnostics::new(false, args.quiet);
    let mut found = Vec::new();
    for (root, appspace) in roots(&args) {
        match look(&root, &appspace).await {
            Ok(there) => found.extend(there),
            // A root that was not asked for need not be there.
            Err(error) if args.socket_root.is_none() && error.kind() == io::ErrorKind::NotFound => {
            }
            Err(error) => {
                log.fail(format_args!("cannot look in {}: {error}", root.display()));
                return Exit::Failed;
            }
        }
    }
    match shown(&args, &found) {
        Ok(lines) => match failures::print(log, &lines) {
            Exit::Done => exit(&found),
            failed => failed,
        },
        Err(error) => {
            log.fail(format_args!("cannot show what was found: {error}"));
            Exit::Failed
        }
    }
}

/// Returns how a run ends that found these and has printed them.
fn exit(found: &[Found]) -> Exit {
    let any = |is: fn(&str) -> bool| found.iter().any(|socket| is(socket.verdict));
    if any(|verdict| !["live", "unknown"].contains(&verdict)) {
        Exit::Wrong
    } else if any(|verdict| verdict == "unknown") {
        Exit::Failed
    } else {
        Exit::Done
    }
}

/// Returns the directories to look in, each with what names there begin with.
fn roots(args: &Ls) -> Vec<(PathBuf, String)> {
    let appspace = |otherwise: &str| args.appspace.clone().unwrap_or_else(|| otherwise.to_owned());
    if let Some(root) = &args.socket_root {
        return vec![(root.clone(), appspace(""))];
    }
    let environment = Environment::read();
    // In /tmp there are many sockets that have nothing to do with node-ipc.
    let usual = Config::classic_in(&environment).appspace;
    let mut roots = vec![
        (paths::classic_socket_root(), appspace(&usual)),
        (paths::v14_socket_root(&environment), appspace("")),
    ];
    // Where the servers of a user are that were started without a session.
    for root in paths::v14_temporary_roots(&environment) {
        if roots.iter().all(|(known, _)| *known != root) {
            roots.push((root, appspace("")));
        }
    }
    roots
}

/// Returns the sockets in a directory, by name.
#[cfg(unix)]
async fn look(root: &Path, appspace: &str) -> io::Result<Vec<Found>> {
    use std::os::unix::fs::{FileTypeExt, MetadataExt};

    use ipc_transport::UnixTransport;

    use crate::commands::verdict::{Directory, Facts, Verdict};

    let mut found = Vec::new();
    let directory = Directory::of(root);
    let user = rustix::process::geteuid().as_raw();
    for entry in std::fs::read_dir(root)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if !name.starts_with(appspace) {
            continue;
        }
        let metadata = match entry.path().symlink_metadata() {
            Ok(metadata) if metadata.file_type().is_socket() => metadata,
            // What has gone since is not there.
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                // The directory can be listed, and not entered: the kind of a file is in the list.
                if entry.file_type().is_ok_and(|kind| kind.is_socket()) {
                    found.push(unknown(&entry.path(), &error));
                }
                continue;
            }
            _ => continue,
        };
        let presence = UnixTransport::new(entry.path()).presence().await;
        let (owner, mode) = (metadata.uid(), metadata.mode() & 0o7777);
        let facts = Facts { owner, mode, user, directory };
        let Some(verdict) = Verdict::of(presence, facts) else { continue };
        found.push(Found {
            path: entry.path().to_string_lossy().into_owned(),
            verdict: verdict.name(),
            file: Some(File { owner, mode: format!("{mode:04o}") }),
            advice: verdict.advice(),
        });
    }
    found.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(found)
}

/// Returns a socket file of which nothing but its name can be known.
#[cfg(unix)]
fn unknown(path: &Path, why: &io::Error) -> Found {
    let path = path.to_string_lossy().into_owned();
    Found {
        path,
        verdict: "unknown",
        file: None,
        advice: Some(format!("cannot be looked at: {why}")),
    }
}

/// Returns the pipes whose names begin with what this root and appspace make of them. The names are
/// listed; no pipe is opened, so no server notices.
#[cfg(windows)]
async fn look(root: &Path, appspace: &str) -> io::Result<Vec<Found>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(paths::pipe_name(""))? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    Ok(pipes(names, root, appspace))
}

/// Returns those of these pipes that are of this root and appspace, by name.
#[cfg(any(windows, test))]
fn pipes(names: Vec<String>, root: &Path, appspace: &str) -> Vec<Found> {
    let beginning = paths::socket_path(crate::cli::settings::with_separator(root), appspace, "");
    let beginning = paths::pipe_name(&beginning.to_string_lossy());
    let names = names.iter().map(|name| paths::pipe_name("") + name);
    let mut found: Vec<_> = names
        .filter(|path| path.starts_with(&beginning))
        .map(|path| Found { path, verdict: "live", file: None, advice: None })
        .collect();
    found.sort_by(|one, other| one.path.cmp(&other.path));
    found
}

fn shown(args: &Ls, found: &[Found]) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let json = Style::chosen(args.json, args.pretty) == Style::Json;
    for socket in found {
        if json {
            serde_json::to_writer(&mut out, socket)?;
            writeln!(out)?;
        } else {
            let verdict = pretty::verdict(socket.verdict, pretty::may_colour());
            write!(out, "{verdict} ")?;
            if let Some(File { owner, mode }) = &socket.file {
                write!(out, "{mode} {owner:>5} ")?;
            }
            write!(out, "{}", pretty::tame(&socket.path))?;
            if let Some(advice) = &socket.advice {
                write!(out, ": {}", pretty::tame(advice))?;
            }
            writeln!(out)?;
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Tests W33
    #[test]
    fn pipes_are_those_whose_names_a_root_and_an_appspace_begin() {
        let pipes = |root: &str, appspace: &str| -> Vec<_> {
            let names = ["tmp-other", "tmp-app.b", "mojo.1", "node-ipc-me-x", "tmp-app.a", "tmp"];
            let names = names.map(str::to_owned).into();
            pipes(names, root.as_ref(), appspace).into_iter().map(|found| found.path).collect()
        };
        let both = [r"\\.\pipe\tmp-app.a", r"\\.\pipe\tmp-app.b"];
        assert_eq!(pipes("/tmp/", "app."), both);
        assert_eq!(pipes("/tmp", "app."), both);
        assert_eq!(pipes("/node-ipc-me/", ""), [r"\\.\pipe\node-ipc-me-x"]);
        assert!(pipes("/run/", "").is_empty());
    }

    #[test]
    fn what_is_wrong_decides_the_exit_before_what_is_unknown() {
        let exit = |verdicts: &[&'static str]| {
            let found = |verdict: &&'static str| Found {
                path: "x".into(),
                verdict,
                file: None,
                advice: None,
            };
            exit(&verdicts.iter().map(found).collect::<Vec<_>>())
        };
        assert_eq!(exit(&[]), Exit::Done);
        assert_eq!(exit(&["live", "live"]), Exit::Done);
        assert_eq!(exit(&["live", "unknown"]), Exit::Failed);
        assert_eq!(exit(&["unknown", "stale"]), Exit::Wrong);
        assert_eq!(exit(&["foreign owner", "live"]), Exit::Wrong);
    }

    #[test]
    fn a_pipe_has_neither_owner_nor_mode() {
        let pipe = Found { path: "x".into(), verdict: "live", file: None, advice: None };
        assert_eq!(serde_json::to_string(&pipe).unwrap(), r#"{"path":"x","verdict":"live"}"#);
        let file = Some(File { owner: 7, mode: "0600".into() });
        assert_eq!(
            serde_json::to_string(&Found { file, ..pipe }).unwrap(),
            r#"{"path":"x","verdict":"live","owner":7,"mode":"0600"}"#
        );
    }
}
