//! A server that echoes, clients of it, and the settings both get.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ipc_compat::{Config, Ipc, IpcClient, IpcError, IpcServer, Logger, Retries, Tls, codes};
use ipc_core::ConnectError;
use ipc_transport::{Endpoint, Pem};
use tokio::sync::mpsc;

use crate::certificates::{Authority, Identity};

/// Returns settings for a host of this machine, at any free port, without attempts to come again.
pub(crate) fn config(tls: Tls) -> Config {
    let mut config = Config::classic();
    config.id = "world".to_owned();
    config.network_host = "localhost".to_owned();
    config.network_port = 0;
    config.max_retries = Retries::Times(0);
    config.tls = Some(tls);
    config
}

/// Returns `tls` with this certificate and key.
pub(crate) fn who(identity: &Identity) -> Tls {
    let mut tls = Tls::default();
    tls.cert = Some(identity.chain.clone().into());
    tls.key = Some(identity.key.clone().into());
    tls
}

/// Returns `tls` that trusts this authority.
pub(crate) fn trusting(authority: &Authority, mut tls: Tls) -> Tls {
    tls.ca.push(text(authority));
    tls
}

/// Returns the authority's certificate.
pub(crate) fn text(authority: &Authority) -> Vec<u8> {
    match authority.pem() {
        Pem::Text(text) => text.expose().to_vec(),
        other => panic!("{other:?} is no text"),
    }
}

pub(crate) fn here(authority: &Authority) -> Identity {
    authority.issue(&["localhost"])
}

/// A server that echoes.
pub(crate) struct Served {
    pub(crate) server: IpcServer,
    pub(crate) port: u16,
    /// The codes of its errors.
    pub(crate) errors: mpsc::UnboundedReceiver<String>,
}

/// Serves with these settings.
pub(crate) async fn serve(config: Config) -> Served {
    let server = Ipc::new(config).serve_net(()).unwrap();
    server.on("ask", |text: String, socket| socket.emit("answer", &text).unwrap());
    let (tell, errors) = mpsc::unbounded_channel();
    server.on_error(move |error, _| drop(tell.send(codes::of(error).to_owned())));
    let port = match soon(server.start()).await.unwrap() {
        Endpoint::Tls { port, .. } => port,
        other => panic!("{other} is no TLS endpoint"),
    };
    Served { server, port, errors }
}

/// Returns a client of the server at this port.
pub(crate) fn client(port: u16, mut config: Config) -> Result<IpcClient, IpcError> {
    config.network_port = port;
    Ipc::new(config).connect_to_net("world")
}

/// Asks the server and checks that it answers.
pub(crate) async fn talk(port: u16, config: Config) {
    let client = client(port, config).unwrap();
    let (heard, mut answers) = mpsc::unbounded_channel();
    client.on("answer", move |answer: String, _| drop(heard.send(answer)));
    client.emit("ask", "hello").unwrap();
    soon(client.connected()).await.unwrap();
    assert_eq!(soon(answers.recv()).await.as_deref(), Some("hello"));
    assert!(soon(client.close()).await.undelivered.is_empty());
}

/// Returns the code of the error that keeps a client from connecting.
pub(crate) async fn refused(port: u16, config: Config) -> String {
    let client = client(port, config).unwrap();
    client.emit("ask", "secret").unwrap();
    match soon(client.connected()).await {
        Err(ConnectError::Failed(error)) => codes::of(&error).to_owned(),
        other => panic!("not refused: {other:?}"),
    }
}

/// The lines of a logger.
#[derive(Clone, Default)]
pub(crate) struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    pub(crate) fn logger(&self) -> Logger {
        let lines = self.clone();
        Logger::new(move |line| {
            lines.0.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
        })
    }

    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Ends a test that would hang; no test waits for it otherwise.
pub(crate) fn soon<T>(future: impl Future<Output = T>) -> impl Future<Output = T> {
    let timeout = tokio::time::timeout(Duration::from_secs(120), future);
    async { timeout.await.unwrap_or_else(|_| panic!("waited in vain")) }
}
