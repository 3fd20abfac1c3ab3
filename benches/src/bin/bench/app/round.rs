//! One round: a server, a client, and what both used meanwhile.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use ipc_benches::meter::now;
use ipc_benches::pace::sleep;
use ipc_benches::{Outcome, Work};

use super::args::Plan;
use super::cases::{Case, Socket};
use super::process::Running;
use super::sample::Sample;
use super::subjects::{Program, Subject};
use super::{Result, certificates, pin};

/// Measures once, with processes of its own.
pub(super) fn run(plan: &Plan, case: &Case, subject: &Subject) -> Result<Outcome> {
    let (here, there) = pin::two_cores(plan.pin);
    let directory = tempfile::tempdir()?;
    let mut endpoint = match case.socket {
        Socket::Unix => format!("unix:{}", directory.path().join("s").display()),
        Socket::Tcp => "tcp:127.0.0.1:0".to_owned(),
        Socket::Tls => "tls:127.0.0.1:0".to_owned(),
        Socket::Udp => "udp4:127.0.0.1:0".to_owned(),
    };
    if case.socket == Socket::Tls {
        certificates::write(directory.path())?;
    }
    let mut server = None;
    let command = |program, role| {
        let mut command = command(plan, program, role, case, subject)?;
        command.env("BENCH_CERTIFICATES", directory.path());
        Some(command)
    };
    let mut server_command = command(subject.server, "server");
    if let Some(command) = &mut server_command {
        let running = Running::start(command.arg(&endpoint), there)?;
        endpoint = running.word("ready")?;
        server = Some(running);
    }
    let role = if case.common.is_some() { Program::Common } else { subject.client };
    let mut client = command(role, "client").ok_or("no client")?;
    client.arg(&endpoint).args(subject.task(case).to_string().split(' '));
    let client = Running::start(&mut client, here)?;
    let mut round =
        Round { client: client.id(), server: server.as_ref().map(Running::id), ..Round::default() };
    loop {
        let line = client.line()?;
        let (word, rest) = line.split_once(' ').unwrap_or((&line, ""));
        match word {
            "begin" => round.begin(),
            "idle-from" => round.idle_from = round.server_now(),
            "idle-all" => round.idle_all = round.server_now(),
            "idle-quiet" => round.idle_quiet = round.server_now(),
            "peer" => {
                round.server = Some(rest.parse()?);
                pin::process(rest.parse()?, there)?;
            }
            // Its own threads are both sides.
            "alone" => pin::free(round.client, here, there)?,
            "done" => return Ok(round.finish(rest.parse()?, case)),
            _ => return Err(format!("the client says {line:?}").into()),
        }
        if word == "begin" && case.task.work == Work::Restart {
            if let (Some(running), Some(command)) = (&mut server, &mut server_command) {
                round.server = None;
                round.down = Some(restart(running, command, there)?);
            }
        }
    }
}

/// Kills the server a second later and starts it again; returns how long it was away.
fn restart(server: &mut Running, command: &mut Command, core: Option<usize>) -> Result<Duration> {
    sleep(Duration::from_secs(1));
    let killed = now();
    server.kill()?;
    sleep(Duration::from_millis(500));
    *server = Running::start(command, core)?;
    server.word("ready")?;
    Ok(now() - killed)
}

fn command(
    plan: &Plan,
    program: Program,
    role: &str,
    case: &Case,
    subject: &Subject,
) -> Option<Command> {
    let programs = &plan.programs;
    let compiled = |file: &Path, kind: &str| {
        let mut command = Command::new(file);
        command.args([role, kind]);
        command
    };
    let mut command = match program {
        Program::Own(kind) => compiled(&programs.subject, kind),
        Program::Common => {
            compiled(&programs.subject, &format!("{}{}", case.common?, subject.wire))
        }
        Program::Peers(kind, _) => compiled(programs.peers.as_ref()?, kind),
        Program::Node(script, _) => {
            let mut command = Command::new(programs.node.as_ref()?);
            let mut words = script.split(' ');
            command.arg(programs.scripts.join(words.next()?)).args(words);
            command
        }
        Program::None => return None,
    };
    for need in program.needs() {
        command.env(need.variable, programs.path(*need)?);
    }
    Some(command)
}

/// What is seen of a round from outside.
#[derive(Debug, Default)]
struct Round {
    client: u32,
    server: Option<u32>,
    began: Option<(Instant, Sample, Sample)>,
    idle_from: Sample,
    idle_all: Sample,
    idle_quiet: Sample,
    down: Option<Duration>,
}

impl Round {
    fn server_now(&self) -> Sample {
        self.server.map(Sample::of_family).unwrap_or_default()
    }

    fn begin(&mut self) {
        self.began = Some((now(), Sample::of(self.client), self.server_now()));
    }

    /// Returns the outcome with what both processes used in the measured part.
    fn finish(&self, outcome: Outcome, case: &Case) -> Outcome {
        let (client, server) = (Sample::of(self.client), self.server_now());
        let messages = outcome.get("messages").unwrap_or(1.0).max(1.0);
        let seconds = outcome.get("seconds").unwrap_or_default();
        let mut outcome =
            outcome.with("rate", messages / seconds).with("us", seconds * 1e6 / messages);
        if let Some((at, client_then, server_then)) = self.began {
            let wall = (now() - at).as_secs_f64();
            // A server that was killed has taken what it used with it.
            let theirs = (server.cpu - server_then.cpu).max(0.0);
            let cpu = client.cpu - client_then.cpu + theirs;
            outcome = outcome
                .with("cpu_us", cpu * 1e6 / messages)
                .with("server_cpu_us", theirs * 1e6 / messages)
                .with("cpu_percent", 100.0 * cpu / wall);
        }
        outcome = outcome.with("client_mib", client.peak / 1024.0);
        if self.server.is_some() {
            outcome = outcome.with("server_mib", server.peak / 1024.0);
        }
        if case.task.work == Work::Idle {
            let grown = self.idle_all.memory - self.idle_from.memory;
            outcome = outcome
                .with("kib_per_connection", grown / case.task.connections as f64)
                .with("wakes", self.idle_quiet.sleeps - self.idle_all.sleeps);
        }
        match self.down {
            Some(down) => outcome.with("down_ms", down.as_secs_f64() * 1e3),
            None => outcome,
        }
    }
}
