//! Other libraries as subjects of the measurements: one file each, small enough to be checked by
//! who wrote the library. They speak as `subject` does: `peers server|client KIND ENDPOINT [TASK]`.

mod busrt;
mod coding;
mod iceoryx2;
mod ipc_channel;
mod jsonrpsee;
mod length;
mod link;
mod nats;
mod net;
#[cfg(feature = "nng")]
mod nng;
mod remoc;
mod shm;
mod socketio;
mod tarpc;
mod zbus;
mod zeromq;

use std::process::ExitCode;

use coding::Coding;
use iceoryx2::Wait;
use ipc_benches::Task;

/// What goes wrong here ends the program, with its message.
type Result<T, E = Box<dyn std::error::Error + Send + Sync>> = std::result::Result<T, E>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("peers {}: {error}", words.join(" "));
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[String]) -> Result<()> {
    let [role, kind, endpoint, task @ ..] = words else {
        return Err("peers server|client KIND ENDPOINT [TASK]".into());
    };
    let coded =
        kind.rsplit_once('-').and_then(|(library, coding)| Some((library, coding.parse().ok()?)));
    // The others have one coding only.
    let (library, coding) = coded.unwrap_or((kind.as_str(), Coding::Native));
    let path = endpoint.strip_prefix("unix:").unwrap_or(endpoint);
    if role == "server" {
        match library {
            // They end in their own way.
            "nats" | "nats-subject" => return net::block_on(nats::serve()),
            "iceoryx2" => return net::block_on(iceoryx2::serve(path, Wait::Event, coding)),
            "iceoryx2-spin" => return net::block_on(iceoryx2::serve(path, Wait::Spin, coding)),
            "shm" => return net::block_on(shm::serve(coding)),
            _ => {}
        }
        net::end_with_parent(|| {});
        return match library {
            "length" => net::block_on(length::serve(path, coding)),
            "zeromq" => net::block_on(zeromq::serve(path, coding)),
            "busrt" => net::block_on(busrt::serve(path, coding)),
            "tarpc" => net::block_on(tarpc::serve(path, coding)),
            "jsonrpsee" => net::block_on(jsonrpsee::serve()),
            "remoc" => net::block_on(remoc::serve(path)),
            #[cfg(feature = "nng")]
            "nng" => net::block_on(nng::serve(path, coding)),
            "socketioxide" => net::block_on(socketio::serve(path)),
            "zbus" => net::block_on(zbus::serve(path)),
            "ipc-channel" => ipc_channel::serve(coding),
            _ => Err(format!("{library} is not here").into()),
        };
    }
    let address = endpoint.strip_prefix("tcp:").unwrap_or(endpoint);
    let task: Task = task.join(" ").parse()?;
    let outcome = match library {
        "length" => net::block_on(length::measure(path, coding, &task))?,
        "zeromq" => net::block_on(zeromq::measure(path, coding, &task))?,
        "busrt" => net::block_on(busrt::measure(path, coding, &task))?,
        "tarpc" => net::block_on(tarpc::measure(path, coding, &task))?,
        "jsonrpsee" => net::block_on(jsonrpsee::measure(address, &task))?,
        "nats" => net::block_on(nats::measure(address, &task))?,
        "remoc" => net::block_on(remoc::measure(path, &task))?,
        "iceoryx2" => net::block_on(iceoryx2::measure(path, Wait::Event, coding, &task))?,
        "iceoryx2-spin" => net::block_on(iceoryx2::measure(path, Wait::Spin, coding, &task))?,
        #[cfg(feature = "nng")]
        "nng" => net::block_on(nng::measure(path, coding, &task))?,
        "shm" => net::block_on(shm::measure(path, coding, &task))?,
        "zbus" => net::block_on(zbus::measure(path, &task))?,
        "ipc-channel" => ipc_channel::measure(path, coding, &task)?,
        _ => return Err(format!("{library} is not here").into()),
    };
    net::done(&outcome);
    Ok(())
}
