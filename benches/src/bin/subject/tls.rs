//! TLS by hand: `rustls` over a blocking socket, as its documentation does, and the certificates of a round.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::Arc;

use ipc_transport::rustls::pki_types::pem::PemObject;
use ipc_transport::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use ipc_transport::rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    crypto,
};
use ipc_transport::{Endpoint, Pem, TlsClient, TlsServer, TlsTransport, Transport};

use crate::Result;

/// A connection with its socket.
#[derive(Debug)]
pub(crate) enum Stream {
    Client(StreamOwned<ClientConnection, TcpStream>),
    Server(StreamOwned<ServerConnection, TcpStream>),
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Client(stream) => stream.read(buffer),
            Self::Server(stream) => stream.read(buffer),
        }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Client(stream) => stream.write(bytes),
            Self::Server(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Connects, and verifies the server's certificate.
pub(crate) fn connect(host: &str, port: u16) -> Result<Stream> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file("ca.pem")?)?)?;
    let config = ClientConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned())?;
    let connection = ClientConnection::new(Arc::new(config), name)?;
    let socket = TcpStream::connect((host, port))?;
    socket.set_nodelay(true)?;
    Ok(Stream::Client(StreamOwned::new(connection, socket)))
}

/// The server's side.
#[derive(Debug)]
pub(crate) struct Server(Arc<ServerConfig>);

impl Server {
    pub(crate) fn new() -> Result<Self> {
        let chain = vec![CertificateDer::from_pem_file(file("server.pem")?)?];
        let key = PrivateKeyDer::from_pem_file(file("server.key")?)?;
        let config =
            ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()?
                .with_no_client_auth()
                .with_single_cert(chain, key)?;
        Ok(Self(Arc::new(config)))
    }

    pub(crate) fn stream(&self, socket: TcpStream) -> Result<Stream> {
        socket.set_nodelay(true)?;
        let connection = ServerConnection::new(Arc::clone(&self.0))?;
        Ok(Stream::Server(StreamOwned::new(connection, socket)))
    }
}

/// Returns this workspace's transport for a server at an endpoint.
pub(crate) fn serving(endpoint: &Endpoint) -> Result<Box<dyn Transport>> {
    let Endpoint::Tls { host, port } = endpoint else { return Ok(endpoint.transport()?) };
    let (chain, key) = (Pem::file(file("server.pem")?), Pem::file(file("server.key")?));
    let server = TlsServer::builder(chain, key).build()?;
    Ok(Box::new(TlsTransport::new(host, *port).with_server(server)))
}

/// Returns this workspace's transport for a client of an endpoint.
pub(crate) fn dialing(endpoint: &Endpoint) -> Result<Box<dyn Transport>> {
    let Endpoint::Tls { host, port } = endpoint else { return Ok(endpoint.transport()?) };
    let client = TlsClient::builder().trust(Pem::file(file("ca.pem")?)).build()?;
    Ok(Box::new(TlsTransport::new(host, *port).with_client(client)))
}

/// Returns where a file of the round's certificates is.
fn file(name: &str) -> Result<PathBuf> {
    let directory =
        std::env::var_os("BENCH_CERTIFICATES").ok_or("BENCH_CERTIFICATES is not set")?;
    Ok(PathBuf::from(directory).join(name))
}
