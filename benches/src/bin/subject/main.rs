//! The subjects of the measurements that are written in Rust and need no other package: this
//! workspace, the crate node-ipc, and what the system and the wire format cost at the least.
//!
//! `subject server KIND ENDPOINT` says `ready ENDPOINT` when it listens and ends when its standard
//! input does. `subject client KIND ENDPOINT TASK` says `begin` when it is warm and `done FIGURES`
//! at the end.

#[cfg(unix)]
mod codec;
#[cfg(target_os = "linux")]
mod epoll;
#[cfg(unix)]
mod idle;
#[cfg(unix)]
mod limit;
#[cfg(unix)]
mod net;
#[cfg(unix)]
mod ours;
#[cfg(unix)]
mod raw;
#[cfg(unix)]
mod receivers;
#[cfg(unix)]
mod sharers;
#[cfg(unix)]
mod tls;
#[cfg(unix)]
mod udp;
#[cfg(unix)]
mod upstream;

use std::io::Write;
use std::process::ExitCode;

/// What goes wrong here ends the program, with its message.
type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "subject {}: {error}", words.join(" "));
            ExitCode::FAILURE
        }
    }
}

#[cfg(not(unix))]
fn run(_: &[String]) -> Result<()> {
    Err("the measurements need Unix sockets, which are not here".into())
}

#[cfg(unix)]
fn run(words: &[String]) -> Result<()> {
    let (role, rest) = words.split_first().ok_or(HELP)?;
    let (kind, rest) = rest.split_first().ok_or(HELP)?;
    let (endpoint, task) = rest.split_first().ok_or(HELP)?;
    net::many_files();
    if role == "server" {
        net::end_with_parent();
        let endpoint = endpoint.parse()?;
        return match kind.as_str() {
            "raw" => raw::serve(&endpoint, None),
            "raw-spin" => raw::serve(&endpoint, Some(net::SPIN)),
            "limit" => limit::serve(&endpoint, limit::Json::Serde),
            "limit-bytes" => limit::serve(&endpoint, limit::Json::Bytes),
            "node-ipc" => upstream::serve(&endpoint),
            #[cfg(target_os = "linux")]
            "epoll" => epoll::serve(&endpoint),
            _ => ours::serve(&endpoint, kind.parse()?),
        };
    }
    let task: ipc_benches::Task = task.join(" ").parse()?;
    let outcome = match kind.as_str() {
        "codec" => codec::ours(&task)?,
        "codec-node-ipc" => codec::upstream(&task)?,
        _ => {
            let endpoint = endpoint.parse()?;
            match kind.as_str() {
                "raw" => raw::measure(&endpoint, None, &task)?,
                "raw-spin" => raw::measure(&endpoint, Some(net::SPIN), &task)?,
                "limit" => limit::measure(&endpoint, limit::Json::Serde, &task)?,
                "limit-bytes" => limit::measure(&endpoint, limit::Json::Bytes, &task)?,
                "node-ipc" => upstream::measure(&endpoint, &task)?,
                "receivers" => receivers::measure(&endpoint, receivers::Wire::NodeIpc, &task)?,
                "receivers-nats" => receivers::measure(&endpoint, receivers::Wire::Nats, &task)?,
                "receivers-socketio" => {
                    receivers::measure(&endpoint, receivers::Wire::SocketIo, &task)?
                }
                "sharers" => sharers::measure(&endpoint, &task)?,
                "idle" => idle::measure(&endpoint, &task)?,
                _ => ours::measure(&endpoint, kind.parse()?, &task)?,
            }
        }
    };
    net::done(&outcome);
    Ok(())
}

#[cfg(unix)]
const HELP: &str = "subject server KIND ENDPOINT | subject client KIND ENDPOINT TASK";
