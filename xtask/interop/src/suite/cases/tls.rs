//! TLS where it works: the ways in which two programs can know each other.

use super::super::room::Room;
use xtask::error::Result;

/// One event and away, too: what was sent is followed by the end of the encrypted stream.
pub(super) fn server_known(room: &Room<'_>) -> Result<()> {
    exchange(room, "server", &[], &["--ca", &room.certificate("ca.pem")?])?;
    let mut server = room.serve(&[])?;
    for number in 0..3 {
        let data = number.to_string();
        let status = room.client("emit", &["last.words", &data])?.exit()?;
        if status != 0 {
            return Err(format!("emit: exit status {status}").into());
        }
        server.expect("last.words", &data)?;
    }
    Ok(())
}

pub(super) fn mutual(room: &Room<'_>) -> Result<()> {
    let ca = room.certificate("ca.pem")?;
    let (cert, key) = (room.certificate("client.pem")?, room.certificate("client.key")?);
    let of_client = ["--ca", &ca, "--cert", &cert, "--key", &key];
    exchange(room, "server", &["--request-cert", "--ca", &ca], &of_client)
}

pub(super) fn unverified(room: &Room<'_>) -> Result<()> {
    exchange(room, "untrusted", &[], &["--insecure"])
}

pub(super) fn server_name(room: &Room<'_>) -> Result<()> {
    let ca = room.certificate("ca.pem")?;
    exchange(room, "elsewhere", &[], &["--ca", &ca, "--server-name", "elsewhere.example"])
}

/// Both sides take only what they know: certificates of the authority, and two events. A peer whose
/// certificate is good and whose event is not is cut off, and the next one is served.
// Tests W16 and W38.
pub(super) fn assured(room: &Room<'_>) -> Result<()> {
    let profile = ["--profile", "assured", "--allow", "ask", "--allow", "push"];
    let ca = room.certificate("ca.pem")?;
    let (cert, key) = (room.certificate("client.pem")?, room.certificate("client.key")?);
    let known = ["--ca", &ca, "--cert", &cert, "--key", &key];
    let of_server = [&profile[..], &["--ca", &ca]].concat();
    exchange(room, "server", &of_server, &[&profile[..], &known].concat())?;

    let cert = room.certificate("server.pem")?;
    let key = room.certificate("server.key")?;
    let mut server =
        room.serve(&[&["--echo", "--cert", &cert, "--key", &key], &of_server[..]].concat())?;
    let mut client = room.connect(&known)?;
    client.say("{\"type\":\"other\",\"data\":1}");
    let error = server.event("error")?;
    if !error.text.contains("ERR_IPC_EVENT_NOT_ALLOWED") {
        return Err(format!("another event was sent, but: {}", error.text).into());
    }
    client.event("disconnect")?;
    let mut refused = room.client("connect", &["--ca", &ca, "--max-retries", "0"])?;
    refused.event("destroy")?;
    let mut client = room.connect(&[&profile[..], &known].concat())?;
    client.say("{\"type\":\"ask\",\"data\":1}");
    server.expect("ask", "1")?;
    client.expect("ask", "1").map(drop)
}

/// A conversation with a server that has the certificate of this name.
fn exchange(room: &Room<'_>, name: &str, of_server: &[&str], of_client: &[&str]) -> Result<()> {
    let cert = room.certificate(&format!("{name}.pem"))?;
    let key = room.certificate(&format!("{name}.key"))?;
    let mut server =
        room.serve(&[&["--echo", "--cert", &cert, "--key", &key], of_server].concat())?;
    let mut client = room.connect(of_client)?;
    client.say("{\"type\":\"ask\",\"data\":{\"secret\":\"grüße ☃\"}}");
    server.expect("ask", "{\"secret\":\"grüße ☃\"}")?;
    client.expect("ask", "{\"secret\":\"grüße ☃\"}")?;
    server.say("{\"type\":\"push\",\"data\":[1]}");
    client.expect("push", "[1]")?;
    server.say("{\"do\":\"stop\"}");
    client.event("disconnect")?;
    let status = server.exit()?;
    if status == 0 { Ok(()) } else { Err(format!("server: exit status {status}").into()) }
}
