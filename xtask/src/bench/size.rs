//! `cargo xtask bench --size`: what a small client costs its program: time to compile from nothing, bytes, crates.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::error::{Error, Result};
use crate::{proc, repo};

/// A client of a library, in `benches/size/NAME.rs`.
struct Client {
    name: &'static str,
    /// What it needs, as lines of a `Cargo.toml`, besides tokio.
    needs: &'static str,
}

/// What it costs.
struct Cost {
    seconds: f64,
    mib: f64,
    crates: usize,
}

/// Compiles every client from nothing, prints what each costs, and puts it into the documentation unless it is
/// only `tried`: then only ours is compiled.
pub(super) fn run(tried: bool) -> Result<()> {
    let at = repo::target_dir()?.join("bench/size");
    let mut costs = Vec::new();
    for client in CLIENTS.iter().take(if tried { 1 } else { CLIENTS.len() }) {
        costs.push((client.name, measure(client, &at.join(client.name))?));
    }
    let rustc = proc::capture(Command::new("rustc").arg("--version"))?;
    let rustc: Vec<&str> = rustc.split(' ').take(2).collect();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let table = table(&costs, &format!("{}, {cores} cores", rustc.join(" ")));
    print!("{table}");
    if !tried {
        put(&repo::root().join("benches/README.md"), &table)?;
        if let Some((_, ours)) = costs.first() {
            put(&repo::root().join("README.md"), &sentence(ours))?;
        }
    }
    Ok(())
}

fn measure(client: &Client, at: &Path) -> Result<Cost> {
    let Client { name, needs } = client;
    fs::create_dir_all(at.join("src"))?;
    let source = repo::root().join("benches/size").join(format!("{name}.rs"));
    fs::copy(source, at.join("src/main.rs"))?;
    let needs = needs.replace("ROOT", &repo::root().display().to_string());
    fs::write(at.join("Cargo.toml"), format!("{MANIFEST}{needs}"))?;
    let cargo = |words: &[&str]| {
        let mut cargo = repo::cargo();
        cargo.current_dir(at).args(words);
        // As for somebody who compiles it: nothing of how this workspace is built.
        cargo.env_remove("CARGO_TARGET_DIR").env_remove("RUSTFLAGS");
        cargo
    };
    proc::capture(&mut cargo(&["fetch"]))?;
    // A target directory that is not there: nothing is compiled yet.
    let target = at.join("target");
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    let start = Instant::now();
    proc::capture(&mut cargo(&["build", "--release", "--offline"]))?;
    let seconds = start.elapsed().as_secs_f64();
    let program = target.join("release").join(format!("hello{}", std::env::consts::EXE_SUFFIX));
    let bytes = fs::metadata(program)?.len();
    let tree =
        proc::capture(&mut cargo(&["tree", "--offline", "-e", "normal", "--prefix", "none"]))?;
    Ok(Cost { seconds, mib: bytes as f64 / f64::from(1 << 20), crates: crates(&tree) })
}

/// Returns how many crates there are in what `cargo tree` printed, without the first, which is the program.
fn crates(tree: &str) -> usize {
    let known = |line: &str| line.split_whitespace().take(2).map(str::to_owned).collect::<Vec<_>>();
    tree.lines().skip(1).filter(|line| !line.is_empty()).map(known).collect::<BTreeSet<_>>().len()
}

fn table(costs: &[(&str, Cost)], label: &str) -> String {
    let mut out = format!(
        "{label}:\n\n| client of | seconds to compile | MiB, stripped | crates |\n|---|---|---|---|\n"
    );
    for (name, Cost { seconds, mib, crates }) in costs {
        let _ = writeln!(out, "| `{name}` | {seconds:.0} | {mib:.2} | {crates} |");
    }
    out
}

fn sentence(Cost { seconds, mib, crates }: &Cost) -> String {
    format!(
        "A small client compiles in {seconds:.0} s from nothing, with {crates} crates, into {mib:.1} MiB \
         ([beside others](benches/README.md#compile-time-and-size)).\n"
    )
}

/// Puts the text between the markers of a file.
fn put(file: &Path, text: &str) -> Result<()> {
    let old = fs::read_to_string(file)?;
    let new = between(&old, text)
        .ok_or_else(|| Error::Failed(format!("{} has no {BEGIN} and {END}", file.display())))?;
    Ok(fs::write(file, new)?)
}

fn between(old: &str, text: &str) -> Option<String> {
    let (before, rest) = old.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{text}\n{END}{after}"))
}

const CLIENTS: [Client; 4] = [
    Client { name: "ours", needs: "ipc-compat = { path = \"ROOT/ipc-compat\" }\n" },
    Client {
        name: "tarpc",
        needs: "tarpc = { version = \"=0.38.0\", features = [\"serde-transport\", \"serde-transport-json\", \
                \"tokio1\", \"unix\"] }\nserde = { version = \"1\", features = [\"derive\"] }\n",
    },
    Client { name: "zeromq", needs: "zeromq = \"=0.7.0\"\n" },
    Client {
        name: "async-nats",
        needs: "async-nats = { version = \"=0.51.0\", default-features = false, features = [\"nuid\", \
                \"ring\"] }\n",
    },
];

const MANIFEST: &str = "\
[package]
name = \"hello\"
version = \"0.0.0\"
edition = \"2021\"

[workspace]

[profile.release]
strip = true

[dependencies]
tokio = { version = \"1\", features = [\"macros\", \"rt\"] }
";

const BEGIN: &str = "<!-- size: begin; written by `cargo xtask bench --size` -->";
const END: &str = "<!-- size: end -->";

#[cfg(test)]
mod tests {
    use super::{BEGIN, Cost, END, between, crates, sentence, table};

    #[test]
    fn a_crate_counts_once_and_the_program_does_not() {
        let tree = "hello v0.0.0 (/x)\na v1.0.0\nb v1.0.0\na v1.0.0 (*)\na v2.0.0 (proc-macro)\n\n";
        assert_eq!(crates(tree), 3);
    }

    #[test]
    fn figures_go_between_the_markers() {
        let costs = [("ours", Cost { seconds: 12.4, mib: 1.256, crates: 40 })];
        let table = table(&costs, "rustc 1, 2 cores");
        assert!(table.ends_with("| `ours` | 12 | 1.26 | 40 |\n"), "{table}");
        let old = format!("before\n{BEGIN}\nold\n{END}\nafter\n");
        let new = between(&old, &table).unwrap();
        assert!(new.starts_with("before\n") && new.ends_with("\nafter\n"), "{new}");
        assert!(new.contains("| `ours` |") && !new.contains("old"), "{new}");
        assert_eq!(between("no markers", &table), None);
        let [(_, ours)] = costs;
        assert!(sentence(&ours).contains("12 s from nothing, with 40 crates, into 1.3 MiB"));
    }
}
