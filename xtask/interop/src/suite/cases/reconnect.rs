//! Connections that are lost and come back, or never come.

use super::super::room::Room;
use xtask::error::Result;

pub(super) fn server_killed(room: &Room<'_>) -> Result<()> {
    let mut server = room.serve(&["--echo"])?;
    let mut client = room.connect(&["--retry", "50"])?;
    client.say("{\"type\":\"before\",\"data\":1}");
    client.expect("before", "1")?;
    server.kill();
    client.event("disconnect")?;

    let mut server = room.serve(&["--echo"])?;
    server.event("connect")?;
    client.event("connect")?;
    // Each comes once: a handler that was registered twice would answer twice.
    for data in ["1", "2"] {
        client.say(&format!("{{\"type\":\"after\",\"data\":{data}}}"));
        server.expect("after", data)?;
        client.expect("after", data)?;
    }
    server.say("{\"type\":\"push\",\"data\":3}");
    client.expect("push", "3").map(drop)
}

pub(super) fn client_first(room: &Room<'_>) -> Result<()> {
    let mut client = room.client("connect", &["--retry", "50"])?;
    client.event("error")?;
    client.event("disconnect")?;
    let mut server = room.serve(&[])?;
    client.event("connect")?;
    client.say("{\"type\":\"at.last\",\"data\":1}");
    server.expect("at.last", "1").map(drop)
}

pub(super) fn no_server(room: &Room<'_>) -> Result<()> {
    let mut client = room.client("connect", &["--max-retries", "0"])?;
    status(client.exit()?, 2)?;
    let mut one_shot = room.client("emit", &["event", "1", "--max-retries", "0"])?;
    status(one_shot.exit()?, 2)
}

// Tests W20, W50, W51.
/// Each attempt says `error` and `disconnect`, the last one `destroy` too.
pub(super) fn max_retries(room: &Room<'_>) -> Result<()> {
    let mut client = room.client("connect", &["--retry", "20", "--max-retries", "3"])?;
    status(client.exit()?, 2)?;
    let lines = client.rest();
    let count =
        |event: &str| lines.iter().filter(|line| line.event().as_deref() == Some(event)).count();
    let counts = ["error", "disconnect", "destroy"].map(count);
    if counts == [4, 4, 1] {
        Ok(())
    } else {
        Err(format!(
            "one attempt and three retries gave error, disconnect, destroy {counts:?} times"
        )
        .into())
    }
}

fn status(got: i32, wanted: i32) -> Result<()> {
    if got == wanted { Ok(()) } else { Err(format!("exit status {got}, not {wanted}").into()) }
}
