//! TLS where it must not work: a refused peer gets and sends nothing, and no other peer is affected.

use super::super::matrix::Role;
use super::super::peer::Peer;
use super::super::room::Room;
use super::needs;
use xtask::error::Result;

pub(super) fn expired(room: &Room<'_>) -> Result<()> {
    client_refuses(room, "expired")
}

pub(super) fn wrong_name(room: &Room<'_>) -> Result<()> {
    client_refuses(room, "elsewhere")
}

pub(super) fn unknown_ca(room: &Room<'_>) -> Result<()> {
    client_refuses(room, "untrusted")
}

/// A client that trusts our authority meets a server with a certificate it must not take.
fn client_refuses(room: &Room<'_>, name: &str) -> Result<()> {
    let cert = room.certificate(&format!("{name}.pem"))?;
    let key = room.certificate(&format!("{name}.key"))?;
    let mut server = room.serve(&["--echo", "--cert", &cert, "--key", &key])?;
    let ca = room.certificate("ca.pem")?;
    let mut client = room.client("connect", &["--ca", &ca, "--max-retries", "0"])?;
    client.say(SECRET);
    for event in ["error", "disconnect", "destroy"] {
        client.event(event)?;
    }
    let status = client.exit()?;
    if status != 2 {
        return Err(format!("client: exit status {status}, not 2").into());
    }
    if client.rest().iter().any(|line| line.event().as_deref() == Some("connect")) {
        return Err("the client said that it is connected".into());
    }
    is_served(room, &mut server, &["--insecure"])
}

pub(super) fn no_client(room: &Room<'_>) -> Result<()> {
    server_refuses(room, None)
}

pub(super) fn bad_clients(room: &Room<'_>) -> Result<()> {
    server_refuses(room, Some("untrusted-client"))?;
    server_refuses(room, Some("expired-client"))
}

/// A server that asks for certificates meets a client with a bad one, or none. With TLS 1.3 that
/// client may believe for a moment that it is connected.
fn server_refuses(room: &Room<'_>, name: Option<&str>) -> Result<()> {
    let of_server = [room.certificate("server.pem")?, room.certificate("server.key")?];
    let ca = room.certificate("ca.pem")?;
    let [cert, key] = &of_server;
    let mut server =
        room.serve(&["--echo", "--cert", cert, "--key", key, "--request-cert", "--ca", &ca])?;
    let pair = |name: &str| -> Result<[String; 2]> {
        Ok([room.certificate(&format!("{name}.pem"))?, room.certificate(&format!("{name}.key"))?])
    };
    let bad = name.map(pair).transpose()?;
    let mut words = vec!["--ca", &ca, "--max-retries", "0"];
    if let Some([cert, key]) = &bad {
        words.extend(["--cert", cert, "--key", key]);
    }
    let mut client = room.client("connect", &words)?;
    client.say(SECRET);
    client.event("disconnect")?;
    client.event("destroy")?;
    client.exit()?;
    let [cert, key] = &pair("client")?;
    is_served(room, &mut server, &["--ca", &ca, "--cert", cert, "--key", key])
}

pub(super) fn plain_to_tls(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&["--echo"])?;
    let mut socket = room.raw_client()?;
    socket.write(format!("{SECRET}\u{c}"))?;
    socket.closed()?;
    is_served(room, &mut server, &[])
}

/// What the client sends first is no frame, and it never gets an answer.
pub(super) fn tls_to_plain(room: &Room<'_>) -> Result<()> {
    needs(room.keeps_apart(), "this node-ipc has one buffer for all its clients")?;
    let place = format!("127.0.0.1:{}", room.place().port()?);
    let nipc_serves = room.combo.role == Role::Server;
    let mut server = room.start(nipc_serves, "serve", &["--echo", "--tcp", &place])?;
    server.event("start")?;
    let mut client = room.client("connect", &["--retry", "60000"])?;
    client.say(SECRET);
    server.event("connect")?;
    let mut socket = room.raw_client()?;
    socket.write("{\"type\":\"good\",\"data\":1}\u{c}")?;
    server.expect("good", "1")?;
    socket.frame()?;
    client.kill();
    if client.rest().iter().any(|line| line.event().as_deref() == Some("connect")) {
        return Err("the client said that it is connected".into());
    }
    Ok(())
}

/// Connections that send half the start of a handshake block no other client, though there are as
/// many as a server lets in at all but for one.
pub(super) fn stalled(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&["--echo"])?;
    let mut sockets = Vec::new();
    for _ in 0..99 {
        let mut socket = room.raw_client()?;
        // A record of a handshake of 512 bytes, of which one comes.
        socket.write([0x16, 3, 1, 2, 0, 1])?;
        sockets.push(socket);
    }
    is_served(room, &mut server, &[])
}

/// Checks that the server serves a good client, and that this one's message is the first it got.
fn is_served(room: &Room<'_>, server: &mut Peer, options: &[&str]) -> Result<()> {
    let mut client = room.connect(options)?;
    client.say("{\"type\":\"good\",\"data\":1}");
    server.expect("good", "1")?;
    client.expect("good", "1").map(drop)
}

const SECRET: &str = "{\"type\":\"secret\",\"data\":\"not for every peer\"}";
