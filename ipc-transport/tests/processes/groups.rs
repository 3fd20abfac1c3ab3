//! Socket files that are given to a group. Takes root, as users.rs.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use ipc_transport::{Group, Transport, TransportError, UnixTransport};
use tokio::runtime::Runtime;

use crate::Result;
use crate::child::Other;
use crate::kill::text;
use crate::users::{CLIENT, OPEN, Place, is_root};

pub(crate) fn a_socket_file_is_its_groups() -> Result {
    let place = Place::new(OPEN)?;
    let path = place.path.join("app.world");
    let runtime = Runtime::new()?;
    let unknown = UnixTransport::new(&path).with_group("no such group");
    match runtime.block_on(unknown.listen()) {
        Err(TransportError::UnknownGroup { group }) => assert_eq!(group, "no such group"),
        other => return Err(format!("expected UnknownGroup, got {other:?}").into()),
    }
    assert!(!path.exists());
    if !is_root()? {
        return Ok(());
    }
    // The one name that every system has, and the number of the other user's.
    for (group, gid) in [(Group::from(CLIENT), CLIENT), (Group::from("daemon"), 1)] {
        let transport = UnixTransport::new(&path).with_mode(0o660).with_group(group);
        let listener = runtime.block_on(transport.listen())?;
        let found = fs::metadata(&path)?;
        assert_eq!((found.uid(), found.gid()), (0, gid));
        assert_eq!(found.permissions().mode() & 0o777, 0o660);
        let mut dialer = Other::start_as(CLIENT, &["dial", text(&path)?, "any"])?;
        let expected = if gid == CLIENT { "connected" } else { "io permission denied" };
        assert_eq!(dialer.ask("dial")?, expected);
        drop(listener);
    }
    Ok(())
}

pub(crate) fn a_group_of_others_is_refused() -> Result {
    if !is_root()? {
        return Ok(());
    }
    let place = Place::new(OPEN)?;
    let path = place.path.join("app.world");
    let mut server = Other::start_as(CLIENT, &["group", text(&path)?, "1"])?;
    assert_eq!(server.hear()?, "group_refused permission denied");
    assert_eq!(fs::read_dir(&place.path)?.count(), 0, "no lock and no temporary name stays");
    let mut server = Other::start_as(CLIENT, &["group", text(&path)?, &CLIENT.to_string()])?;
    assert_eq!(server.hear()?, "listening");
    Ok(())
}
