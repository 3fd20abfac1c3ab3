//! Wine: a Windows to run programs in, set up under `target/wine` and ended with this program.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use xtask::error::{Error, Result};
use xtask::{apt, mingw, proc};

/// A running Wine with a Windows of its own. Dropping it ends every program in it.
#[derive(Debug)]
pub(crate) struct Wine {
    program: PathBuf,
    server: PathBuf,
    /// Where its Windows and what it needs are.
    dir: PathBuf,
}

impl Wine {
    /// Starts Wine, which is installed and set up first if need be.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] if it cannot be had here.
    pub(crate) fn start(target: &Path) -> Result<Self> {
        if !cfg!(target_os = "linux") {
            return Err(Error::Unavailable("Wine is used on Linux only".into()));
        }
        mingw::install()?;
        let find = || Some((first(PROGRAMS)?, first(SERVERS)?));
        let (program, server) = match find() {
            Some(found) => found,
            None => {
                apt::install(&["wine64"])?;
                find().ok_or_else(|| Error::Unavailable("wine64 does not run here".into()))?
            }
        };
        let wine = Self { program, server, dir: target.join("wine") };
        fs::create_dir_all(wine.dir.join("lib"))?;
        wine.make_library()?;
        let prefix = wine.dir.join("prefix");
        if wine.boot(&prefix).is_err() {
            // One that a killed run or a full disk has left half made never starts again.
            wine.end();
            fs::remove_dir_all(&prefix)?;
            wine.boot(&prefix)
                .map_err(|error| Error::Unavailable(format!("Wine does not start: {error}")))?;
        }
        Ok(wine)
    }

    /// Starts the server and the services in `prefix`, which is made if it is not there.
    fn boot(&self, prefix: &Path) -> Result<()> {
        fs::create_dir_all(prefix)?;
        // One server for the whole run: it starts slowly. It fails if one is there already, left by
        // a run that was killed, which then serves this one.
        let mut server = Command::new(&self.server);
        self.set_up(&mut server);
        let _ = proc::logged(server.arg("-p"), &self.dir.join("log"), START);
        // It makes the prefix, or only starts the services. Those keep the output they are started
        // with, so it goes to a file: reading a pipe until it ends would wait for them.
        proc::logged(&mut self.command("wineboot".as_ref()), &self.dir.join("log"), START).map(drop)
    }

    /// Ends every program in it.
    fn end(&self) {
        let mut server = Command::new(&self.server);
        self.set_up(&mut server);
        // Only the one of this prefix.
        let _ = server.arg("-k").stdin(Stdio::null()).status();
    }

    /// Returns the command that runs this Windows program.
    pub(crate) fn command(&self, program: &OsStr) -> Command {
        let mut command = Command::new(&self.program);
        self.set_up(&mut command);
        command.arg(program);
        command
    }

    /// Makes `command`, and what it starts, run Windows programs in here.
    pub(crate) fn set_up(&self, command: &mut Command) {
        command.envs(self.variables());
        command.env("CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER", &self.program);
    }

    /// Returns a script `name` that runs this Windows program, for callers that take the path of a program. What
    /// comes on stdin is put into the file `STDIN_FILE` if `stdin` says so.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub(crate) fn wrap(&self, name: &str, program: &Path, stdin: Stdin) -> Result<PathBuf> {
        let mut text = "#!/bin/sh\n".to_owned();
        for (name, value) in self.variables() {
            text.push_str(&format!("export {name}='{}'\n", value.to_string_lossy()));
        }
        if stdin == Stdin::AsFile {
            let dir = self.dir.join("stdin");
            let _ = fs::remove_dir_all(&dir);
            fs::create_dir_all(&dir)?;
            text.push_str(&format!("export STDIN_FILE='{}'/$$\n", dir.display()));
            // By way of 3, since a shell gives what it leaves in the background no stdin.
            text.push_str(": >\"$STDIN_FILE\"\nexec 3<&0 </dev/null\n");
            text.push_str("cat <&3 >\"$STDIN_FILE\" 2>/dev/null &\nexec 3<&-\n");
        }
        let (wine, program) = (self.program.display(), program.display());
        // In the same process, so that killing the script kills the program.
        text.push_str(&format!("exec '{wine}' '{program}' \"$@\"\n"));
        let script = self.dir.join(name);
        fs::write(&script, text)?;
        proc::capture(Command::new("chmod").arg("+x").arg(&script))?;
        Ok(script)
    }

    fn variables(&self) -> Vec<(&'static str, OsString)> {
        let lib = self.dir.join("lib").to_string_lossy().replace('/', "\\");
        vec![
            ("WINEPREFIX", self.dir.join("prefix").into()),
            ("WINEPATH", format!("Z:{lib}").into()),
            ("WINEDEBUG", "-all".into()),
            // Nothing that would ask for a window or the network.
            ("WINEDLLOVERRIDES", "mscoree,mshtml,winemenubuilder.exe=".into()),
            // Node asks for a newer Windows than Wine says it is.
            ("NODE_SKIP_PLATFORM_CHECK", "1".into()),
        ]
    }

    /// Makes the library with the random numbers of std, which Wine 8 lacks.
    fn make_library(&self) -> Result<()> {
        let library = self.dir.join("lib/bcryptprimitives.dll");
        if library.is_file() {
            return Ok(());
        }
        let source = self.dir.join("lib/random.c");
        fs::write(&source, RANDOM)?;
        let mut gcc = Command::new(mingw::COMPILER);
        gcc.arg("-shared").arg("-o").arg(&library).arg(&source).arg("-ladvapi32");
        proc::capture(&mut gcc).map(drop)
    }
}

impl Drop for Wine {
    fn drop(&mut self) {
        self.end();
    }
}

/// How a program gets its stdin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stdin {
    AsItIs,
    /// For programs that cannot read from a pipe of this system.
    AsFile,
}

fn first(programs: &[&str]) -> Option<PathBuf> {
    programs.iter().find(|program| proc::is_there(program)).map(PathBuf::from)
}

/// Debian has them off the search path.
const PROGRAMS: &[&str] = &["wine64", "/usr/lib/wine/wine64", "wine"];
const SERVERS: &[&str] = &["wineserver", "/usr/lib/wine/wineserver64", "/usr/lib/wine/wineserver"];

/// The first start makes some hundred files, ten seconds on a machine that is not busy.
const START: Duration = Duration::from_secs(180);

const RANDOM: &str = "\
#include <windows.h>
BOOLEAN NTAPI SystemFunction036(PVOID, ULONG);
__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length) {
    return SystemFunction036(data, (ULONG)length);
}
";
