//! The Rust side of the cases of calls: a client or server of `ipc-compat` that calls and answers as
//! it is told.
//!
//!     call-peer serve|connect world --path PATH|--tcp HOST:PORT|--tls HOST:PORT ...
//!
//! It takes the options of `nipc` that the cases use, reads JSON commands from stdin and prints JSON
//! lines; `peers/calls.cjs` does the same with real node-ipc.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "what it prints is what the case reads")]

mod calling;
mod groups;
mod methods;
mod options;
mod streams;
mod topics;
mod typed;

use std::error::Error;

use ipc_compat::{Ipc, IpcClient, IpcServer, RawJson};
use ipc_core::ServerEvent;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

use self::calling::{Calling, Side};
use self::options::{Options, Place};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::read()?;
    let ipc = Ipc::new(options.config.clone());
    let side = if options.serves {
        Side::Server(serve(&ipc, &options).await?)
    } else {
        Side::Client(connect(&ipc, &options)?)
    };
    let calling = Calling::new(side);
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        if !calling.command(&serde_json::from_str(&line)?)? {
            break;
        }
    }
    calling.close().await;
    Ok(())
}

async fn serve(ipc: &Ipc, options: &Options) -> Result<IpcServer, Box<dyn Error>> {
    let server = match &options.place {
        Place::Local(path) => ipc.serve(path.as_str())?,
        Place::Net(host, port) => ipc.serve_net((host.as_str(), *port))?,
    };
    methods::answer(server.handlers());
    streams::answer(server.handlers());
    typed::answer(server.handlers())?;
    groups::answer(&server);
    server.on_connect(|_| print(&json!({"event": "connect"})));
    server.on_socket_disconnected(|_, _| print(&json!({"event": "socket.disconnected"})));
    server.on_error(|error, _| print(&json!({"event": "error", "message": error.to_string()})));
    server.core().on_lifecycle(|event| {
        if let ServerEvent::Refused { why, .. } = event {
            let message = why.to_string();
            print(&json!({"event": "refused", "code": why.code(), "message": message}));
        }
    });
    let endpoint = server.start().await?;
    print(&json!({"event": "start", "endpoint": endpoint.to_string()}));
    Ok(server)
}

fn connect(ipc: &Ipc, options: &Options) -> Result<IpcClient, Box<dyn Error>> {
    let client = match &options.place {
        Place::Local(path) => ipc.connect_to(("world", path.as_str()))?,
        Place::Net(host, port) => ipc.connect_to_net(("world", host.as_str(), *port))?,
    };
    methods::answer(client.handlers());
    streams::answer(client.handlers());
    typed::answer(client.handlers())?;
    client.on_connect(|_| print(&json!({"event": "connect"})));
    client.on_disconnect(|_| print(&json!({"event": "disconnect"})));
    client.on_error(|error| print(&json!({"event": "error", "message": error.to_string()})));
    client.start()?;
    Ok(client)
}

/// Prints a line; one call, so that lines of several threads do not mix.
fn print(line: &Value) {
    println!("{line}");
}

/// Returns JSON as a value of serde_json's, to be printed.
fn value(json: &RawJson) -> Value {
    json.parse_lossy().unwrap_or(Value::Null)
}
