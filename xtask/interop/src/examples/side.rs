//! `Side`: one program of a meeting, and how it is started.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Place, Tools};
use xtask::error::{Error, Result};
use xtask::{proc, repo};

/// One program of a meeting.
#[derive(Debug)]
pub(super) struct Side {
    language: Language,
    /// Parts of what it prints.
    pub(super) says: &'static [&'static str],
    /// More settings than where to meet, as members of a JSON object.
    settings: &'static str,
    /// What an example of ours takes after the settings.
    word: Option<&'static str>,
    /// Whether it takes the path of the socket instead of all that.
    at_path: bool,
    /// Whether it runs until it is killed.
    stays: bool,
}

/// What a program is written in, and its name.
#[derive(Debug, Clone, Copy)]
enum Language {
    /// An example of `ipc-compat` or `ipc-core`; it takes settings as JSON.
    Rust(&'static str),
    /// A file in the `example` folder of node-ipc's package.
    Js(&'static str),
    /// A script in `xtask/examples`: what node-ipc's documentation says, but its package does not have.
    Script(&'static str),
    /// A program in C in the examples of `ipc-compat`; it takes the path of the socket.
    C(&'static str),
}

/// Returns an example of ours that says all of `says`.
pub(super) const fn rust(name: &'static str, says: &'static [&'static str]) -> Side {
    side(Language::Rust(name), says)
}

/// Returns an example of node-ipc that says all of `says`.
pub(super) const fn js(path: &'static str, says: &'static [&'static str]) -> Side {
    side(Language::Js(path), says).stays()
}

/// Returns a script that says all of `says`.
pub(super) const fn script(name: &'static str, says: &'static [&'static str]) -> Side {
    side(Language::Script(name), says).stays()
}

/// Returns an example in C that says all of `says`.
pub(super) const fn c(name: &'static str, says: &'static [&'static str]) -> Side {
    side(Language::C(name), says)
}

const fn side(language: Language, says: &'static [&'static str]) -> Side {
    Side { language, says, settings: "", word: None, at_path: false, stays: false }
}

impl Side {
    /// Adds settings, in which [`CERTIFICATES`] is where they are: members of a JSON object.
    pub(super) const fn with(self, settings: &'static str) -> Self {
        Self { settings, ..self }
    }

    /// Adds a word after the settings; [`CERTIFICATES`] is replaced by their directory.
    pub(super) const fn word(self, word: &'static str) -> Self {
        Self { word: Some(word), ..self }
    }

    /// Gives it the path of the socket instead of settings.
    pub(super) const fn at_path(self) -> Self {
        Self { at_path: true, ..self }
    }

    /// Marks it as running until it is killed.
    pub(super) const fn stays(self) -> Self {
        Self { stays: true, ..self }
    }

    /// Returns the command that starts it.
    ///
    /// # Errors
    ///
    /// If something it needs is missing, or does not compile.
    pub(super) fn command(&self, tools: &Tools, place: &Place) -> Result<Command> {
        let certificates = tools.certificates.dir().display().to_string();
        let settings = place.settings(self.settings).replace(CERTIFICATES, &certificates);
        match self.language {
            Language::Rust(name) => {
                let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
                let mut command = Command::new(tools.examples.join(name));
                if self.at_path {
                    command.arg(place.dir.join("app.world"));
                } else {
                    let word = self.word.map(|word| word.replace(CERTIFICATES, &certificates));
                    command.arg(settings).args(word);
                }
                Ok(command)
            }
            Language::Js(path) => {
                let package = tools.with_examples()?;
                let mut command = node(package, &package.join("example").join(path), &settings);
                command.env("CERTIFICATES", certificates);
                Ok(command)
            }
            Language::Script(name) => Ok(node(tools.node_ipc()?, &scripts().join(name), &settings)),
            Language::C(name) => {
                let cc = tools.cc.as_ref().map_err(|why| Error::Unavailable(why.clone()))?;
                let program = place.dir.join(name);
                compile(cc, name, &program)?;
                let mut command = Command::new(program);
                command.arg(place.dir.join("app.world"));
                Ok(command)
            }
        }
    }

    /// Returns the name of its language, for people.
    pub(super) fn language(&self) -> &'static str {
        match self.language {
            Language::Rust(_) => "Rust",
            Language::Js(_) | Language::Script(_) => "JavaScript",
            Language::C(_) => "C",
        }
    }

    /// Returns whether it is ours.
    pub(super) fn is_rust(&self) -> bool {
        matches!(self.language, Language::Rust(_))
    }

    /// Returns whether it exits by itself after its last line.
    pub(super) fn ends(&self) -> bool {
        !self.stays
    }
}

/// Returns the command that runs a program that uses this node-ipc.
fn node(package: &Path, program: &Path, settings: &str) -> Command {
    let mut command = Command::new("node");
    command.arg("-r").arg(scripts().join("preload.cjs")).arg(program);
    command.env("NODE_IPC_DIR", package).env("SETTINGS", settings);
    command
}

fn scripts() -> PathBuf {
    repo::root().join("xtask/examples")
}

fn compile(cc: &str, name: &str, program: &Path) -> Result<()> {
    let source = repo::root().join(format!("ipc-compat/examples/{name}.c"));
    proc::capture(Command::new(cc).arg("-o").arg(program).arg(source)).map(drop)
}

/// Placeholder for the directory of the certificates.
pub(super) const CERTIFICATES: &str = "CERTIFICATES";
